#include "exporter/context_text.h"

#include <algorithm>

#include "base/console.h"
#include "collect/misp_context.h"
#include "exporter/web_source.h"

namespace gapferry::exporter {
namespace {

using collect::Context;
using collect::ContextList;
using collect::ContextPart;
using collect::ContextRow;
using collect::FieldOf;

constexpr std::size_t kShownChanges = 20;

bool IsUsed(const ContextRow& row) {
  const std::string used = FieldOf(row, "used");
  return !used.empty() && used != "0";
}

std::size_t TaxonomiesInUse(const Context& context) {
  const collect::ContextRows& rows = context[ContextPart::kTaxonomies].rows;
  return static_cast<std::size_t>(std::count_if(
      rows.begin(), rows.end(), [](const auto& entry) { return IsUsed(entry.second); }));
}

std::string Titled(std::string_view title, const ContextList& list, const std::string& text) {
  if (!list.visible) return fmt::format("{:<17}{}", title, list.note);
  return fmt::format("{:<17}{}{}", title, text, list.note.empty() ? "" : "; " + list.note);
}

// The tags that stand for a number, such as a confidence.
std::string NumbersOf(const Context& context, std::string_view taxonomy) {
  constexpr std::size_t kShown = 12;
  std::vector<std::string> numbers;
  for (const auto& [tag, row] : context[ContextPart::kTaxonomyTags].rows) {
    const std::string number = FieldOf(row, "numerical_value");
    if (FieldOf(row, "taxonomy") == taxonomy && !number.empty())
      numbers.push_back(fmt::format("{} {}", tag, number));
  }
  const bool more = numbers.size() > kShown;
  numbers.resize(std::min(numbers.size(), kShown));
  return fmt::format("{}{}", fmt::join(numbers, ", "), more ? ", …" : "");
}

void Taxonomies(const Context& context, std::vector<std::string>* lines) {
  const ContextList& list = context[ContextPart::kTaxonomies];
  lines->push_back(Titled("taxonomies", list,
                          fmt::format("{}, {} enabled, {} in use", list.rows.size(),
                                      CountWith(list, "enabled"), TaxonomiesInUse(context))));
  for (const auto& [name, row] : list.rows) {
    const bool enabled = FieldOf(row, "enabled") == "true";
    if (!enabled && !IsUsed(row)) continue;
    lines->push_back(fmt::format("  {}, version {}{}, {} of {} tags in use", name,
                                 FieldOf(row, "version"), enabled ? "" : ", not enabled",
                                 FieldOf(row, "used"), FieldOf(row, "tags")));
    const std::string numbers = NumbersOf(context, name);
    if (!numbers.empty()) lines->push_back("    " + numbers);
  }
}

void SharingGroups(const Context& context, std::vector<std::string>* lines) {
  const ContextList& list = context[ContextPart::kSharingGroups];
  lines->push_back(Titled("sharing groups", list, std::to_string(list.rows.size())));
  for (const auto& [uuid, row] : list.rows) {
    lines->push_back(fmt::format("  {}  {}{}", uuid, SharingGroupText(context, uuid),
                                 FieldOf(row, "active") == "true" ? "" : ", not active"));
  }
}

void Types(const Context& context, std::vector<std::string>* lines) {
  const ContextList& list = context[ContextPart::kTypes];
  const std::vector<std::string> unknown = collect::UnknownTypes(context);
  lines->push_back(Titled("attribute types", list,
                          fmt::format("{}{}", list.rows.size(),
                                      unknown.empty() ? ", all known here"
                                                      : fmt::format("; not known here: {}",
                                                                    fmt::join(unknown, ", ")))));
}

void Feeds(const Context& context, std::vector<std::string>* lines) {
  const ContextList& list = context[ContextPart::kFeeds];
  lines->push_back(Titled("feeds", list,
                          fmt::format("{}, {} enabled, {} cached", list.rows.size(),
                                      CountWith(list, "enabled"), CountWith(list, "caching"))));
  for (const auto& [id, row] : list.rows) {
    const bool enabled = FieldOf(row, "enabled") == "true";
    const bool cached = FieldOf(row, "caching") == "true";
    if (!enabled && !cached) continue;
    lines->push_back(fmt::format("  {}  {} ({}, {}{}{})", id, FieldOf(row, "name"),
                                 FieldOf(row, "format"), enabled ? "enabled" : "",
                                 enabled && cached ? ", " : "", cached ? "cached" : ""));
  }
}

void Galaxies(const Context& context, std::vector<std::string>* lines) {
  const ContextList& list = context[ContextPart::kGalaxies];
  lines->push_back(
      Titled("galaxies", list,
             fmt::format("{}, {} enabled", list.rows.size(), CountWith(list, "enabled"))));
}

void Clusters(const Context& context, std::vector<std::string>* lines) {
  const ContextList& list = context[ContextPart::kClusters];
  lines->push_back(Titled("ATT&CK clusters", list, std::to_string(list.rows.size())));
}

// With the parameters as a destination in import.yml takes them.
void Models(const Context& context, std::vector<std::string>* lines) {
  const ContextList& list = context[ContextPart::kDecayingModels];
  lines->push_back(
      Titled("decaying models", list,
             fmt::format("{}, {} enabled", list.rows.size(), CountWith(list, "enabled"))));
  for (const auto& [id, row] : list.rows) {
    std::vector<std::string> parameters;
    for (const char* name : {"lifetime_days", "decay_speed", "threshold", "base_score"}) {
      const std::string value = FieldOf(row, name);
      if (!value.empty()) parameters.push_back(fmt::format("{}: {}", name, value));
    }
    lines->push_back(fmt::format(
        "  {} ({}{})  decay: {{{}}}", FieldOf(row, "name"), FieldOf(row, "formula"),
        FieldOf(row, "enabled") == "true" ? "" : ", not enabled", fmt::join(parameters, ", ")));
    const std::string weights = FieldOf(row, "base_score_config");
    if (!weights.empty()) lines->push_back("    base score by the tags of: " + weights);
  }
}

void Changes(const Context& context, std::vector<std::string>* lines) {
  if (context.changes.empty()) {
    lines->emplace_back("nothing changed since the collect before");
    return;
  }
  lines->emplace_back("changed since the collect before:");
  for (std::size_t i = 0; i < std::min(context.changes.size(), kShownChanges); ++i) {
    const collect::ContextChange& change = context.changes[i];
    const ContextList& list = context[change.part];
    const auto row = list.rows.find(change.key);
    const std::string name = row == list.rows.end() ? "" : FieldOf(row->second, "name");
    lines->push_back(fmt::format("  {} {} {}{}", ContextPartName(change.part), change.what,
                                 change.key, name.empty() ? "" : " " + name));
  }
  if (context.changes.size() > kShownChanges)
    lines->push_back(fmt::format("  and {} more", context.changes.size() - kShownChanges));
}

}  // namespace

Result<std::optional<Context>> ContextOf(const std::filesystem::path& home,
                                         const SourceConfig& source) {
  if (source.kind != "misp") return std::optional<Context>();
  return collect::LoadContext(CacheOf(home, source));
}

std::optional<Context> ContextOrWarning(Session& session, const SourceConfig& source) {
  auto context = ContextOf(session.home, source);
  if (context.ok()) return std::move(context).value();
  session.console.Warn(fmt::format("source {}: its context is left out: {}", source.name,
                                   Printable(context.error().what)));
  return std::nullopt;
}

std::string ContextSummary(const Context& context) {
  std::vector<std::string> parts;
  const ContextList& taxonomies = context[ContextPart::kTaxonomies];
  if (taxonomies.visible)
    parts.push_back(fmt::format("{} of {} taxonomies in use", TaxonomiesInUse(context),
                                taxonomies.rows.size()));
  const ContextList& feeds = context[ContextPart::kFeeds];
  if (feeds.visible)
    parts.push_back(fmt::format("{} of {} feeds enabled, {} cached", CountWith(feeds, "enabled"),
                                feeds.rows.size(), CountWith(feeds, "caching")));
  if (parts.empty()) parts.emplace_back("neither taxonomies nor feeds are visible with this key");
  return fmt::format("as of {}: {}", FormatDate(context.taken), fmt::join(parts, "; "));
}

Json ContextSummaryJson(const Context& context) {
  const ContextList& feeds = context[ContextPart::kFeeds];
  const ContextList& taxonomies = context[ContextPart::kTaxonomies];
  Json json = {{"taken", FormatTime(context.taken)}};
  if (taxonomies.visible) {
    json["taxonomies"] = {{"all", taxonomies.rows.size()},
                          {"enabled", CountWith(taxonomies, "enabled")},
                          {"in_use", TaxonomiesInUse(context)}};
  }
  if (feeds.visible) {
    json["feeds"] = {{"all", feeds.rows.size()},
                     {"enabled", CountWith(feeds, "enabled")},
                     {"cached", CountWith(feeds, "caching")}};
  }
  return json;
}

std::vector<std::string> ContextLines(const Context& context) {
  std::vector<std::string> lines;
  for (const auto describe :
       {Taxonomies, SharingGroups, Types, Feeds, Galaxies, Clusters, Models, Changes})
    describe(context, &lines);
  for (std::string& line : lines)
    line = Printable(line);
  return lines;
}

std::string SharingGroupText(const Context& context, const std::string& uuid) {
  const collect::ContextRows& rows = context[ContextPart::kSharingGroups].rows;
  const auto row = rows.find(uuid);
  if (row == rows.end()) return "";
  const std::string members = FieldOf(row->second, "organisations");
  const std::string releasable = FieldOf(row->second, "releasability");
  return fmt::format("\"{}\"{}{}", FieldOf(row->second, "name"),
                     releasable.empty() ? "" : ", releasable to: " + releasable,
                     members.empty() ? "" : ", members: " + members);
}

}  // namespace gapferry::exporter
