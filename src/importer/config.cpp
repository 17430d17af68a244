#include "importer/config.h"

#include "base/config.h"
#include "base/suggest.h"
#include "detect/format.h"
#include "importer/config_net.h"
#include "importer/config_place.h"
#include "importer/config_sightings.h"

namespace gapferry::importer {
namespace {

const std::vector<std::string_view> kModes = {"drop", "mark", "off"};
const std::vector<std::string_view> kPowers = {"logs", "detect", "block"};
const std::vector<std::string_view> kHashes = {"md5", "sha1", "sha256"};
const std::vector<std::string_view> kSourceNets = {"any", "$HOME_NET"};
const std::vector<std::string_view> kSigmaLevels = {"informational", "low", "medium", "high",
                                                    "critical"};
constexpr std::int64_t kMostDays = 36500;

intel::Tlp ReadTlp(ConfigMap& map, std::string_view key,
                   const std::optional<std::string>& fallback) {
  return intel::FindTlp(map.Choice(key, intel::TlpNames(), fallback)).value_or(intel::Tlp::kClear);
}

// `key` is where the type stands, for the message.
void CheckType(ConfigMap& map, std::string_view key, std::string_view type) {
  if (intel::FindType(type) != nullptr) return;
  std::vector<std::string> known;
  for (const intel::TypeInfo& each : intel::AllTypes())
    known.emplace_back(each.name);
  map.Fail(key,
           fmt::format("\"{}\" is no attribute type of MISP{}", type, DidYouMean(type, known)));
}

// A map of list name to mode.
Status ReadModes(ConfigMap map, std::map<std::string, policy::ListMode>* modes) {
  for (const std::string& list : map.Keys()) {
    (*modes)[list] =
        policy::FindListMode(map.Choice(list, kModes)).value_or(policy::ListMode::kDrop);
  }
  return map.Finish();
}

Status ReadAges(ConfigMap map, policy::UsePolicy* use) {
  for (const std::string& type : map.Keys()) {
    CheckType(map, type, type);
    use->max_age_days[type] = static_cast<std::uint32_t>(map.Integer(type, 0, kMostDays));
  }
  return map.Finish();
}

std::set<std::string, std::less<>> ReadTypes(ConfigMap& map, std::string_view key) {
  std::set<std::string, std::less<>> types;
  for (std::string& type : map.Strings(key)) {
    CheckType(map, key, type);
    types.insert(std::move(type));
  }
  return types;
}

Status ReadSuricata(ConfigMap map, detect::SuricataOptions* options) {
  options->sid_base = map.Integer("sid_base", 1, 4294967294, options->sid_base);
  options->sid_count = map.Integer("sid_count", 100, 4294967294, options->sid_count);
  options->literal_limit = static_cast<std::size_t>(
      map.Integer("literal_limit", 0, 100000, static_cast<std::int64_t>(options->literal_limit)));
  options->prefix = map.String("prefix", options->prefix);
  options->source_net = map.Choice("source_net", kSourceNets, options->source_net);
  if (map.Has("hashes")) {
    const std::vector<std::string> hashes = map.Choices("hashes", kHashes);
    options->hashes = {hashes.begin(), hashes.end()};
  }
  options->addresses = map.Choice("addresses", {"datasets", "iprep"}, options->addresses);
  options->context = map.Bool("context", options->context);
  options->archive = map.Bool("archive", options->archive);
  return map.Finish();
}

Status ReadWazuh(ConfigMap map, detect::WazuhOptions* options) {
  options->rule_id_base = map.Integer("rule_id_base", 1, 999999, options->rule_id_base);
  options->rule_id_count = map.Integer("rule_id_count", 10, 100000, options->rule_id_count);
  options->level = static_cast<std::uint32_t>(map.Integer("level", 0, 15, options->level));
  options->list_folder = map.String("list_folder", options->list_folder);
  options->network_limit =
      static_cast<std::uint32_t>(map.Integer("network_limit", 0, 65536, options->network_limit));
  return map.Finish();
}

Status ReadSigma(ConfigMap map, detect::SigmaOptions* options) {
  options->values_per_rule = static_cast<std::size_t>(
      map.Integer("values_per_rule", 10, 500, static_cast<std::int64_t>(options->values_per_rule)));
  options->status = map.Choice(
      "status", {"stable", "test", "experimental", "deprecated", "unsupported"}, options->status);
  if (map.Has("level")) options->level = map.Choice("level", kSigmaLevels);
  options->author = map.String("author", options->author);
  options->values = map.Choice("values", {"list", "expand"}, options->values);
  return map.Finish();
}

std::vector<std::string_view> FormatNames() {
  std::vector<std::string_view> names;
  for (const detect::Format& format : detect::AllFormats())
    names.push_back(format.name);
  return names;
}

Status ReadCsv(ConfigMap map, detect::CsvOptions* options) {
  options->guard_formulas = map.Bool("guard_formulas", options->guard_formulas);
  options->crlf = map.Bool("crlf", options->crlf);
  return map.Finish();
}

Status ReadEcs(ConfigMap map, detect::EcsOptions* options) {
  options->index = map.String("index", options->index);
  return map.Finish();
}

Status ReadStoredRules(ConfigMap map, detect::StoredRulesOptions* options) {
  options->sid_base = map.Integer("sid_base", 1, 4294967294, options->sid_base);
  options->sid_count = map.Integer("sid_count", 100, 4294967294, options->sid_count);
  options->may_block = map.Bool("may_block", options->may_block);
  options->suricata = map.Strings("suricata");
  options->snort = map.Strings("snort");
  return map.Finish();
}

Status ReadYara(ConfigMap map, detect::YaraOptions* options) {
  options->compiler = map.String("compiler", options->compiler);
  return map.Finish();
}

// Ignoring what a careful person wrote would be worse than refusing it.
void RefuseValueKeys(ConfigMap& map, const detect::Destination& destination) {
  for (const std::string_view key : {"require_to_ids", "max_age_days", "sightings", "warninglists",
                                     "min_confidence", "unknown_confidence", "ports"}) {
    if (map.Has(key))
      map.Fail(key,
               fmt::format("means nothing to {}, which copies whole events", destination.format));
  }
}

// A format's options stand below its own name; some formats share theirs.
std::string_view OptionsOf(std::string_view format) {
  if (format == "snort2" || format == "snort3") return "snort";
  if (format == "misp-csv") return "csv";
  if (format == "stored-rules") return "stored_rules";
  return format;
}

void NoteOptionsOfOthers(ConfigMap& map, const detect::Destination& destination,
                         std::vector<std::string>* notes) {
  for (const std::string_view key :
       {"suricata", "wazuh", "sigma", "rpz", "nftables", "ipset", "squid", "edl", "snort", "zeek",
        "csv", "ecs", "stored_rules", "yara"}) {
    if (map.Has(key) && key != OptionsOf(destination.format))
      notes->push_back(fmt::format("destination {}: `{}` does nothing for the format {}",
                                   destination.name, key, destination.format));
  }
}

// A copy of events does nothing by itself.
policy::Power ReadPower(ConfigMap& map, bool copies) {
  const std::string power = map.Choice("power", kPowers, copies ? "logs" : "detect");
  if (power == "logs") return policy::Power::kReadsLogs;
  return power == "block" ? policy::Power::kBlocks : policy::Power::kDetects;
}

Status ReadCanary(ConfigMap map, detect::Destination* destination) {
  if (map.Keys().empty()) return map.Finish();
  destination->canary = detect::Canary{map.String("type"), map.String("value")};
  CheckType(map, "type", destination->canary->type);
  return map.Finish();
}

// What no single key can tell, with the line where the destination begins.
void CheckTogether(ConfigMap& map, const detect::Destination& destination) {
  detect::Site alone;
  alone.destinations = {destination};
  const Status checked = detect::CheckSite(alone);
  if (!checked.ok()) map.Fail("", checked.error().what);
}

Result<detect::Destination> ReadDestination(ConfigMap& map, const std::filesystem::path& base,
                                            std::vector<std::string>* notes) {
  detect::Destination destination;
  destination.name = map.String("name");
  destination.format = map.Choice("format", FormatNames());
  const detect::Format* format = detect::FindFormat(destination.format);
  const bool copies = format != nullptr && format->make_for_events != nullptr;
  if (copies) RefuseValueKeys(map, destination);
  NoteOptionsOfOthers(map, destination, notes);
  ReadPlace(map, base, &destination);
  destination.use.clearance = ReadTlp(map, "clearance", std::nullopt);
  destination.use.power = ReadPower(map, copies);
  destination.use.require_published = map.Bool("require_published", true);
  destination.use.require_to_ids = map.Bool("require_to_ids", true);
  destination.use.types = ReadTypes(map, "types");
  destination.use.refused_types = ReadTypes(map, "refused_types");
  destination.use.min_confidence =
      static_cast<std::uint8_t>(map.Integer("min_confidence", 0, 100, 0));
  destination.use.keep_unknown_confidence =
      map.Choice("unknown_confidence", {"keep", "drop"}, "keep") == "keep";
  destination.exact_ports = map.Choice("ports", {"exact", "ignore"}, "exact") == "exact";
  GF_CHECK(ReadAges(map.Map("max_age_days"), &destination.use));
  GF_CHECK(ReadSightings(map.Map("sightings"), &destination.use.sightings));
  GF_CHECK(ReadModes(map.Map("warninglists"), &destination.warninglist_modes));
  GF_CHECK(ReadCanary(map.Map("canary"), &destination));
  ConfigMap rate = map.Map("alert_rate");
  // Of a wrong shape `map` tells.
  if (map.Has("alert_rate") && map.Check().ok())
    GF_CHECK(ReadAlertRate(std::move(rate), &destination.alert_rate));
  destination.check = map.Strings("check");
  destination.check_timeout = std::chrono::seconds(map.Integer("check_timeout", 1, 3600, 120));
  destination.reload = map.Strings("reload");
  destination.reload_timeout = std::chrono::seconds(map.Integer("reload_timeout", 1, 3600, 120));
  GF_CHECK(ReadSuricata(map.Map("suricata"), &destination.suricata));
  GF_CHECK(ReadWazuh(map.Map("wazuh"), &destination.wazuh));
  GF_CHECK(ReadSigma(map.Map("sigma"), &destination.sigma));
  GF_CHECK(ReadNetOptions(map, &destination.net));
  GF_CHECK(ReadCsv(map.Map("csv"), &destination.csv));
  GF_CHECK(ReadEcs(map.Map("ecs"), &destination.ecs));
  GF_CHECK(ReadStoredRules(map.Map("stored_rules"), &destination.stored_rules));
  GF_CHECK(ReadYara(map.Map("yara"), &destination.yara));
  CheckTogether(map, destination);
  GF_CHECK(map.Finish());
  return destination;
}

Status ReadGuards(ConfigMap map, detect::Site* site) {
  site->shrink_percent =
      static_cast<std::uint32_t>(map.Integer("shrink_percent", 1, 100, site->shrink_percent));
  site->grow_percent =
      static_cast<std::uint32_t>(map.Integer("grow_percent", 1, 100000, site->grow_percent));
  site->suppress_percent =
      static_cast<std::uint32_t>(map.Integer("suppress_percent", 1, 100, site->suppress_percent));
  site->shortest_prefix_v4 =
      static_cast<std::uint8_t>(map.Integer("shortest_prefix_v4", 0, 32, site->shortest_prefix_v4));
  site->shortest_prefix_v6 = static_cast<std::uint8_t>(
      map.Integer("shortest_prefix_v6", 0, 128, site->shortest_prefix_v6));
  return map.Finish();
}

}  // namespace

Result<Config> LoadConfig(const std::filesystem::path& file) {
  GF_TRY(ConfigMap map, ConfigMap::Load(file));
  const std::filesystem::path base = file.parent_path();
  Config config;
  config.clearance = ReadTlp(map, "clearance", std::nullopt);
  config.require_landlock = map.Bool("require_landlock", true);
  config.artifacts = ReadPath(map, "artifacts", base, "artifacts");
  config.allowlist = ReadPath(map, "allowlist", base, "");
  config.own = ReadPath(map, "own", base, "");
  config.suricata = ReadPath(map, "suricata", base, "");
  config.additions = ReadPath(map, "additions", base, "");
  config.site.additions_tlp = ReadTlp(map, "additions_tlp", "amber+strict");
  config.keep_states = static_cast<std::size_t>(map.Integer("keep_states", 0, 100, 2));
  config.site.keep = static_cast<std::size_t>(map.Integer("keep", 1, 100, 5));
  config.site.warninglists = map.Bool("use_warninglists", true);
  GF_CHECK(ReadModes(map.Map("warninglists"), &config.site.warninglist_modes));
  GF_CHECK(ReadGuards(map.Map("guards"), &config.site));
  for (ConfigMap& destination : map.Maps("destinations")) {
    GF_TRY(detect::Destination read, ReadDestination(destination, base, &config.notes));
    config.site.destinations.push_back(std::move(read));
  }
  GF_CHECK(map.Finish());
  auto checked = detect::CheckSite(config.site);
  if (checked.ok()) checked = CheckPlaces(config.site, base, config.artifacts);
  if (!checked.ok()) return std::move(checked).error().In(file.string());
  for (const detect::Destination& destination : config.site.destinations) {
    if (destination.use.clearance > config.clearance)
      config.notes.push_back(fmt::format(
          "destination {}: its clearance, TLP:{}, is above the site's, TLP:{}, so it gets no more "
          "than that",
          destination.name, intel::TlpName(destination.use.clearance),
          intel::TlpName(config.clearance)));
  }
  for (const std::string& shared : detect::SharedSids(config.site.destinations)) {
    config.notes.push_back(shared +
                           ": no sensor can load the rules of both, and an alert's sid does not "
                           "say whose it is. Give each its own `sid_base`");
  }
  for (std::string& note : detect::SuricataNotes(config.site.destinations))
    config.notes.push_back(std::move(note));
  return config;
}

std::string DefaultConfig(const std::string& stream) {
  return fmt::format(R"(# gapferry, isolated side, for the stream "{}".
# Paths are relative to this file. `gapferry-import status` shows what this file amounts to.

# The highest TLP that this site may hold: clear, green, amber, amber+strict, red. What is above it is not stored,
# even if it is signed.
clearance: green

# Refuse to read a bundle where the kernel has no Landlock (Linux 5.13). seccomp and rlimits are never optional.
require_landlock: true

# Generated artifacts: artifacts/<destination>/current is a link to the generation in use.
artifacts: artifacts
keep: 5

# Earlier states of the store that `rollback` can go back to. Each takes as much space as the store.
keep_states: 2

# Values that no rule may name, and this site's own networks and domains (never in a blocking artifact).
# One a line: 192.0.2.0/24, example.org (and below), =www.example.org (only that).
#allowlist: allowlist.txt
#own: own.txt

# The Suricata that `test` reads captures with; otherwise the one in PATH.
#suricata: /usr/bin/suricata

# Indicators that this site adds itself, one a line: a type of MISP and a value, such as: domain evil.example
# Their TLP decides which destinations may have them, as everywhere.
#additions: additions.txt
#additions_tlp: amber+strict

# Warninglists drop what is known to be good. By default lists of shared ground (cloud, VPN, dynamic DNS) only mark.
use_warninglists: true
#warninglists:
#  List of known Cloudflare IP ranges: drop
#  Top 1000 website from Alexa: off

# Refuse a generation that shrinks or grows by more than this, or of which warninglists and the allowlist suppress
# so much more than before; --accept-change overrides it once.
guards:
  shrink_percent: 30
  grow_percent: 100
  suppress_percent: 10

# One artifact set for one consumer.
#   format         `gapferry-import formats` lists them
#   clearance      what above it may not appear in this artifact, not even in a comment
#   folder         where its artifacts go instead of artifacts/<destination>; owner and mode: who may read them
#   power          logs, detect or block: PAP:RED allows logs only, PAP:AMBER not block; at least what the format does
#   require_published, require_to_ids
#                 both true: what is not, is left out as "unpublished" and "not-to-ids"
#   max_age_days   by attribute type, counted back from the bundle's creation; 0 is never too old. By default names and
#                 mail 730, URLs 365, addresses 180, all else 0
#   sightings      false_positives: so many drop a value, 0 none; heed_expiration: what a sighting says has expired
#                 is dropped; decay: MISP's polynomial model
#   min_confidence 0 to 100: leave out what the tags of MISP's taxonomies say less of
#   ports          exact: an address with a port counts at that port only, and is left out where a format has no ports;
#                 ignore: at any port
#   alert_rate     at most so many alerts of one rule, per host or rule, in so many seconds
#   check          a command that must succeed before the switch; {{}} is the new folder. No shell is involved
destinations:
  - name: suricata
    format: suricata
    clearance: green
#    folder: /srv/sensors/suricata
#    owner: ":suricata"
#    mode: "0640"
#    check: [suricata, -T, -c, /etc/suricata/suricata.yaml, -S, "{{}}/misp.rules", -l, /tmp]
#    max_age_days:
#      ip-dst: 90
#    sightings:
#      false_positives: 3
#      decay: {{lifetime_days: 120, decay_speed: 2.3, threshold: 30, base_score: 80}}
#    min_confidence: 50
#    alert_rate: {{per: host, count: 1, seconds: 3600}}
#    suricata:
#      sid_base: 1500000
#      literal_limit: 5000
  - name: wazuh
    format: wazuh
    clearance: green
  - name: sigma
    format: sigma
    clearance: green
)",
                     stream, fmt::join(FormatNames(), ", "));
}

}  // namespace gapferry::importer
