#include "importer/config.h"

#include "tests/config_schema.h"

namespace gapferry::importer {
namespace {

using testing::HasSubstr;

Status Load(const std::filesystem::path& file) {
  GF_CHECK(LoadConfig(file));
  return Ok();
}

Json Describe(const std::map<std::string, policy::ListMode>& modes) {
  Json all = Json::object();
  for (const auto& [list, mode] : modes)
    all[list] = policy::ListModeName(mode);
  return all;
}

Json Describe(const detect::NetOptions& net) {
  return {{net.rpz.zone, net.rpz.action, net.rpz.garden, net.rpz.ttl, net.rpz.addresses},
          {net.nftables.table, net.nftables.mode},
          {net.ipset.prefix},
          {net.squid.url_limit},
          {net.edl.below, net.edl.limit},
          {net.snort.sid_base, net.snort.sid_count, net.snort.rule_limit, net.snort.source_net},
          {net.zeek.removal_days, net.zeek.notice}};
}

Json Describe(const policy::SightingPolicy& sightings) {
  Json decay;
  if (sightings.decay) {
    decay = {sightings.decay->lifetime_days, sightings.decay->decay_speed,
             sightings.decay->threshold, sightings.decay->base_score};
  }
  return {sightings.false_positives, sightings.heed_expiration, decay};
}

Json Describe(const detect::Destination& to) {
  const detect::SuricataOptions& suricata = to.suricata;
  const detect::WazuhOptions& wazuh = to.wazuh;
  const detect::SigmaOptions& sigma = to.sigma;
  const policy::UsePolicy& use = to.use;
  return {{"name", to.name},
          {"format", to.format},
          {"place", {to.folder.string(), to.owner, to.mode}},
          {"use",
           {TlpName(use.clearance), static_cast<int>(use.power), use.require_published,
            use.require_to_ids, use.types, use.refused_types, use.max_age_days, use.min_confidence,
            use.keep_unknown_confidence, Describe(use.sightings), to.exact_ports}},
          {"modes", Describe(to.warninglist_modes)},
          {"canary", to.canary ? to.canary->type + ":" + to.canary->value : ""},
          {"alert_rate", to.alert_rate ? Json{to.alert_rate->by_host, to.alert_rate->count,
                                              to.alert_rate->seconds}
                                       : Json()},
          {"check", to.check},
          {"timeout", to.check_timeout.count()},
          {"reload", to.reload},
          {"reload_timeout", to.reload_timeout.count()},
          {"suricata",
           {suricata.sid_base, suricata.sid_count, suricata.literal_limit, suricata.prefix,
            suricata.source_net, suricata.hashes, suricata.addresses, suricata.context,
            suricata.archive}},
          {"wazuh",
           {wazuh.rule_id_base, wazuh.rule_id_count, wazuh.level, wazuh.list_folder,
            wazuh.network_limit}},
          {"sigma", {sigma.values_per_rule, sigma.status, sigma.level, sigma.author, sigma.values}},
          {"net", Describe(to.net)},
          {"csv", {to.csv.guard_formulas, to.csv.crlf}},
          {"ecs", to.ecs.index},
          {"stored_rules", {to.stored_rules.sid_base, to.stored_rules.sid_count}},
          {"yara", to.yara.compiler}};
}

// All that a configuration says, for comparing two.
Json Describe(const Config& config) {
  Json destinations = Json::array();
  for (const detect::Destination& destination : config.site.destinations)
    destinations.push_back(Describe(destination));
  return {{"site",
           {TlpName(config.clearance), config.require_landlock, config.artifacts.string(),
            config.allowlist.string(), config.own.string(), config.additions.string(),
            TlpName(config.site.additions_tlp), config.site.keep, config.site.warninglists,
            Describe(config.site.warninglist_modes)}},
          {"guards",
           {config.site.shrink_percent, config.site.grow_percent, config.site.suppress_percent,
            config.site.shortest_prefix_v4, config.site.shortest_prefix_v6}},
          {"destinations", destinations}};
}

class ImportConfig : public testing::Test {
 protected:
  // What the reader says to this text, without the file's name.
  std::string Refusal(const std::string& text) {
    const Status status = check.LoadText(text);
    if (status.ok()) return "accepted";
    EXPECT_EQ(status.error().kind, Kind::kConfig);
    const std::string file = test::SchemaCheck::File().string() + ":";
    EXPECT_THAT(status.error().what, testing::StartsWith(file));
    return status.error().what.substr(file.size());
  }
  Json Loaded(const Json& document) {
    EXPECT_TRUE(WriteFileAtomically(test::SchemaCheck::File(), DumpJsonPretty(document)).ok());
    auto config = LoadConfig(test::SchemaCheck::File());
    EXPECT_TRUE(config.ok()) << (config.ok() ? "" : config.error().what);
    return config.ok() ? Describe(*config) : Json();
  }
  test::SchemaCheck check{"import.schema.json", Load};
};

TEST_F(ImportConfig, AcceptsEveryKeyOfTheSchema) {
  check.AcceptsEveryKey();
}
TEST_F(ImportConfig, RefusesUnknownKeysAtEveryLevel) {
  check.RefusesUnknownKeys();
}
TEST_F(ImportConfig, SchemaHasTheReadersLimits) {
  check.HasTheReadersLimits();
}
TEST_F(ImportConfig, RefusesWrongShapes) {
  check.RefusesWrongShapes();
}
TEST_F(ImportConfig, SchemaIsClosedAndExplained) {
  check.IsClosedAndExplained();
}

TEST_F(ImportConfig, SchemaHasTheReadersDefaults) {
  EXPECT_EQ(Loaded(test::Least(check.schema())), Loaded(test::Example(check.schema(), true)));
  EXPECT_NE(Loaded(test::Least(check.schema())), Loaded(test::Example(check.schema())));
}

TEST_F(ImportConfig, TheDefaultLoadsAsWrittenAndWithItsExamples) {
  EXPECT_EQ(Refusal(DefaultConfig("ot-plant")), "accepted");
  const std::string text = test::WithExamples(DefaultConfig("ot-plant"));
  EXPECT_THAT(text, HasSubstr("\nallowlist: allowlist.txt\n"));
  EXPECT_THAT(text, HasSubstr("\n    max_age_days:\n      ip-dst: 90\n"));
  EXPECT_EQ(Refusal(text), "accepted");
}

TEST_F(ImportConfig, SaysWhatIsWrongAndWhere) {
  const std::string head = "clearance: green\ndestinations:\n";
  const std::string one = head + "- name: ids\n  format: suricata\n  clearance: green\n";
  // A misspelt key explains the missing one.
  EXPECT_EQ(Refusal(head + "- name: ids\n  fromat: suricata\n  clearance: green\n"),
            "4: fromat: unknown key; did you mean \"format\"?");
  EXPECT_THAT(Refusal(head + "- name: ids\n  clearance: green\n"),
              testing::StartsWith("3: format: is missing; it is one of "));
  EXPECT_EQ(Refusal(head + "- name: ids\n  format: misp-feed\n  clearance: green\n"
                           "  max_age_days: {domain: 9}\n"),
            "6: max_age_days: means nothing to misp-feed, which copies whole events");
  EXPECT_EQ(Refusal(head + "- name: IDS\n  format: suricata\n  clearance: green\n"),
            "3: destination IDS: a name is 1 to 40 of a-z, 0-9, - and _, and begins with a letter "
            "or digit");
  EXPECT_EQ(Refusal(one + "  max_age_days: {ip-dts: 9}\n"),
            "6: ip-dts: \"ip-dts\" is no attribute type of MISP; did you mean \"ip-dst\"?");
  EXPECT_THAT(Refusal(one + "  types: [hostnam]\n"), HasSubstr("did you mean \"hostname\"?"));
  EXPECT_EQ(Refusal(one + "  suricata:\n    hashes: [sha512]\n"),
            "7: hashes: \"sha512\" is not one of md5, sha1, sha256; did you mean \"sha1\"?");
  EXPECT_EQ(Refusal(one + "  suricata: {sid_base: 4294967000}\n"),
            "3: destination ids: 490000 sids from 4294967000 on go beyond 4294967294, the last "
            "that there is");
  EXPECT_EQ(Refusal(one + "  check: suricata -T\n"),
            "6: check: expected a list like [one, two], not one value");
  EXPECT_EQ(Refusal(one + "  warninglists: {Top 1000: never}\n"),
            "6: Top 1000: \"never\" is not one of drop, mark, off");
  EXPECT_EQ(Refusal(one + "  canary: {type: domian, value: canary.example}\n"),
            "6: type: \"domian\" is no attribute type of MISP; did you mean \"domain\"?");
  EXPECT_THAT(Refusal(one + "  canary: {type: domain, value: not a name}\n"),
              HasSubstr("3: destination ids: the canary not a name is no domain"));
  EXPECT_THAT(Refusal(one + one.substr(head.size())), HasSubstr("ids: the name is used twice"));
  EXPECT_EQ(Refusal(one + "  alert_rate: {}\n"), "6: per: is missing; it is one of host, rule");
  EXPECT_EQ(Refusal(one + "  sightings:\n    decay: {}\n"), "7: lifetime_days: is missing");
  EXPECT_EQ(
      Refusal(one + "  sightings:\n    decay: {lifetime_days: 9, decay_speed: 1, threshold: 50, "
                    "base_score: 50}\n"),
      "7: threshold: is not below base_score, so nothing would ever be used");
  const auto rate = [&](const std::string& format, const std::string& text) {
    return Refusal(fmt::format(
        "{}- {{name: a, format: {}, clearance: green, alert_rate: {{{}}}}}\n", head, format, text));
  };
  EXPECT_EQ(rate("suricata", "per: rule, count: 5, seconds: 60"), "accepted");
  EXPECT_EQ(rate("wazuh", "per: rule, count: 1, seconds: 60"), "accepted");
  EXPECT_EQ(rate("sigma", "per: host, count: 5, seconds: 60"), "accepted");
  EXPECT_EQ(rate("snort3", "per: host, count: 5, seconds: 60"), "accepted");
  EXPECT_THAT(rate("snort2", "per: rule, count: 1, seconds: 60"), HasSubstr("by host only"));
  EXPECT_THAT(rate("wazuh", "per: rule, count: 2, seconds: 60"), HasSubstr("can only ignore"));
  EXPECT_THAT(rate("wazuh", "per: host, count: 1, seconds: 60"), HasSubstr("can only ignore"));
  EXPECT_THAT(rate("rpz", "per: host, count: 1, seconds: 60"), HasSubstr("rpz raises no alerts"));
  EXPECT_THAT(rate("suricata", "per: host, count: 1"), HasSubstr("seconds: is missing"));
  for (const char* mode : {"640", "0640", "0444", "0660", "0600"})
    EXPECT_EQ(Refusal(one + "  mode: " + mode + "\n"), "accepted") << mode;
  // Executable, writable for all, unreadable for the owner, not octal, setuid.
  for (const char* mode : {"0755", "0666", "0240", "0680", "4640", "64", "u=rw"})
    EXPECT_THAT(Refusal(one + "  mode: " + mode + "\n"), HasSubstr("is not three octal digits"))
        << mode;
  for (const char* owner : {"root", "root:adm", "\":adm\"", "12:34"})
    EXPECT_EQ(Refusal(one + "  owner: " + owner + "\n"), "accepted") << owner;
  for (const char* owner : {"\":\"", "\"root:\"", "a b", "a:b:c", "-1"})
    EXPECT_THAT(Refusal(one + "  owner: " + owner + "\n"), HasSubstr("is not user, user:group"))
        << owner;
}

TEST_F(ImportConfig, NotesWhatIsHardlyMeant) {
  const auto notes = [](const std::string& destinations) {
    EXPECT_TRUE(WriteFileAtomically(test::SchemaCheck::File(),
                                    "clearance: green\ndestinations:\n" + destinations)
                    .ok());
    auto config = LoadConfig(test::SchemaCheck::File());
    EXPECT_TRUE(config.ok());
    return config.ok() ? config->notes : std::vector<std::string>{"refused"};
  };
  const std::string ids = "- {name: ids, format: suricata, clearance: green}\n";
  const std::string own = "- {name: own, format: stored-rules, clearance: green}\n";
  EXPECT_THAT(notes(ids + own +
                    "- {name: s, format: snort3, clearance: green, snort: {sid_base: "
                    "2000000, sid_count: 1000}}\n"),
              testing::IsEmpty());
  EXPECT_THAT(
      notes(ids + "- {name: s, format: snort2, clearance: green, snort: {sid_base: 1989999, "
                  "sid_count: 1000}}\n"),
      testing::ElementsAre(
          testing::StartsWith("destinations ids and s both give sids from 1989999 to 1989999: ")));
  EXPECT_THAT(notes("- {name: d, format: csv, clearance: red}\n"),
              testing::ElementsAre(testing::HasSubstr("its clearance, TLP:red, is above")));
  EXPECT_THAT(notes("- {name: d, format: misp-csv, clearance: green, csv: {crlf: true}, wazuh: "
                    "{level: 3}}\n"),
              testing::ElementsAre("destination d: `wazuh` does nothing for the format misp-csv"));
}

TEST_F(ImportConfig, KeepsTheFoldersOfDestinationsApart) {
  const auto home = test::SchemaCheck::File().parent_path();
  const auto refusal = [&](const std::string& first, const std::string& second) {
    std::string text = "clearance: green\nartifacts: art\ndestinations:\n";
    for (const auto& [name, folder] : {std::pair{"a", first}, {"b", second}})
      text += fmt::format("- {{name: {}, format: hosts, clearance: green, folder: '{}'}}\n", name,
                          folder);
    const Status status = check.LoadText(text);
    return status.ok() ? "accepted" : status.error().what;
  };
  EXPECT_EQ(refusal("", ""), "accepted");
  EXPECT_EQ(refusal("/srv/a", "/srv/b"), "accepted");
  EXPECT_EQ(refusal("/srv/a", "/srv/ab"), "accepted");
  EXPECT_EQ(refusal("art/x", ""), "accepted");
  for (const char* other : {"/srv/a", "/srv/a/", "/srv/a/below", "/srv", "/srv/x/../a"})
    EXPECT_THAT(refusal("/srv/a", other), HasSubstr("overlaps that of the destination")) << other;
  EXPECT_THAT(refusal("art/b", ""), HasSubstr("overlaps that of the destination b"));
  EXPECT_THAT(refusal("art", ""), HasSubstr("holds the folder of all artifacts"));
  EXPECT_THAT(refusal("keys", ""), HasSubstr("lies in the home"));
  EXPECT_THAT(refusal("x/../work/y", ""), HasSubstr("lies in the home"));
  EXPECT_THAT(refusal(home.parent_path().string(), ""), HasSubstr("holds "));
  EXPECT_THAT(refusal("~/rules", ""), HasSubstr("nobody expands ~"));
  // A link on the way does not hide where it leads.
  const auto link = home / "to-keys";
  std::filesystem::remove(link);
  std::filesystem::create_directory_symlink(home, link);
  EXPECT_THAT(refusal((link / "keys").string(), ""), HasSubstr("lies in the home"));
  std::filesystem::remove(link);
}

}  // namespace
}  // namespace gapferry::importer
