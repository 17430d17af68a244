#include "detect/manifest.h"

#include <algorithm>

#include "detect/alert_rate.h"

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
  summary.refused_late.Write(&manifest);
  if (destination.canary) manifest["canary"] = destination.canary->value;
  if (destination.alert_rate) manifest["alert_rate"] = DescribeAlertRate(destination, format);
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

}  // namespace gapferry::detect
