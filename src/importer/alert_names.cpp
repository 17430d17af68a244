#include "importer/alert_names.h"

#include <algorithm>
#include <unordered_map>

#include "base/suggest.h"
#include "detect/gather.h"
#include "detect/value_lookup.h"
#include "importer/alert_values.h"
#include "importer/commands.h"

namespace gapferry::importer {
namespace {

using detect::WhyOccurrence;

// Of a rule that the attribute carries the text is left out: the alert has its message.
Json NamedJson(const WhyOccurrence& one, bool is_rule) {
  const detect::WhyDecision& decision = one.decisions[0];
  Json json = {{"event", one.event_uuid.ToString()}};
  const auto add = [&](const char* key, const std::string& text) {
    if (!text.empty()) json[key] = text;
  };
  add("info", one.event_info);
  add("date", one.event_date);
  json["source"] = one.source;
  json["tlp"] = intel::TlpName(one.tlp);
  json["attribute"] = one.attribute_uuid.ToString();
  json["type"] = one.type;
  if (!is_rule) json["value"] = one.value;
  add("comment", one.comment);
  add("added_at", one.added_at);
  add("timestamp", one.timestamp == 0 ? "" : FormatTime(one.timestamp));
  add("first_seen", one.first_seen);
  add("last_seen", one.last_seen);
  json["used"] = decision.allowed;
  if (!decision.allowed) json["reason"] = policy::ReasonCode(decision.reason);
  add("detail", decision.detail);
  add("marked_by", decision.warninglist);
  return json;
}

std::optional<std::int64_t> SidOf(const Json& event) {
  const auto alert = event.is_object() ? event.find("alert") : event.end();
  if (!event.is_object() || alert == event.end() || !alert->is_object()) return std::nullopt;
  const auto sid = alert->find("signature_id");
  const auto gid = alert->find("gid");
  if (sid == alert->end() || !sid->is_number_unsigned()) return std::nullopt;
  if (gid != alert->end() && *gid != 1) return std::nullopt;
  const auto number = sid->get<std::uint64_t>();
  if (number > 0xFFFFFFFF) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

}  // namespace

Json NamedAlert::ToJson() const {
  Json json = {{"destination", rule.destination}};
  if (!rule.set.empty()) json["set"] = rule.set;
  if (canary) json["canary"] = true;
  Json list = Json::array();
  const bool is_rule = rule.attribute.has_value();
  for (const NamedValue& value : values) {
    Json& one = list.emplace_back(
        Json{{"kind", is_rule ? "rule" : intel::IndicatorKindName(value.indicator.kind)}});
    if (!is_rule) one["value"] = value.indicator.value;
    if (!value.seen.empty()) one["seen"] = value.seen;
    one["attributes"] = Json::array();
    for (const WhyOccurrence& occurrence : value.occurrences)
      one["attributes"].push_back(NamedJson(occurrence, is_rule));
    if (value.more > 0) one["more"] = value.more;
  }
  json["matched"] = std::move(list);
  return json;
}

struct AlertNames::State {
  struct Rule {
    RuleOrigin origin;
    std::size_t destination;  // place in the site's: 0 is the one whose alerts they are
  };

  State(store::Store of_store, LoadedSite of_site)
      : store(std::move(of_store)), loaded(std::move(of_site)) {}

  // Its own rules, and those that attributes carry. Of one number the destination's own counts.
  Status LoadAllRules() {
    const auto& destinations = loaded.site.destinations;
    for (std::size_t i = 0; i < destinations.size(); ++i) {
      const bool stored = destinations[i].format == "stored-rules";
      GF_TRY(RulesBySid more, stored ? LoadStoredRules(store, destinations[i].name)
                                     : LoadRules(store, destinations[i].name));
      for (auto& [sid, origin] : more) {
        if (origin.attribute) carried.emplace(*origin.attribute, intel::Indicator{});
        rules.emplace(sid, Rule{std::move(origin), i});
      }
    }
    if (carried.empty()) return Ok();
    return store.Reader().ForEach(
        store::RowReader::Part::kEvents, [&](const store::Record& record) -> Status {
          if (record.kind != store::RecordKind::kAttribute) return Ok();
          const auto found = carried.find(record.attribute.uuid);
          if (found == carried.end()) return Ok();
          const intel::Normalised text =
              intel::Normalise(record.attribute.type, record.attribute.value);
          if (text.count > 0) found->second = text.indicators[0];
          return Ok();
        });
  }

  // What the destination may name, the used ones first; of an event above its clearance the UUID
  // only. What another port stands in is about something else.
  NamedValue Visible(const intel::Indicator& indicator, const std::string& seen,
                     const detect::Named& named, std::size_t destination) const {
    const intel::Tlp clearance = loaded.site.destinations[destination].use.clearance;
    NamedValue value{indicator, seen, {}, 0};
    for (const bool used : {true, false}) {
      for (const WhyOccurrence& one : named.occurrences) {
        if (one.tlp > clearance || one.decisions[destination].allowed != used) continue;
        if (IsAtAnotherPort(one)) continue;
        if (value.occurrences.size() == NamedValue::kMaxOccurrences) {
          ++value.more;
          continue;
        }
        WhyOccurrence& shown = value.occurrences.emplace_back(one);
        shown.decisions = {one.decisions[destination]};
        if (shown.event_tlp > clearance) shown.event_info = shown.event_date = "";
      }
    }
    return value;
  }

  [[nodiscard]] bool IsAtAnotherPort(const WhyOccurrence& one) const {
    if (!port || !loaded.site.destinations[0].exact_ports) return false;
    const intel::Normalised value = intel::Normalise(one.type, one.value);
    return value.ok() && value.port != 0 && value.port != *port;
  }

  Status Look(const intel::Indicator& indicator, const std::string& seen, NamedAlert* alert) {
    const auto& canary = loaded.site.destinations[0].canary;
    if (canary) {
      const intel::Normalised value = intel::Normalise(canary->type, canary->value);
      for (std::size_t i = 0; i < value.count; ++i) {
        if (value.indicators[i].kind != indicator.kind ||
            value.indicators[i].value != indicator.value)
          continue;
        alert->canary = true;
        alert->values.push_back({indicator, seen, {}, 0});
      }
    }
    return Name(indicator, seen, 0, alert);
  }

  Status Name(const intel::Indicator& indicator, const std::string& seen, std::size_t destination,
              NamedAlert* alert) {
    GF_TRY(const detect::Named* named, lookup->Find(indicator));
    NamedValue value = Visible(indicator, seen, *named, destination);
    if (!value.occurrences.empty()) alert->values.push_back(std::move(value));
    return Ok();
  }

  // A text that is gone names nothing.
  Status LookAtCarrier(const Rule& rule, NamedAlert* alert) {
    const auto text = carried.find(*rule.origin.attribute);
    if (text == carried.end() || text->second.value.empty()) return Ok();
    return Name(text->second, "", rule.destination, alert);
  }

  Status LookInSet(const Json& event, NamedAlert* alert) {
    for (const SeenValue& seen : ValuesSeen(event, alert->rule.set)) {
      if (!alert->rule.set.starts_with("networks-"))
        GF_CHECK(Look(seen.indicator, seen.text, alert));
      if (!seen.networks_around) continue;
      for (const intel::Indicator& network : lookup->NetworksAround(seen.indicator.value))
        GF_CHECK(Look(network, seen.text, alert));
    }
    return Ok();
  }

  store::Store store;
  LoadedSite loaded;
  std::unordered_map<std::int64_t, Rule> rules;        // by sid
  std::unordered_map<Uuid, intel::Indicator> carried;  // the texts of rules, by attribute
  std::optional<detect::ValueLookup> lookup;
  std::optional<std::uint16_t> port;  // of the alert at hand, if its rule asks for ports
};

AlertNames::AlertNames(std::unique_ptr<State> state) : state_(std::move(state)) {}
AlertNames::AlertNames(AlertNames&&) noexcept = default;
AlertNames& AlertNames::operator=(AlertNames&&) noexcept = default;
AlertNames::~AlertNames() = default;

Result<AlertNames> AlertNames::Load(const std::filesystem::path& store_file, Config config,
                                    const std::string& destination) {
  auto& destinations = config.site.destinations;
  const auto is_own = [&](const detect::Destination& one) { return one.name == destination; };
  std::erase_if(destinations, [&](const detect::Destination& one) {
    return !is_own(one) && one.format != "stored-rules";
  });
  std::stable_partition(destinations.begin(), destinations.end(), is_own);
  GF_TRY(store::Store store, store::Store::OpenReadOnly(store_file));
  GF_TRY(LoadedSite loaded, LoadSite(std::move(config), &store));
  auto state = std::make_unique<State>(std::move(store), std::move(loaded));
  GF_CHECK(state->LoadAllRules());
  GF_TRY(detect::ValueLookup lookup, detect::ValueLookup::Create(state->store, state->loaded.site));
  state->lookup.emplace(std::move(lookup));
  return AlertNames(std::move(state));
}

Result<std::optional<NamedAlert>> AlertNames::Find(const Json& event) {
  std::optional<NamedAlert> none;
  const std::optional<std::int64_t> sid = SidOf(event);
  if (!sid) return none;
  const auto rule = state_->rules.find(*sid);
  if (rule == state_->rules.end()) return none;
  NamedAlert alert;
  alert.sid = *sid;
  alert.rule = rule->second.origin;
  state_->port = PortSeen(event, alert.rule);
  if (alert.rule.attribute) {
    GF_CHECK(state_->LookAtCarrier(rule->second, &alert));
  } else if (alert.rule.value) {
    GF_CHECK(state_->Look(*alert.rule.value, "", &alert));
  } else {
    GF_CHECK(state_->LookInSet(event, &alert));
  }
  return std::optional<NamedAlert>(std::move(alert));
}

Result<std::string> FindSuricata(const Config& config, const std::string& name) {
  std::vector<std::string> names;
  for (const detect::Destination& destination : config.site.destinations) {
    if (destination.format == "suricata") names.push_back(destination.name);
  }
  if (names.empty()) {
    return Error::Make(Kind::kNotReady, "import.yml has no destination of the format suricata");
  }
  if (!name.empty()) {
    if (std::find(names.begin(), names.end(), name) != names.end()) return name;
    return Error::Make(Kind::kNotFound, "there is no destination \"{}\" of the format suricata{}",
                       name, DidYouMean(name, names));
  }
  if (names.size() == 1) return names[0];
  std::string all;
  for (const std::string& one : names)
    all += (all.empty() ? "" : ", ") + one;
  return Error::Make(Kind::kUsage, "there are {} destinations of the format suricata: {}",
                     names.size(), all)
      .Hint("say whose alerts they are: --destination {}", names[0]);
}

}  // namespace gapferry::importer
