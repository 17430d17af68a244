#include "policy/warninglist.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gapferry::policy {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

Warninglist List(ListType type, std::vector<std::string> types, std::vector<std::string> entries,
                 std::string name = "a list") {
  return {std::move(name), 1, "", type, std::move(types), std::move(entries)};
}

WarninglistSet Compile(const Warninglist& list, ListMode mode = ListMode::kDrop) {
  WarninglistSet::Builder builder;
  EXPECT_TRUE(builder.Add(list, mode).ok());
  return std::move(builder).Build();
}

// Whether any indicator of the attribute is dropped or marked.
bool Hit(const WarninglistSet& set, std::string_view type, std::string_view value) {
  const intel::Normalised normalised = intel::Normalise(type, value);
  EXPECT_TRUE(normalised.ok()) << type << " " << value;
  bool hit = false;
  for (std::size_t i = 0; i < normalised.count; ++i)
    hit = set.Match(normalised.indicators[i], type).hit() || hit;
  return hit;
}

Result<Warninglist> Parse(std::string_view type, std::string_view list,
                          std::string_view more = "") {
  return ParseWarninglist(
      fmt::format(R"({{"name":"n","version":3,"type":"{}","list":{}{}}})", type, list, more));
}

TEST(ParseWarninglist, ReadsArraysObjectsAndNumbers) {
  const Result<Warninglist> array = Parse("string", R"(["a",77,"b",1.50])");
  ASSERT_TRUE(array.ok()) << array.error().what;
  EXPECT_EQ(array->entries, (std::vector<std::string>{"a", "77", "b", "1.50"}));
  EXPECT_EQ(array->version, 3U);
  const Result<Warninglist> object =
      Parse("cidr", R"({"192.0.2.0/24":"why","198.51.100.1":null,"203.0.113.1":{"x":["y"]}})");
  ASSERT_TRUE(object.ok()) << object.error().what;
  EXPECT_EQ(object->entries,
            (std::vector<std::string>{"192.0.2.0/24", "198.51.100.1", "203.0.113.1"}));
}

TEST(ParseWarninglist, PassesOverUnknownKeysAndNullTypes) {
  const Result<Warninglist> list =
      Parse("hostname", R"(["a.example"])",
            R"(,"category":"known","x":{"list":["b"],"y":[[1]]},"matching_attributes":null)");
  ASSERT_TRUE(list.ok()) << list.error().what;
  EXPECT_EQ(list->entries, std::vector<std::string>{"a.example"});
  EXPECT_THAT(list->matching_attributes, IsEmpty());
}

TEST(ParseWarninglist, TakesAVersionWrittenAsText) {
  EXPECT_EQ(
      ParseWarninglist(R"({"name":"n","version":"20260811","type":"string","list":[]})")->version,
      20260811U);
}

struct Hostile {
  std::string_view json;
  Kind kind;
  std::string_view says;
};

TEST(ParseWarninglist, RefusesWhatIsNoWarninglist) {
  using namespace std::string_view_literals;
  const Hostile cases[] = {
      {"", Kind::kMalformed, "line 1"},
      {"{\"name\":\"n\",\"version\":1,\"type\":\"string\",\"list\":[]}\0x"sv, Kind::kMalformed,
       "NUL"},
      {"[]", Kind::kMalformed, "not an object"},
      {"3", Kind::kMalformed, "not an object"},
      {"null", Kind::kMalformed, "not an object"},
      {R"({"name":"n","version":1,"type":"string","list":["a"]} x)", Kind::kMalformed, "column"},
      {R"({"name":"n","version":1,"type":"string","list":["a")", Kind::kMalformed, "column"},
      {R"({"name":"n","version":1,"type":"glob","list":[]})", Kind::kUnsupported, "glob"},
      {R"({"version":1,"type":"string","list":[]})", Kind::kMalformed, "name"},
      {R"({"name":"n","type":"string","list":[]})", Kind::kMalformed, "version"},
      {R"({"name":"n","version":1,"list":[]})", Kind::kMalformed, "type"},
      {R"({"name":"n","version":1,"type":"string"})", Kind::kMalformed, "list"},
      {R"({"name":"n","name":"m","version":1,"type":"string","list":[]})", Kind::kMalformed,
       "twice"},
      {R"({"name":"n","version":1,"type":"string","list":["a"],"list":["b"]})", Kind::kMalformed,
       "twice"},
      {R"({"name":"n","version":1,"type":"string","list":"a"})", Kind::kMalformed, "list"},
      {R"({"name":"n","version":1,"type":"string","list":[["a"]]})", Kind::kMalformed, "list"},
      {R"({"name":"n","version":1,"type":"string","list":[{"a":1}]})", Kind::kMalformed, "list"},
      {R"({"name":"n","version":1,"type":"string","list":[null]})", Kind::kMalformed, "list"},
      {R"({"name":"n","version":1,"type":"string","list":[true]})", Kind::kMalformed, "list"},
      {R"({"name":"n","version":1,"type":"string","list":null})", Kind::kMalformed, "list"},
      {R"({"name":{},"version":1,"type":"string","list":[]})", Kind::kMalformed, "name"},
      {R"({"name":" ","version":1,"type":"string","list":[]})", Kind::kMalformed, "name"},
      {"{\"name\":\"a\\u001b[2J\",\"version\":1,\"type\":\"string\",\"list\":[]}", Kind::kMalformed,
       "control"},
      {R"({"name":"n","version":-1,"type":"string","list":[]})", Kind::kMalformed, "version"},
      {R"({"name":"n","version":1e3,"type":"string","list":[]})", Kind::kMalformed, "version"},
      {R"({"name":"n","version":99999999999999999999,"type":"string","list":[]})", Kind::kMalformed,
       "version"},
      {R"({"name":"n","version":1,"type":"string","list":[],"matching_attributes":{"a":1}})",
       Kind::kMalformed, "matching_attributes"},
  };
  for (const Hostile& hostile : cases) {
    const Result<Warninglist> list = ParseWarninglist(hostile.json);
    ASSERT_FALSE(list.ok()) << hostile.json;
    EXPECT_EQ(list.error().kind, hostile.kind) << hostile.json << ": " << list.error().what;
    EXPECT_THAT(list.error().what, HasSubstr(std::string(hostile.says))) << hostile.json;
  }
}

TEST(ParseWarninglist, BoundsDepthAndSizes) {
  const std::string deep(100'000, '[');
  EXPECT_EQ(Parse("string", "[]", ",\"x\":" + deep).error().kind, Kind::kTooLarge);
  const std::string long_entry(kMaxWarninglistEntryBytes + 1, 'a');
  EXPECT_EQ(Parse("string", "[\"" + long_entry + "\"]").error().kind, Kind::kTooLarge);
}

TEST(Warninglist, ComparesStringsWithoutCaseAndOuterDots) {
  const WarninglistSet set =
      Compile(List(ListType::kString, {"domain", "hostname"}, {".Google.com", "example.org."}));
  EXPECT_TRUE(Hit(set, "domain", "GOOGLE.COM."));
  EXPECT_TRUE(Hit(set, "hostname", "example.org"));
  EXPECT_FALSE(Hit(set, "hostname", "www.google.com"));
  EXPECT_FALSE(Hit(set, "domain", "notgoogle.com"));
}

TEST(Warninglist, TestsTheHostOfAUrlWhenTheListNamesUrl) {
  for (const ListType type : {ListType::kString, ListType::kHostname}) {
    const WarninglistSet set = Compile(List(type, {"domain", "url"}, {"www.google.com"}));
    EXPECT_TRUE(Hit(set, "url", "https://user@WWW.Google.com:8443/x"));
    EXPECT_TRUE(Hit(set, "url", "hxxps://www[.]google[.]com"));
    EXPECT_FALSE(Hit(set, "url", "https://evil.example/www.google.com"));
    const WarninglistSet names_only = Compile(List(type, {"domain"}, {"www.google.com"}));
    EXPECT_FALSE(Hit(names_only, "url", "https://www.google.com/x"));
  }
}

TEST(Warninglist, TestsWholeUrls) {
  const WarninglistSet set =
      Compile(List(ListType::kString, {"url"}, {"HTTPS://Example.org:443/Path"}));
  EXPECT_TRUE(Hit(set, "url", "https://example.org/Path"));
  EXPECT_FALSE(Hit(set, "url", "https://example.org/path"));
  EXPECT_FALSE(Hit(set, "url", "https://example.org/"));
}

TEST(Warninglist, TestsHostsOfUris) {
  const WarninglistSet set = Compile(List(ListType::kHostname, {"uri"}, {"bit.ly"}));
  EXPECT_TRUE(Hit(set, "uri", "https://bit.ly/3abc"));
  EXPECT_FALSE(Hit(set, "uri", "/bit.ly/3abc"));
}

TEST(Warninglist, MatchesHostnamesBelowButNotAbove) {
  const WarninglistSet set = Compile(List(ListType::kHostname, {"hostname"}, {".example.org"}));
  EXPECT_TRUE(Hit(set, "domain", "example.org"));
  EXPECT_TRUE(Hit(set, "hostname", "a.b.Example.org"));
  EXPECT_TRUE(Hit(set, "hostname|port", "a.example.org|443"));
  EXPECT_FALSE(Hit(set, "domain", "badexample.org"));
  const WarninglistSet deep = Compile(List(ListType::kHostname, {"hostname"}, {"a.example.org"}));
  EXPECT_FALSE(Hit(deep, "domain", "example.org"));
}

TEST(Warninglist, MasksHostBitsOfNetworks) {
  const WarninglistSet set =
      Compile(List(ListType::kCidr, {"ip-dst"}, {"10.0.0.5/8", "2001:DB8::1/32"}));
  EXPECT_TRUE(Hit(set, "ip-src", "10.255.255.255"));
  EXPECT_TRUE(Hit(set, "ip-dst", "10.1.0.0/16"));
  EXPECT_FALSE(Hit(set, "ip-dst", "10.0.0.0/7"));
  EXPECT_FALSE(Hit(set, "ip-dst", "11.0.0.0"));
  EXPECT_TRUE(Hit(set, "ip-dst", "2001:db8:ffff::1"));
  EXPECT_TRUE(Hit(set, "ip-dst", "::ffff:10.1.2.3"));
}

TEST(Warninglist, CoversANetworkByItsHalves) {
  const WarninglistSet set =
      Compile(List(ListType::kCidr, {"ip-dst"}, {"10.0.0.0/9", "10.128.0.0/9"}));
  EXPECT_TRUE(Hit(set, "ip-dst", "10.0.0.0/8"));
}

TEST(Warninglist, TestsTheWholeAddressSpace) {
  const WarninglistSet set =
      Compile(List(ListType::kCidr, {"ip-dst"}, {"0.0.0.0", "255.255.255.255", "::", "ffff::/16"}),
              ListMode::kMark);
  EXPECT_TRUE(Hit(set, "ip-dst", "0.0.0.0"));
  EXPECT_TRUE(Hit(set, "ip-dst", "255.255.255.255"));
  EXPECT_TRUE(Hit(set, "ip-dst", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
  EXPECT_FALSE(Hit(set, "ip-dst", "255.255.255.254"));
  EXPECT_FALSE(Hit(set, "ip-dst", "0.0.0.1"));
}

TEST(Warninglist, TestsTheAddressOfAUrlAgainstNetworks) {
  const WarninglistSet set =
      Compile(List(ListType::kCidr, {"ip-dst"}, {"192.168.0.0/16", "fe80::/10"}));
  EXPECT_TRUE(Hit(set, "url", "http://192.168.1.1:8080/x"));
  EXPECT_TRUE(Hit(set, "url", "http://[fe80::1]/"));
  EXPECT_FALSE(Hit(set, "url", "http://192.0.2.1/192.168.1.1"));
}

TEST(Warninglist, TestsTheIndicatorPartOfCompositesOnly) {
  const WarninglistSet set = Compile(List(ListType::kString, {}, {"80", "svchost.exe"}));
  EXPECT_FALSE(Hit(set, "ip-dst|port", "192.0.2.1|80"));
  EXPECT_FALSE(Hit(set, "hostname|port", "a.example|80"));
  EXPECT_FALSE(Hit(set, "filename|md5", "svchost.exe|44d88612fea8a8f36de82e1278abb02f"));
  EXPECT_TRUE(Hit(set, "filename", "svchost.exe"));
}

TEST(Warninglist, AppliesToEveryTypeWithTheSameKindOfIndicator) {
  const WarninglistSet addresses = Compile(List(ListType::kCidr, {"ip-dst"}, {"192.0.2.0/24"}));
  for (const auto& [type, value] :
       {std::pair("ip-dst|port", "192.0.2.1|443"), std::pair("ip-src", "192.0.2.1"),
        std::pair("domain|ip", "a.example|192.0.2.1")})
    EXPECT_TRUE(Hit(addresses, type, value)) << type;
  const WarninglistSet hashes =
      Compile(List(ListType::kString, {"md5"}, {"44D88612FEA8A8F36DE82E1278ABB02F"}));
  EXPECT_TRUE(Hit(hashes, "filename|md5", "x|44d88612fea8a8f36de82e1278abb02f"));
  EXPECT_TRUE(Hit(hashes, "malware-sample", "x|44d88612fea8a8f36de82e1278abb02f"));
  EXPECT_FALSE(Hit(hashes, "imphash", "44d88612fea8a8f36de82e1278abb02f"));
  EXPECT_FALSE(Hit(hashes, "x509-fingerprint-md5", "44d88612fea8a8f36de82e1278abb02f"));
}

TEST(Warninglist, AppliesToAllWithoutTypesOrWithALL) {
  for (const std::vector<std::string>& types : {std::vector<std::string>{}, {"ALL"}}) {
    const WarninglistSet set =
        Compile(List(ListType::kString, types, {"Global\\Mutex", "8.8.8.8"}));
    EXPECT_TRUE(Hit(set, "mutex", "Global\\Mutex"));
    EXPECT_TRUE(Hit(set, "ip-dst", "8.8.8.8"));
  }
  const WarninglistSet typed = Compile(List(ListType::kString, {"mutex"}, {"Global\\Mutex"}));
  EXPECT_TRUE(Hit(typed, "mutex", "Global\\Mutex"));
  EXPECT_FALSE(Hit(typed, "mutex", "global\\mutex"));
}

TEST(Warninglist, NamesTypesThatItDoesNotKnow) {
  const WarninglistSet set =
      Compile(List(ListType::kString, {"domain", "hologram"}, {"a.example"}));
  EXPECT_EQ(set.lists()[0].unknown_types, std::vector<std::string>{"hologram"});
}

TEST(Warninglist, FindsSubstringsAnywhereWithoutCase) {
  const WarninglistSet set =
      Compile(List(ListType::kSubstring, {"url", "email-src"}, {"/Wpad.DAT", "@x1s."}));
  EXPECT_TRUE(Hit(set, "url", "http://a.example/wpad.dat?x"));
  EXPECT_TRUE(Hit(set, "email-src", "someone@X1S.fr"));
  EXPECT_FALSE(Hit(set, "url", "http://a.example/wpad.da"));
}

TEST(Warninglist, TakesAHostInASubstringListAsThatHost) {
  const WarninglistSet set =
      Compile(List(ListType::kSubstring, {"domain", "url", "ip-dst", "email-dst"},
                   {"mcafee.com", "52.168.52.134"}));
  EXPECT_TRUE(Hit(set, "domain", "www.mcafee.com"));
  EXPECT_TRUE(Hit(set, "url", "https://mcafee.com:444/"));
  EXPECT_TRUE(Hit(set, "email-dst", "a@mcafee.com"));
  EXPECT_TRUE(Hit(set, "ip-dst", "52.168.52.134"));
  EXPECT_FALSE(Hit(set, "domain", "howtoactivatemcafee.com"));
  EXPECT_FALSE(Hit(set, "domain", "mcafee.com.evil.example"));
  EXPECT_FALSE(Hit(set, "ip-dst", "152.168.52.134"));
}

TEST(Warninglist, RunsRegexesWithTheirFlags) {
  const WarninglistSet set =
      Compile(List(ListType::kRegex, {"email-src", "phone-number"},
                   {"/^(noc|abuse)\\@.*\\..*$/i", "/^555[0-9]+$/g", "#^x+$#", "bare[0-9]"}));
  EXPECT_TRUE(Hit(set, "email-dst", "NOC@example.org"));
  EXPECT_TRUE(Hit(set, "phone-number", "5551234"));
  EXPECT_TRUE(Hit(set, "phone-number", "xxx"));
  EXPECT_TRUE(Hit(set, "phone-number", "a bare7 b"));
  EXPECT_FALSE(Hit(set, "email-src", "info@example.org"));
  EXPECT_THAT(set.lists()[0].rejected, IsEmpty());
}

TEST(Warninglist, ListsRegexesThatRE2CannotTake) {
  const WarninglistSet set =
      Compile(List(ListType::kRegex, {},
                   {"/(a)\\1/", "/(?=x)y/", "/a/x", "/a)|(b/", "/a{2000}/", "/(/", "/ok/"}));
  EXPECT_EQ(set.lists()[0].rejected_count, 6U);
  for (const EntryIssue& issue : set.lists()[0].rejected)
    EXPECT_FALSE(issue.why.empty()) << issue.entry;
}

TEST(Warninglist, ReportsEntriesItCannotRead) {
  const WarninglistSet names =
      Compile(List(ListType::kHostname, {"domain"},
                   {"corona helden", "192.0.2.0/24", "", "a..b", "ok.example"}));
  EXPECT_EQ(names.lists()[0].rejected_count, 4U);
  const WarninglistSet networks =
      Compile(List(ListType::kCidr, {"ip-dst"}, {"10.0.0.0/33", "010.0.0.1", "x", "10.0.0.1"}));
  EXPECT_EQ(networks.lists()[0].rejected_count, 3U);
}

// misp-warninglists#275: a stray "77" in a list of host names.
TEST(Warninglist, DoesNotObeyEntriesThatWouldHideNearlyEverything) {
  struct Case {
    ListType type;
    std::string entry;
    std::string type_of_value;
    std::string value;
  };
  for (const Case& c : {Case{ListType::kHostname, "com", "domain", "evil.com"},
                        Case{ListType::kHostname, "co.uk", "domain", "evil.co.uk"},
                        Case{ListType::kHostname, "github.io", "domain", "evil.github.io"},
                        Case{ListType::kSubstring, "a.", "domain", "a.evil.example"},
                        Case{ListType::kSubstring, ".com", "domain", "evil.com"},
                        Case{ListType::kSubstring, "http", "url", "http://evil.example/"},
                        Case{ListType::kCidr, "0.0.0.0/0", "ip-dst", "192.0.2.1"},
                        Case{ListType::kCidr, "64.0.0.0/7", "ip-dst", "65.1.1.1"},
                        Case{ListType::kCidr, "2000::/3", "ip-dst", "2001:470::1"},
                        Case{ListType::kCidr, "::/0", "ip-dst", "2001:470::1"},
                        Case{ListType::kRegex, "/.*/", "domain", "evil.example"}}) {
    const WarninglistSet set = Compile(List(c.type, {}, {c.entry}));
    EXPECT_FALSE(Hit(set, c.type_of_value, c.value)) << c.entry;
    EXPECT_EQ(set.lists()[0].suspicious_count, 1U) << c.entry;
  }
}

TEST(Warninglist, ObeysWideEntriesWhereTheyHideNothing) {
  const WarninglistSet reserved =
      Compile(List(ListType::kCidr, {"ip-dst"}, {"224.0.0.0/4", "240.0.0.0/4", "fc00::/7"}));
  EXPECT_TRUE(Hit(reserved, "ip-dst", "224.0.0.251"));
  EXPECT_TRUE(Hit(reserved, "ip-dst", "fd00::1"));
  EXPECT_EQ(reserved.lists()[0].suspicious_count, 0U);
  const WarninglistSet marking =
      Compile(List(ListType::kHostname, {"domain"}, {"duckdns.org"}), ListMode::kMark);
  EXPECT_TRUE(Hit(marking, "domain", "evil.duckdns.org"));
  EXPECT_EQ(marking.lists()[0].suspicious_count, 1U);
  EXPECT_TRUE(Hit(Compile(List(ListType::kString, {"text", "AS"}, {"77"})), "AS", "77"));
}

TEST(Warninglist, BoundsTheIssuesItKeeps) {
  const WarninglistSet set = Compile(
      List(ListType::kCidr, {}, std::vector<std::string>(5000, "\x1B[2J" + std::string(500, 'x'))));
  EXPECT_EQ(set.lists()[0].rejected_count, 5000U);
  EXPECT_EQ(set.lists()[0].rejected.size(), ListInfo::kMaxIssues);
  EXPECT_EQ(set.lists()[0].rejected[0].entry.find('\x1B'), std::string::npos);
}

TEST(Warninglist, NamesTheFirstListThatDropsAndAllThatMark) {
  WarninglistSet::Builder builder;
  const auto add = [&](std::string name, ListMode mode) {
    ASSERT_TRUE(
        builder.Add(List(ListType::kString, {"domain"}, {"a.example"}, std::move(name)), mode)
            .ok());
  };
  add("off", ListMode::kOff);
  add("mark 1", ListMode::kMark);
  add("drop 1", ListMode::kDrop);
  add("drop 2", ListMode::kDrop);
  add("mark 2", ListMode::kMark);
  const WarninglistSet set = std::move(builder).Build();
  const WarninglistMatch match = set.Match({intel::IndicatorKind::kDomain, "a.example"}, "domain");
  EXPECT_EQ(set.lists()[match.drop].name, "drop 1");
  ASSERT_EQ(match.mark_count, 2);
  EXPECT_EQ(set.lists()[match.marks[0]].name, "mark 1");
  EXPECT_EQ(set.lists()[match.marks[1]].name, "mark 2");
}

TEST(Warninglist, RefusesTheSameListTwice) {
  WarninglistSet::Builder builder;
  ASSERT_TRUE(builder.Add(List(ListType::kString, {}, {})).ok());
  EXPECT_EQ(builder.Add(List(ListType::kCidr, {}, {})).error().kind, Kind::kMalformed);
}

TEST(Warninglist, MatchesNothingWithoutLists) {
  EXPECT_FALSE(
      WarninglistSet().Match({intel::IndicatorKind::kDomain, "a.example"}, "domain").hit());
}

TEST(WarninglistModes, TreatSharedGroundAsContext) {
  for (const char* name :
       {"List of known Amazon AWS IP address ranges", "List of known dynamic DNS domains",
        "Specialized list of vpn-ipv4 addresses belonging to common VPN providers and datacenters",
        "List of known URL Shorteners domains", "List of known IPv4 public DNS resolvers",
        "Websites (legit) that can be abused - lots-project", "List of known OVH Cluster IPs",
        "List of known Cloudflare IP ranges", "List of known sinkholes"})
    EXPECT_EQ(DefaultListMode(name).mode, ListMode::kMark) << name;
  for (const char* name : {"Top 1,000 domains from Cloudflare Radar",
                           "List of known hashes for empty files", "List of RFC 1918 CIDR blocks",
                           "List of known google domains", "Top 1000 website from Alexa",
                           "University of Michigan CSE connection-attempt network ranges"})
    EXPECT_EQ(DefaultListMode(name).mode, ListMode::kDrop) << name;
}

}  // namespace
}  // namespace gapferry::policy
