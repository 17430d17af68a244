#include "exporter/config.h"

#include "bundle/manifest.h"
#include "tests/config_schema.h"

namespace gapferry::exporter {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

Status Load(const std::filesystem::path& file) {
  GF_CHECK(LoadConfig(file));
  return Ok();
}

std::vector<std::string> Names(const std::vector<bundle::AgeRecipient>& recipients) {
  std::vector<std::string> names;
  for (const bundle::AgeRecipient& recipient : recipients)
    names.push_back(recipient.ToString());
  return names;
}

// All that a configuration says, for comparing two.
Json Describe(const Config& config) {
  Json all = Json::array();
  for (const SourceConfig& source : config.sources) {
    all.push_back({source.name, source.kind, source.path.string(), TlpName(source.default_tlp)});
    const collect::TransportOptions& web = source.transport;
    all.push_back({source.url, source.key, source.key_header, source.operator_key,
                   HexEncode(source.selection.Fingerprint()), source.refresh_days,
                   source.edit_grace_days, source.allow_empty, source.accept_older, source.lists,
                   web.ca_file.string(), web.pinned_key, web.client_certificate.string(),
                   web.client_key.string(), web.proxy, web.connect_timeout.count(),
                   web.stall_timeout.count(), web.attempts});
    const ValueSource& values = source.values;
    const collect::FeedEventOptions& event = values.options.event;
    all.push_back({values.options.settings, event.info, event.provider, event.tags, event.to_ids,
                   event.delta_merge, event.keep_days, event.refresh_days, event.allow_empty,
                   values.csv.columns.size(), values.csv.format.delimiter, values.csv.format.quote,
                   values.csv.format.comment});
  }
  for (const SiteConfig& site : config.sites) {
    all.push_back({site.name, TlpName(site.cross.clearance), site.cross.distributions,
                   site.cross.sharing_groups, site.cross.excluded_categories,
                   site.cross.excluded_types, site.cross.hold_unpublished,
                   site.cross.hold_back_tags, site.sources, site.days_valid, site.days_between,
                   site.unencrypted, Names(site.recipients), site.show_counts, site.to.string(),
                   site.volume_bytes});
  }
  return all;
}

class ExportConfig : public testing::Test {
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
  Config Loaded(const Json& document) {
    EXPECT_TRUE(WriteFileAtomically(test::SchemaCheck::File(), DumpJsonPretty(document)).ok());
    auto config = LoadConfig(test::SchemaCheck::File());
    EXPECT_TRUE(config.ok()) << (config.ok() ? "" : config.error().what);
    return config.ok() ? *config : Config{};
  }
  test::SchemaCheck check{"export.schema.json", Load};
};

TEST_F(ExportConfig, AcceptsEveryKeyOfTheSchema) {
  check.AcceptsEveryKey();
}
TEST_F(ExportConfig, RefusesUnknownKeysAtEveryLevel) {
  check.RefusesUnknownKeys();
}
TEST_F(ExportConfig, SchemaHasTheReadersLimits) {
  check.HasTheReadersLimits();
}
TEST_F(ExportConfig, RefusesWrongShapes) {
  check.RefusesWrongShapes();
}
TEST_F(ExportConfig, SchemaIsClosedAndExplained) {
  check.IsClosedAndExplained();
}

TEST_F(ExportConfig, SchemaHasTheReadersDefaults) {
  EXPECT_EQ(Describe(Loaded(test::Least(check.schema()))),
            Describe(Loaded(test::Example(check.schema(), true))));
  EXPECT_NE(Describe(Loaded(test::Least(check.schema()))),
            Describe(Loaded(test::Example(check.schema()))));
}

TEST_F(ExportConfig, TheDefaultLoadsAsWrittenAndWithItsExamples) {
  EXPECT_EQ(Refusal(DefaultConfig({"ot-plant", "lab"})), "accepted");
  std::string text = test::WithExamples(DefaultConfig({"ot-plant"}));
  text.replace(text.find("sources: []"), 11, "sources:");
  EXPECT_THAT(text, HasSubstr("\n    to: /media/usb\n"));
  EXPECT_EQ(Refusal(text), "accepted");
}

TEST_F(ExportConfig, SaysWhatIsWrongAndWhere) {
  const std::string source = "sources:\n- name: cert\n  kind: misp-feed\n  path: /srv\n";
  const std::string site = "sites:\n- name: plant\n  clearance: green\n";
  EXPECT_EQ(Refusal(site + "  sources: [crt]\n"),
            "4: sources: there is no source \"crt\" in this file");
  EXPECT_EQ(Refusal(source + site + "  sources: [crt]\n"),
            "8: sources: there is no source \"crt\" in this file; did you mean \"cert\"?");
  EXPECT_THAT(Refusal(site + site.substr(7)), HasSubstr("4: name: \"plant\" is already the name"));
  EXPECT_THAT(Refusal("sites:\n- name: -plant\n  clearance: green\n"),
              HasSubstr("2: name: \"-plant\" is not 1 to 40 letters a-z, digits and hyphens"));
  EXPECT_EQ(Refusal(site + "  exclude_types: [email-scr]\n"),
            "4: exclude_types: \"email-scr\" is no attribute type of MISP; did you mean "
            "\"email-src\"?");
  EXPECT_THAT(Refusal(site + "  exclude_categories: [person]\n"), EndsWith("mean \"Person\"?"));
  EXPECT_THAT(Refusal(site + "  distributions: [3, 4]\n"), HasSubstr("\"4\" is not one of"));
  EXPECT_EQ(Refusal(site + "  sharing_groups: [partners]\n"),
            "4: sharing_groups: \"partners\" is not the UUID of a sharing group");
  EXPECT_EQ(Refusal(site + "  to: ~/usb\n"),
            "4: to: \"~/usb\": nobody expands ~ here; write the whole path");
  EXPECT_EQ(Refusal(site + "  volume_size: 4T\n"),
            "4: volume_size: \"4T\" is no volume size: it is fat32, cd, dvd, bd, or a number of "
            "bytes, also with K, M or G");
  EXPECT_EQ(Refusal(site + "  volume_size: 8M\n"),
            "4: volume_size: a volume of 8388608 bytes is too small; the least is 16M");
  EXPECT_EQ(Refusal("sources:\n- name: cert\n  kind: misp-feed\n  path: ''\n"),
            "4: path: is empty");
  EXPECT_EQ(Refusal("sites:\n- name: plant\n  clearance:\n"),
            "3: clearance: has no value; it is one of clear, green, amber, amber+strict, red");
  EXPECT_THAT(Refusal("sites:\n- name: plant\n  clearance: amber\n"),
              HasSubstr("say `unencrypted: true`"));
}

TEST_F(ExportConfig, KeepsKeysOutOfItself) {
  const std::string key(40, 'k');
  const auto misp = [&](const std::string& more) {
    return Refusal("sources:\n- name: misp\n  kind: misp\n" + more);
  };
  const std::string url = "  url: https://misp.example.org\n";
  EXPECT_EQ(misp(url + "  key: env:MISP_KEY\n"), "accepted");
  EXPECT_EQ(misp("  key: env:MISP_KEY\n"), "2: url: is missing; a MISP is read through its API");
  EXPECT_THAT(misp(url), HasSubstr("key: is missing; file:PATH, env:NAME or credential:NAME"));
  const std::string refusal = misp(url + "  key: " + key + "\n");
  EXPECT_THAT(refusal, HasSubstr("5: key: says where the key lies, not the key"));
  EXPECT_THAT(refusal, testing::Not(HasSubstr(key)));
  EXPECT_THAT(misp("  url: https://user:pass@misp.example.org\n  key: env:K\n"),
              HasSubstr("4: url: holds a user or password"));
  EXPECT_THAT(misp("  url: http://misp.example.org\n  key: env:K\n"),
              HasSubstr("4: url: is http: the key would be readable on the way"));
  EXPECT_EQ(misp("  url: http://127.0.0.1:8080\n  key: env:K\n"), "accepted");
}

TEST_F(ExportConfig, SaysWhatIsWrongWithASelection) {
  const std::string feed =
      "sources:\n- name: f\n  kind: misp-feed\n  url: https://f.example\n  select: ";
  EXPECT_EQ(Refusal(feed + "{last: 90x}\n"), "5: last: \"90x\" is no span such as 90d, 12h or 30m");
  EXPECT_EQ(Refusal(feed + "{from: 2024}\n"), "5: from: \"2024\" is no YYYY-MM-DD");
  EXPECT_THAT(Refusal(feed + "{types: [ip-dest]}\n"), HasSubstr("did you mean \"ip-dst\"?"));
}

TEST_F(ExportConfig, NamesValuesThatCannotBeMeant) {
  const auto source = [&](std::string_view kind, std::string_view more) {
    return Refusal(
        fmt::format("sources:\n- name: f\n  kind: {}\n  path: /srv\n  {}\n", kind, more));
  };
  EXPECT_EQ(source("misp-feed", "key_header: 'X Key'"),
            "5: key_header: is no name of a header, such as X-Api-Key");
  EXPECT_THAT(source("misp-feed", "key_header: 'X-Key:'"), HasSubstr("5: key_header: is no name"));
  EXPECT_EQ(source("misp-feed", "key_header: X-Api-Key"), "accepted");
  for (const std::string_view kind : {"csv", "freetext", "warninglists"}) {
    EXPECT_EQ(source(kind, "select: {tags: [a]}"),
              fmt::format("5: select: is for sources of kind misp, misp-feed and misp-event, not "
                          "for kind {}",
                          kind));
  }
  for (const std::string_view key :
       {"operator_key: env:K", "edit_grace_days: 3", "warninglists: all"}) {
    EXPECT_THAT(source("misp-feed", key),
                EndsWith("is for sources of kind misp, not for kind misp-feed"));
  }
  EXPECT_EQ(source("misp-event", "select: {from: 2026-02-01, to: 2026-01-31}"),
            "5: to: 2026-01-31 is before from, 2026-02-01");
  EXPECT_EQ(source("misp-event", "select: {from: 2026-02-01, to: 2026-02-01}"), "accepted");
  for (const std::string_view url :
       {"https://f.example:99999/x", "https://f.example:/x", "https://f.example:0",
        "https://f.example:4 3", "https:///x", "https://:443", "https://[::1]:x/"}) {
    EXPECT_EQ(source("csv", fmt::format("url: '{}'", url)),
              "5: url: has no host, or a port that is not 1 to 65535")
        << url;
  }
  EXPECT_EQ(source("csv", "url: 'https://[2001:db8::1]:8443/x'"), "accepted");
  EXPECT_EQ(source("csv", "url: https://f.example:8443"), "accepted");
  const std::string pin = "sha256//r8udi/Mxd6pLO7y7hZyUMWq8YnFnIWXCqeHsTDRqy8o=";
  const auto pinned = [&](const std::string& pins) {
    return source("csv", fmt::format("tls: {{pin: '{}'}}", pins));
  };
  EXPECT_EQ(pinned(pin), "accepted");
  EXPECT_EQ(pinned(pin + ";" + pin), "accepted");
  for (const std::string& wrong :
       {std::string("sha256//"), pin.substr(0, 20), pin + ";sha256//x", std::string("r8udi")})
    EXPECT_THAT(pinned(wrong), HasSubstr("pin: is no pin")) << wrong;
}

constexpr std::string_view kRecipient =
    "age1xmwwc06ly3ee5rytxm9mflaz2u56jjj36s0mypdrwsvlul66mv4q47ryef";

TEST_F(ExportConfig, TakesRecipientsThatCanRead) {
  const std::string site = "sites:\n- name: plant\n  clearance: red\n  recipients: ";
  const auto with = [&](std::string_view list) {
    return Refusal(fmt::format("{}[{}]\n", site, list));
  };
  EXPECT_EQ(with(kRecipient), "accepted");
  EXPECT_THAT(with(""), HasSubstr("3: clearance: TLP:AMBER and above would leave unencrypted; name "
                                  "`recipients`"));
  EXPECT_EQ(with(fmt::format("{0}, {0}", kRecipient)),
            fmt::format("4: recipients: \"{}\" is there twice", kRecipient));
  EXPECT_THAT(with("age1xmwwc06ly3ee5rytxm9mflaz2u56jjj36s0mypdrwsvlul66mv4q47ryep"),
              EndsWith("a character is mistyped"));
  EXPECT_THAT(with("ssh-ed25519 AAAA"), HasSubstr("does not encrypt to"));
  std::string many;
  for (std::size_t i = 0; i <= bundle::kMaxRecipients; ++i)
    many += bundle::AgeIdentity::Generate().recipient().ToString() + ", ";
  EXPECT_EQ(with(many), "4: recipients: 65 recipients; the limit is 64");
}

// MISP shows UUIDs in lower case, people copy them in any.
TEST_F(ExportConfig, ReadsTheUuidOfASharingGroupInEitherCase) {
  Json document = test::Least(check.schema());
  document["sites"][0]["sharing_groups"] = {"C4A2E5C8-6D3F-4F6E-9F43-6A3F6D1F8A10"};
  EXPECT_TRUE(Loaded(document).sites[0].cross.sharing_groups.contains(
      "c4a2e5c8-6d3f-4f6e-9f43-6a3f6d1f8a10"));
}

}  // namespace
}  // namespace gapferry::exporter
