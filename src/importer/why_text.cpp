#include "importer/why_text.h"

namespace gapferry::importer {
namespace {

std::string Times(std::int64_t count) {
  return count == 1 ? "once" : fmt::format("{} times", count);
}

std::string SightingText(const intel::Sighting& sighting) {
  std::vector<std::string> parts;
  if (sighting.seen > 0)
    parts.push_back(
        fmt::format("seen {}, last {}", Times(sighting.seen), FormatTime(sighting.last_seen)));
  if (sighting.false_positives > 0)
    parts.push_back(fmt::format("called a false positive {}, last {}",
                                Times(sighting.false_positives),
                                FormatTime(sighting.last_false_positive)));
  if (sighting.expires > 0) parts.push_back("expires " + FormatTime(sighting.expires));
  return fmt::format("{}", fmt::join(parts, "; "));
}

Json SightingJson(const intel::Sighting& sighting) {
  return {{"seen", sighting.seen},
          {"last_seen", sighting.last_seen},
          {"false_positives", sighting.false_positives},
          {"last_false_positive", sighting.last_false_positive},
          {"expires", sighting.expires}};
}

}  // namespace

std::string PortsText(const std::set<std::uint16_t>& ports) {
  if (ports.empty()) return "";
  return fmt::format(", at port{} {} only", ports.size() > 1 ? "s" : "", fmt::join(ports, ", "));
}

std::string DecisionText(const detect::WhyDecision& decision) {
  if (decision.allowed) {
    std::string text = "used";
    if (!decision.warninglist.empty())
      text += ", marked by warninglist " + Printable(decision.warninglist);
    if (decision.unless_unnamed > 0) {
      text += fmt::format(", unless it is one of {} that the last `generate` left out at the end",
                          Grouped(decision.unless_unnamed));
    }
    return text;
  }
  return fmt::format(
      "not used: {}{}, {}", policy::ReasonCode(decision.reason),
      decision.detail.empty() ? "" : fmt::format(" ({})", Printable(decision.detail)),
      policy::ExplainReason(decision.reason));
}

Json OccurrenceJson(const detect::WhyOccurrence& occurrence) {
  Json decisions = Json::array();
  for (const detect::WhyDecision& decision : occurrence.decisions) {
    decisions.push_back({{"destination", decision.destination},
                         {"used", decision.allowed},
                         {"reason", policy::ReasonCode(decision.reason)},
                         {"detail", decision.detail},
                         {"marked_by", decision.warninglist},
                         {"unless_unnamed", decision.unless_unnamed}});
  }
  return {{"source", occurrence.source},
          {"event", occurrence.event_uuid.ToString()},
          {"info", occurrence.event_info},
          {"date", occurrence.event_date},
          {"attribute", occurrence.attribute_uuid.ToString()},
          {"type", occurrence.type},
          {"value", occurrence.value},
          {"comment", occurrence.comment},
          {"timestamp", occurrence.timestamp == 0 ? "" : FormatTime(occurrence.timestamp)},
          {"first_seen", occurrence.first_seen},
          {"last_seen", occurrence.last_seen},
          {"tlp", intel::TlpName(occurrence.tlp)},
          {"sightings", SightingJson(occurrence.sighting)},
          {"added_at", occurrence.added_at},
          {"decisions", decisions}};
}

void ShowOccurrence(Console& console, const detect::WhyOccurrence& occurrence) {
  console.Say(fmt::format("{} {}  TLP:{}", occurrence.type, Printable(occurrence.value),
                          intel::TlpName(occurrence.tlp)));
  ShowOccurrenceDetails(console, occurrence);
}

void ShowOccurrenceDetails(Console& console, const detect::WhyOccurrence& occurrence) {
  if (occurrence.added_at.empty()) {
    console.Say(fmt::format("  event {} of {}: {}", occurrence.event_uuid.ToString(),
                            Printable(occurrence.source), Printable(occurrence.event_info)));
  } else {
    console.Say("  added locally, " + Printable(occurrence.added_at));
  }
  if (occurrence.sighting.Any()) console.Say("  sightings: " + SightingText(occurrence.sighting));
  for (const detect::WhyDecision& decision : occurrence.decisions) {
    console.Say(fmt::format("  {:<12} {}", decision.destination, DecisionText(decision)));
  }
}

}  // namespace gapferry::importer
