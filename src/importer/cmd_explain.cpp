#include "detect/local_rows.h"
#include "importer/alert.h"
#include "importer/commands.h"
#include "importer/why_text.h"

namespace gapferry::importer {
namespace {

struct Asked {
  std::string what;
  std::string id;
};

std::string UseText(const detect::WhyEvent& event) {
  std::vector<std::string> reasons;
  for (const auto& [key, count] : event.left_out.map()) {
    reasons.push_back(
        fmt::format("{} {}{}", count, policy::ReasonCode(key.reason),
                    key.detail.empty() ? "" : fmt::format(" ({})", Printable(key.detail))));
  }
  return fmt::format("of its attributes {} are used here{}{}", event.used,
                     reasons.empty() ? "" : ", not used: ", fmt::join(reasons, ", "));
}

Json EventJson(const detect::WhyEvent& event, const Uuid& uuid, const detect::Site& site) {
  Json left_out = Json::array();
  for (const auto& [key, count] : event.left_out.map()) {
    left_out.push_back({{"reason", policy::ReasonCode(key.reason)},
                        {"detail", key.detail},
                        {"attributes", count}});
  }
  Json json = {{"source", event.source}, {"event", uuid.ToString()},         {"date", event.date},
               {"info", event.info},     {"tlp", intel::TlpName(event.tlp)}, {"used", event.used},
               {"left_out", left_out}};
  if (event.added) json["added_at"] = site.additions->file();
  return json;
}

// The event of a rule, wherever it came from.
Status ShowEvent(Console& console, store::Store* store, const detect::Site& site,
                 const RuleOrigin& origin, Json* json) {
  const Uuid& uuid = *origin.event;
  GF_TRY(const std::vector<detect::WhyEvent> events,
         detect::WhyEventOf(*store, site, uuid, origin.destination));
  for (const detect::WhyEvent& event : events) {
    console.Say(event.added
                    ? fmt::format("  added locally, {}  TLP:{}", Printable(site.additions->file()),
                                  intel::TlpName(event.tlp))
                    : fmt::format("  event {} of {}, {}: {}  TLP:{}", uuid.ToString(),
                                  Printable(event.source), event.date, Printable(event.info),
                                  intel::TlpName(event.tlp)));
    console.Say("  " + UseText(event));
    (*json)["events"].push_back(EventJson(event, uuid, site));
  }
  if (events.empty())
    console.Say(fmt::format("  event {}, which is no longer in the store", uuid.ToString()));
  return Ok();
}

// The attribute that carries the rule, in each source that has it.
Status ShowAttribute(Console& console, store::Store* store, const detect::Site& site,
                     const Uuid& uuid, Json* json) {
  GF_TRY(const detect::Why why, detect::WhyAttribute(*store, site, uuid));
  for (const detect::WhyOccurrence& occurrence : why.occurrences) {
    console.Say(fmt::format(
        "  carried by attribute {}, type {}{}  TLP:{}", uuid.ToString(), occurrence.type,
        occurrence.timestamp == 0 ? "" : ", of " + FormatDate(occurrence.timestamp),
        intel::TlpName(occurrence.tlp)));
    ShowOccurrenceDetails(console, occurrence);
    (*json)["events"].push_back({{"source", occurrence.source},
                                 {"event", occurrence.event_uuid.ToString()},
                                 {"date", occurrence.event_date},
                                 {"info", occurrence.event_info},
                                 {"tlp", intel::TlpName(occurrence.event_tlp)}});
    (*json)["occurrences"].push_back(OccurrenceJson(occurrence));
  }
  if (why.occurrences.empty()) {
    console.Say(
        fmt::format("  carried by attribute {}, which is no longer in the store", uuid.ToString()));
  }
  return Ok();
}

Status ShowOrigin(Session& session, const RuleOrigin& origin, const detect::Site& site,
                  store::Store* store, Json* json) {
  Console& console = session.console;
  if (origin.event) return ShowEvent(console, store, site, origin, json);
  if (origin.attribute) return ShowAttribute(console, store, site, *origin.attribute, json);
  if (!origin.value) {
    console.Say(fmt::format(
        "  it looks for every value of the set {}: take the value from the alert, and ask `{} why "
        "VALUE`",
        Printable(origin.set), session.program));
    return Ok();
  }
  GF_TRY(const detect::Why why, detect::WhyValue(*store, site, origin.value->value));
  for (const detect::WhyOccurrence& occurrence : why.occurrences) {
    ShowOccurrence(console, occurrence);
    (*json)["occurrences"].push_back(OccurrenceJson(occurrence));
  }
  if (why.occurrences.empty()) {
    console.Say(fmt::format("  it looked for {}, which is no longer in the store",
                            Printable(origin.value->value)));
  }
  return Ok();
}

// Also of a destination that is no longer configured.
std::filesystem::path CurrentOf(const detect::Site& site, const std::string& name,
                                const std::filesystem::path& artifacts) {
  for (const detect::Destination& destination : site.destinations) {
    if (destination.name == name) return detect::FolderOf(destination, artifacts) / "current";
  }
  return artifacts / name / "current";
}

Status ExplainAlert(Session& session, AlertId kind, const Asked& asked) {
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(Config config, home.LoadConfig());
  GF_TRY(store::Store store, store::Store::OpenReadOnly(home.store_file()));
  const std::filesystem::path artifacts = config.artifacts;
  GF_TRY(const LoadedSite loaded, LoadSite(std::move(config), &store));
  GF_TRY(const std::string id, ReadAlertId(kind, asked.id));
  GF_TRY(const std::vector<RuleOrigin> origins, FindRules(store, kind, id));
  for (const RuleOrigin& origin : origins) {
    const std::string line =
        FindRuleLine(CurrentOf(loaded.site, origin.destination, artifacts), kind, id, origin);
    Json json = {{"destination", origin.destination},
                 {"id", id},
                 {"rev", origin.id.rev},
                 {"first", FormatTime(origin.id.first)},
                 {"changed", FormatTime(origin.id.changed)},
                 {"value", origin.value ? origin.value->value : ""},
                 {"set", origin.set},
                 {"attribute", origin.attribute ? origin.attribute->ToString() : ""},
                 {"in_use", !line.empty()},
                 {"rule", line},
                 {"events", Json::array()},
                 {"occurrences", Json::array()}};
    session.console.Say(fmt::format("{} {} of {}: first of {}, changed {}, rev {}{}", asked.what,
                                    id, origin.destination, FormatDate(origin.id.first),
                                    FormatDate(origin.id.changed), origin.id.rev,
                                    line.empty() ? "; not in use now" : ""));
    if (!line.empty()) session.console.Say("  " + Printable(line));
    GF_CHECK(ShowOrigin(session, origin, loaded.site, &store, &json));
    session.console.Emit("rule", json);
  }
  if (!origins.empty()) return Ok();
  return Error::Make(Kind::kNotFound, "no artifact of this site ever had the {} {}", asked.what, id)
      .Hint("ids of other rule sets are not known here; `{} why VALUE` asks for a value",
            session.program);
}

}  // namespace

Command ExplainCommand() {
  return {
      "explain", "say what an exit code means, or what the rule behind an alert was made of",
      "`explain sid N`, `explain sigma UUID` and `explain wazuh N` go from an alert back to the "
      "value, its events, their source and TLP, and the rule as it stands; also for ids that "
      "are no longer in use, since none is given twice. Else it takes an exit code or error "
      "kind; without any it prints them all.",
      [](Arguments& arguments) {
        auto asked = std::make_shared<Asked>();
        arguments.Positional("CODE|sid|sigma|wazuh", &asked->what, "what to explain", false);
        std::vector<std::string> words = ExitCodeWords();
        words.insert(words.end(), {"sid", "sigma", "wazuh"});
        arguments.Values("CODE|sid|sigma|wazuh", std::move(words));
        arguments.Positional("ID", &asked->id, "the id in the alert", false);
        return [asked](Session& session) -> Status {
          const auto kind = FindAlertId(asked->what);
          if (kind && !asked->id.empty()) return ExplainAlert(session, *kind, *asked);
          if (kind) return Error::Make(Kind::kUsage, "which {}? give its id", asked->what);
          if (!asked->id.empty()) {
            return Error::Make(Kind::kUsage, "\"{}\" is not sid, sigma or wazuh", asked->what)
                .Hint("`{} why VALUE` asks for a value", session.program);
          }
          return ExplainExitCode(session, asked->what);
        };
      }};
}

}  // namespace gapferry::importer
