#include "detect/explain.h"
#include "importer/commands.h"

namespace gapferry::importer {
namespace {

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
          {"decisions", decisions}};
}

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

void Show(Console& console, const detect::WhyOccurrence& occurrence) {
  console.Say(fmt::format("{} {}  TLP:{}", occurrence.type, Printable(occurrence.value),
                          intel::TlpName(occurrence.tlp)));
  console.Say(fmt::format("  event {} of {}: {}", occurrence.event_uuid.ToString(),
                          Printable(occurrence.source), Printable(occurrence.event_info)));
  for (const detect::WhyDecision& decision : occurrence.decisions) {
    console.Say(fmt::format("  {:<12} {}", decision.destination, DecisionText(decision)));
  }
}

Status Explain(Session& session, const std::string& value) {
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(Config config, home.LoadConfig());
  GF_TRY(store::Store store, store::Store::OpenReadOnly(home.store_file()));
  GF_TRY(const LoadedSite loaded, LoadSite(std::move(config), &store));
  GF_TRY(const detect::Why why, detect::WhyValue(store, loaded.site, value));
  Console& console = session.console;
  Json occurrences = Json::array();
  for (const detect::WhyOccurrence& occurrence : why.occurrences) {
    occurrences.push_back(OccurrenceJson(occurrence));
    Show(console, occurrence);
  }
  console.Emit("why", {{"value", value},
                       {"looked_for", why.looked_for},
                       {"occurrences", occurrences},
                       {"more", why.more}});
  if (why.more > 0) console.Say(fmt::format("and {} more", Grouped(why.more)));
  if (!why.occurrences.empty()) return Ok();
  return Error::Make(Kind::kNotFound, "{} is not in the store", Printable(value))
      .Hint(
          "what was held back on the connected side is only known there; what this site refused is "
          "counted by `import`");
}

}  // namespace

Command WhyCommand() {
  return {"why", "say for a value which events name it and why it is or is not in each artifact",
          "Takes a domain, address, URL, hash, e-mail address, file name, in any spelling, also "
          "defanged. Decides with "
          "the same code as `generate`.",
          [](Arguments& arguments) {
            auto value = std::make_shared<std::string>();
            arguments.Positional("VALUE", value.get(), "the value to explain");
            return [value](Session& session) { return Explain(session, *value); };
          }};
}

}  // namespace gapferry::importer
