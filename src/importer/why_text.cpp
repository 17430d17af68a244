#include "importer/why_text.h"

namespace gapferry::importer {
namespace {

std::string DecisionText(const detect::WhyDecision& decision) {
  if (decision.allowed) {
    return "used" + (decision.warninglist.empty() ? std::string()
                                                  : fmt::format(", marked by warninglist {}",
                                                                Printable(decision.warninglist)));
  }
  return fmt::format(
      "not used: {}{}, {}", policy::ReasonCode(decision.reason),
      decision.detail.empty() ? "" : fmt::format(" ({})", Printable(decision.detail)),
      policy::ExplainReason(decision.reason));
}

}  // namespace

Json OccurrenceJson(const detect::WhyOccurrence& occurrence) {
  Json decisions = Json::array();
  for (const detect::WhyDecision& decision : occurrence.decisions) {
    decisions.push_back({{"destination", decision.destination},
                         {"used", decision.allowed},
                         {"reason", policy::ReasonCode(decision.reason)},
                         {"detail", decision.detail},
                         {"marked_by", decision.warninglist}});
  }
  return {{"source", occurrence.source},
          {"event", occurrence.event_uuid.ToString()},
          {"info", occurrence.event_info},
          {"attribute", occurrence.attribute_uuid.ToString()},
          {"type", occurrence.type},
          {"value", occurrence.value},
          {"tlp", intel::TlpName(occurrence.tlp)},
          {"added_at", occurrence.added_at},
          {"decisions", decisions}};
}

void ShowOccurrence(Console& console, const detect::WhyOccurrence& occurrence) {
  console.Say(fmt::format("{} {}  TLP:{}", occurrence.type, Printable(occurrence.value),
                          intel::TlpName(occurrence.tlp)));
  if (occurrence.added_at.empty()) {
    console.Say(fmt::format("  event {} of {}: {}", occurrence.event_uuid.ToString(),
                            Printable(occurrence.source), Printable(occurrence.event_info)));
  } else {
    console.Say("  added locally, " + Printable(occurrence.added_at));
  }
  for (const detect::WhyDecision& decision : occurrence.decisions) {
    console.Say(fmt::format("  {:<12} {}", decision.destination, DecisionText(decision)));
  }
}

}  // namespace gapferry::importer
