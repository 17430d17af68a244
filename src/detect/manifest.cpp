#include "detect/manifest.h"

#include <algorithm>

namespace gapferry::detect {
namespace {

constexpr std::string_view kFormatVersion = "gapferry-artifacts-1";
// What a consumer can tell of the files.
constexpr const char* kOfFiles[] = {"files", "owner", "mode"};
constexpr std::string_view kGenerator = "gapferry " GAPFERRY_VERSION;

Json ReasonList(const policy::ReasonCounts& reasons) {
  Json list = Json::array();
  for (const auto& [key, count] : reasons.map()) {
    Json entry = {{"reason", policy::ReasonCode(key.reason)}};
    if (!key.detail.empty()) entry["detail"] = key.detail;
    entry["attributes"] = count;
    list.push_back(std::move(entry));
  }
  return list;
}

std::string CheckedWith(const Destination& destination) {
  if (destination.check.empty()) return "not run against the engine";
  std::string command;
  for (const std::string& argument : destination.check)
    command += (command.empty() ? "" : " ") + argument;
  return command;
}

// Attributes that a list suppressed, by list.
std::uint64_t SuppressedBefore(const Json& manifest, std::string_view list) {
  const auto left_out = manifest.find("left_out");
  if (left_out == manifest.end() || !left_out->is_array()) return 0;
  for (const Json& entry : *left_out) {
    if (!entry.is_object() || entry.value("reason", "") != ReasonCode(policy::Reason::kWarninglist))
      continue;
    if (entry.value("detail", "") == list) return entry.value("attributes", std::uint64_t{0});
  }
  return 0;
}

Error Guard(const DestinationSummary& summary, std::string what) {
  return Error::Make(Kind::kGuard, "{}: {}", summary.name, what)
      .Hint("look at what changed, then repeat with --accept-change");
}

}  // namespace

Json MakeManifest(const Site& site, const Destination& destination, const Format& format,
                  const DestinationSummary& summary, const OutputFolder& output) {
  Json files = Json::array();
  for (const auto& [name, facts] : output.files())
    files.push_back({{"name", name}, {"size", facts.size}, {"blake2b", facts.digest}});
  Json values = Json::object();
  for (const auto& [kind, count] : summary.values)
    values[kind] = count;
  Json manifest = {{"version", kFormatVersion},
                   {"destination", destination.name},
                   {"format", format.name},
                   {"clearance", intel::TlpName(destination.use.clearance)},
                   {"state_digest", site.state_digest},
                   {"bundle_created", FormatTime(site.created)},
                   {"generator", kGenerator},
                   {"checked_with", CheckedWith(destination)},
                   {"attributes", summary.attributes},
                   {"used", summary.used},
                   {"values", std::move(values)},
                   {"left_out", ReasonList(summary.reasons)},
                   {"parts_left_out", ReasonList(summary.part_reasons)},
                   {"files", std::move(files)}};
  if (destination.canary) manifest["canary"] = destination.canary->value;
  if (!destination.owner.empty()) manifest["owner"] = destination.owner;
  if (!destination.mode.empty()) manifest["mode"] = destination.mode;
  return manifest;
}

bool SameFiles(const Json& a, const Json& b) {
  if (!a.is_object() || !b.is_object() || !a.contains("files")) return false;
  return std::all_of(std::begin(kOfFiles), std::end(kOfFiles),
                     [&](const char* key) { return a.value(key, Json()) == b.value(key, Json()); });
}

std::uint64_t ValuesOf(const Json& manifest) {
  std::uint64_t sum = 0;
  if (!manifest.is_object() || !manifest.contains("values")) return 0;
  for (const Json& count : manifest["values"]) {
    if (count.is_number_unsigned()) sum += count.get<std::uint64_t>();
  }
  return sum;
}

Status GuardChange(const Site& site, const DestinationSummary& summary, const Json& before) {
  const std::uint64_t old_values = ValuesOf(before);
  const std::uint64_t new_values = ValuesOf(summary);
  if (site.accept_change || old_values < kLeastGuarded) return Ok();
  if (new_values * 100 < old_values * (100 - std::min(site.shrink_percent, 100U))) {
    return Guard(summary, fmt::format("the values would shrink from {} to {}, by more than {} %",
                                      old_values, new_values, site.shrink_percent));
  }
  if (new_values * 100 > old_values * (100 + site.grow_percent)) {
    return Guard(summary, fmt::format("the values would grow from {} to {}, by more than {} %",
                                      old_values, new_values, site.grow_percent));
  }
  for (const auto& [key, count] : summary.reasons.map()) {
    if (key.reason != policy::Reason::kWarninglist) continue;
    const std::uint64_t earlier = SuppressedBefore(before, key.detail);
    if (count > earlier && (count - earlier) * 100 > old_values * site.shrink_percent) {
      return Guard(summary, fmt::format("the warninglist \"{}\" would suppress {} attributes, "
                                        "{} before",
                                        key.detail, count, earlier));
    }
  }
  return Ok();
}

}  // namespace gapferry::detect
