#include "collect/context.h"

#include <algorithm>

#include "base/file.h"

namespace gapferry::collect {
namespace {

constexpr std::array<std::string_view, kContextParts> kPartNames = {
    "taxonomies", "sharing_groups",  "types",         "feeds",
    "galaxies",   "decaying_models", "taxonomy_tags", "clusters"};
constexpr std::size_t kMaxFileBytes = 128 << 20;
constexpr std::size_t kMaxContextDepth = 8;
constexpr char kFile[] = "context.json";

std::optional<ContextPart> FindPart(std::string_view name) {
  const auto* found = std::find(kPartNames.begin(), kPartNames.end(), name);
  if (found == kPartNames.end()) return std::nullopt;
  return static_cast<ContextPart>(found - kPartNames.begin());
}

void ComparePart(ContextPart part, const ContextRows& before, const ContextRows& after,
                 std::vector<ContextChange>* changes) {
  for (const auto& [key, row] : after) {
    const auto old = before.find(key);
    if (old == before.end()) {
      changes->push_back({part, "added", key});
    } else if (old->second != row) {
      changes->push_back({part, "changed", key});
    }
  }
  for (const auto& [key, row] : before) {
    if (!after.contains(key)) changes->push_back({part, "removed", key});
  }
}

// Throws what nlohmann throws where the shape is another one.
Context FromJson(const Json& json) {
  Context context;
  context.taken = json.at("taken").get<Time>();
  for (std::size_t i = 0; i < kContextParts; ++i) {
    const Json& parts = json.at("parts");
    const std::string name(kPartNames[i]);
    // Snapshots of before there was this part do not have it.
    if (i == static_cast<std::size_t>(ContextPart::kTaxonomyTags) && !parts.contains(name))
      continue;
    const Json& part = parts.at(name);
    context.parts[i].visible = part.at("visible").get<bool>();
    context.parts[i].note = part.at("note").get<std::string>();
    for (const auto& [key, row] : part.at("rows").items()) {
      ContextRow& read = context.parts[i].rows[key];
      for (const auto& [field, value] : row.items())
        read[field] = value.get<std::string>();
    }
  }
  for (const Json& change : json.at("changes")) {
    const auto part = FindPart(change.at("part").get<std::string>());
    if (part)
      context.changes.push_back(
          {*part, change.at("what").get<std::string>(), change.at("key").get<std::string>()});
  }
  // Older snapshots do not have it.
  if (json.contains("stale_tags"))
    context.stale_tags = json.at("stale_tags").get<std::set<std::string>>();
  return context;
}

}  // namespace

std::string_view ContextPartName(ContextPart part) {
  return kPartNames[static_cast<std::size_t>(part)];
}

std::string FieldOf(const ContextRow& row, std::string_view name) {
  const auto found = row.find(name);
  return found == row.end() ? std::string() : found->second;
}

std::size_t CountWith(const ContextList& list, std::string_view flag) {
  return static_cast<std::size_t>(
      std::count_if(list.rows.begin(), list.rows.end(),
                    [&](const auto& entry) { return FieldOf(entry.second, flag) == "true"; }));
}

std::vector<ContextChange> CompareContext(const Context& before, const Context& after) {
  std::vector<ContextChange> changes;
  for (std::size_t i = 0; i < kContextParts; ++i) {
    if (before.parts[i].visible && after.parts[i].visible)
      ComparePart(static_cast<ContextPart>(i), before.parts[i].rows, after.parts[i].rows, &changes);
  }
  return changes;
}

Json ContextJson(const Context& context) {
  Json parts = Json::object();
  for (std::size_t i = 0; i < kContextParts; ++i) {
    const ContextList& list = context.parts[i];
    Json rows = Json::object();
    for (const auto& [key, row] : list.rows)
      rows[key] = row;
    parts[std::string(kPartNames[i])] = {
        {"visible", list.visible}, {"note", list.note}, {"rows", std::move(rows)}};
  }
  Json changes = Json::array();
  for (const ContextChange& change : context.changes)
    changes.push_back(
        {{"part", ContextPartName(change.part)}, {"what", change.what}, {"key", change.key}});
  return {{"taken", context.taken},
          {"parts", std::move(parts)},
          {"changes", std::move(changes)},
          {"stale_tags", context.stale_tags}};
}

Result<Context> ParseContext(std::string_view text) {
  GF_TRY(const Json json, ParseJson(text, {kMaxFileBytes, kMaxContextDepth}));
  try {
    return FromJson(json);
  } catch (const Json::exception&) {
    return Error::Make(Kind::kMalformed, "the snapshot of a source's context cannot be read");
  }
}

Result<std::optional<Context>> LoadContext(const std::filesystem::path& cache) {
  const std::filesystem::path file = cache / kFile;
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return std::optional<Context>();
  GF_TRY(const std::string text, ReadFile(file, kMaxFileBytes));
  auto context = ParseContext(text);
  if (!context.ok())
    return std::move(context).error().In(file.string()).Hint("`collect` makes it anew");
  return std::optional<Context>(std::move(context).value());
}

Status SaveContext(const std::filesystem::path& cache, const Context& context) {
  constexpr mode_t kPrivate = 0600;
  return WriteFileAtomically(cache / kFile, DumpJson(ContextJson(context)) + "\n", kPrivate);
}

}  // namespace gapferry::collect
