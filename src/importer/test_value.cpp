#include <algorithm>

#include "detect/entries.h"
#include "importer/bench.h"
#include "importer/why_text.h"

namespace gapferry::importer {
namespace {

using detect::DestinationMatch;
using detect::Entry;
using detect::Way;
using detect::WhyOccurrence;

constexpr std::size_t kShownOccurrences = 5;

std::string WayText(const Way& way) {
  std::string value = fmt::format("{} {}", intel::IndicatorKindName(way.indicator.kind),
                                  Printable(way.indicator.value));
  const char* host = way.host ? "its host, " : "";
  switch (way.how) {
    case detect::How::kExact:
      return fmt::format("{}{}", host, value);
    case detect::How::kBelow:
      return fmt::format("{}below the {}", host, value);
    case detect::How::kWithin:
      return fmt::format("{}within the {}", host, value);
    case detect::How::kEnd:
      return fmt::format("a path that ends with the {}", value);
  }
  return value;
}

Json WayJson(const Way& way) {
  return {{"match", detect::HowName(way.how)},
          {"host", way.host},
          {"kind", intel::IndicatorKindName(way.indicator.kind)},
          {"value", way.indicator.value}};
}

Json EntryJson(const Entry& entry) {
  return {{"file", entry.file}, {"line", entry.line}, {"ids", entry.ids}, {"text", entry.text}};
}

std::string MissText(const DestinationMatch::Miss& miss) {
  if (miss.compares_whole)
    return WayText(miss.way) + ": listed, but this format compares whole values";
  if (!miss.at_ports.empty()) return WayText(miss.way) + ": listed" + PortsText(miss.at_ports);
  return WayText(miss.way) + ": " + DecisionText(miss.decision);
}

// What one destination says, for people and for --json.
class Answer {
 public:
  Answer(Session& session, const detect::Destination& destination, const LiveGeneration& live)
      : console_(session.console), destination_(destination), live_(live) {}

  Result<bool> Give(const DestinationMatch& match) {
    std::vector<intel::Indicator> indicators;
    for (const DestinationMatch::Hit& hit : match.hits)
      indicators.push_back(hit.way.indicator);
    GF_TRY(auto entries, detect::FindEntries(live_.folder, destination_, indicators));
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (match.hits[i].way.how == detect::How::kBelow)
        std::erase_if(entries[i], [](const Entry& entry) { return entry.very_name; });
    }
    json_ = {{"destination", destination_.name},
             {"format", destination_.format},
             {"generation", live_.folder.string()},
             {"matches", Json::array()},
             {"misses", Json::array()}};
    // An entry that another one covers is left out of many lists; then that one answers.
    const bool any = std::any_of(entries.begin(), entries.end(),
                                 [](const auto& of_hit) { return !of_hit.empty(); });
    console_.Say(fmt::format("{} ({})", destination_.name, destination_.format));
    for (std::size_t i = 0; i < match.hits.size(); ++i) {
      if (entries[i].empty()) {
        if (!any) Unwritten(match.hits[i]);
      } else {
        Hit(match.hits[i], entries[i]);
      }
    }
    for (const DestinationMatch::Miss& miss : match.misses)
      Miss(miss);
    if (match.hits.empty() && match.misses.empty()) console_.Say("  no match: not in the store");
    console_.Emit("test", json_);
    return any;
  }

 private:
  void Hit(const DestinationMatch::Hit& hit, const std::vector<Entry>& entries) {
    Json json = WayJson(hit.way);
    json["canary"] = hit.canary;
    json["at_ports"] = hit.at_ports;
    json["entries"] = Json::array();
    json["attributes"] = Json::array();
    console_.Say("  matches: " + WayText(hit.way) + PortsText(hit.at_ports) +
                 (hit.canary ? ", the canary" : ""));
    for (const Entry& entry : entries) {
      std::string ids;
      for (const std::string& id : entry.ids)
        ids += (ids.empty() ? "  id " : ", ") + id;
      console_.Say(fmt::format("    {}:{}{}", Printable(entry.file), entry.line, Printable(ids)));
      json["entries"].push_back(EntryJson(entry));
    }
    std::size_t shown = 0;
    for (const WhyOccurrence& one : hit.occurrences) {
      json["attributes"].push_back(OccurrenceJson(one));
      if (shown++ >= kShownOccurrences) continue;
      console_.Say(fmt::format("    event {} of {}: {}  TLP:{}", one.event_uuid.ToString(),
                               Printable(one.source), Printable(one.event_info),
                               intel::TlpName(one.tlp)));
    }
    if (shown > kShownOccurrences)
      console_.Say(fmt::format("    and {} more attributes", Grouped(shown - kShownOccurrences)));
    json_["matches"].push_back(std::move(json));
  }

  void Unwritten(const DestinationMatch::Hit& hit) {
    Json json = WayJson(hit.way);
    json["reason"] = "not-in-this-generation";
    json_["misses"].push_back(std::move(json));
    console_.Say("  no match: " + WayText(hit.way) +
                 ": may be used, but is not in the files in use; see `generate --diff`");
  }

  void Miss(const DestinationMatch::Miss& miss) {
    Json json = WayJson(miss.way);
    json["reason"] = miss.compares_whole      ? "compares-whole-values"
                     : !miss.at_ports.empty() ? "other-port"
                                              : policy::ReasonCode(miss.decision.reason);
    json["at_ports"] = miss.at_ports;
    json["detail"] = miss.decision.detail;
    json_["misses"].push_back(std::move(json));
    console_.Say("  no match: " + MissText(miss));
  }

  Console& console_;
  const detect::Destination& destination_;
  const LiveGeneration& live_;
  Json json_;
};

}  // namespace

Status TestValue(Session& session, Bench* bench, const std::string& value) {
  const std::vector<Way> ways = detect::WaysOfAsked(value, bench->lookup());
  if (ways.empty()) return Error::Make(Kind::kUsage, "no value to test");
  GF_TRY(const auto matches, detect::MatchWays(ways, bench->site(), &bench->lookup()));
  bool any = false;
  for (const LiveGeneration& live : bench->live()) {
    Answer answer(session, bench->site().destinations[live.destination], live);
    GF_TRY(const bool here, answer.Give(matches[live.destination]));
    any = any || here;
  }
  if (any) return Ok();
  return Error::Make(Kind::kNotFound, "no artifact in use matches {}", Printable(value))
      .Hint("`{} why VALUE` says more of an attribute that is in the store", session.program);
}

}  // namespace gapferry::importer
