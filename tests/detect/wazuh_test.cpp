#include <gmock/gmock.h>

#include <cstdlib>
#include <map>
#include <optional>

#include "intel/value.h"
#include "tests/detect/fixture.h"

namespace gapferry::detect {
namespace {

using ::testing::HasSubstr;

// One line as the list compiler of Wazuh 4.14 reads it (lists_make.c, run for the reference): a key
// that begins with a quote ends at the next one, any other at the first colon; nothing is trimmed
// or escaped.
std::optional<std::pair<std::string, std::string>> ReadLine(const std::string& line) {
  if (line.starts_with('"')) {
    const std::size_t close = line.find('"', 1);
    if (close == std::string::npos || line.substr(close + 1, 1) != ":") return std::nullopt;
    return std::pair(line.substr(1, close - 1), line.substr(close + 2));
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string::npos || line.substr(0, colon).find('"') != std::string::npos)
    return std::nullopt;
  return std::pair(line.substr(0, colon), line.substr(colon + 1));
}

class WazuhTest : public fixtures::DetectTest {
 protected:
  void Make(const std::vector<Value>& values) {
    Put(1, {"tlp:clear"}, values);
    summary_ = Run(MakeSite({DetectTest::Make("siem", "wazuh")})).destinations.at(0);
  }
  std::map<std::string, std::string> List(const std::string& name) {
    std::map<std::string, std::string> list;
    for (const std::string& line : Lines("siem", name)) {
      const auto entry = ReadLine(line);
      EXPECT_TRUE(entry.has_value()) << line;
      if (!entry) continue;
      EXPECT_TRUE(list.insert(*entry).second) << "doubled: " << line;
      EXPECT_EQ(entry->second, fixtures::NumberedUuid(1).ToString()) << line;
    }
    return list;
  }
  DestinationSummary summary_;
};

TEST_F(WazuhTest, KeysComeBackAsTheyWere) {
  std::vector<Value> values = {
      {"ip-dst", "2001:DB8::2"}, {"ip-src", "198.51.100.1"}, {"domain", "Evil.Example"}};
  std::size_t urls = 0;
  for (int byte = 1; byte < 256; ++byte) {
    values.push_back({"url", std::string("http://a.example/x") + static_cast<char>(byte) + "y"});
    const auto value = intel::Normalise("url", values.back().value);
    if (value.ok() && value.value.find('"') == std::string::npos && byte != '#') ++urls;
  }
  Make(values);
  EXPECT_TRUE(List("misp-ips").contains("2001:db8::2"));
  EXPECT_TRUE(List("misp-ips").contains("198.51.100.1"));
  EXPECT_TRUE(List("misp-domains").contains("evil.example"));
  EXPECT_EQ(List("misp-urls").size(), urls + 1);  // what follows # is no part of the URL
  EXPECT_EQ(summary_.reasons.Count(policy::Reason::kFormatCannotExpress, "quote-in-value"), 1U);
}

TEST_F(WazuhTest, NetworksAreCutAtOctets) {
  Make({{"ip-dst", "10.0.0.0/8"},
        {"ip-dst", "198.51.0.0/16"},
        {"ip-dst", "203.0.112.0/22"},
        {"ip-dst", "203.0.113.0/24"},
        {"ip-dst", "192.0.2.8/30"},
        {"ip-dst", "2001:db8::/32"}});
  std::vector<std::string> keys;
  for (const auto& [key, event] : List("misp-networks"))
    keys.push_back(key);
  EXPECT_THAT(keys, ::testing::UnorderedElementsAre("10.", "198.51.", "203.0.112.", "203.0.113.",
                                                    "203.0.114.", "203.0.115.", "192.0.2.8",
                                                    "192.0.2.9", "192.0.2.10", "192.0.2.11"));
  EXPECT_EQ(summary_.reasons.Count(policy::Reason::kFormatCannotExpress, "ipv6-network"), 1U);
}

TEST_F(WazuhTest, ASenderIsLookedUpAsEveHasIt) {
  Make({{"email-src", "Bad@Evil.Example"}});
  const auto list = List("misp-emails");
  EXPECT_EQ(list.size(), 2U);
  EXPECT_TRUE(list.contains("<bad@evil.example>"));
  EXPECT_TRUE(list.contains("bad@evil.example"));
  EXPECT_THAT(Read("siem", "misp_rules.xml"),
              HasSubstr("<list field=\"smtp.mail_from\" lookup=\"match_key\">"
                        "etc/lists/misp/misp-emails</list>"));
}

TEST_F(WazuhTest, ARuleIsIgnoredForATimeWhereTheRateSaysSo) {
  Put(1, {"tlp:clear"}, {{"domain", "evil.example"}});
  Site site = MakeSite({DetectTest::Make("siem", "wazuh")});
  Run(site);
  EXPECT_THAT(Read("siem", "misp_rules.xml"), ::testing::Not(HasSubstr("ignore")));
  site.destinations[0].alert_rate = AlertRate{.by_host = false, .count = 1, .seconds = 900};
  Run(site);
  EXPECT_THAT(Read("siem", "misp_rules.xml"),
              HasSubstr("<rule id=\"110000\" level=\"12\" ignore=\"900\">"));
}

TEST_F(WazuhTest, XmlIsWellFormedAndRulesUseDeclaredListsOnly) {
  if (std::system("command -v xmllint >/dev/null") != 0) {
    ASSERT_EQ(std::getenv("GAPFERRY_REQUIRE_ORACLES"), nullptr) << "xmllint is not installed";
    GTEST_SKIP() << "no xmllint";
  }
  Make({{"domain", "evil.example"}, {"md5", std::string(32, 'a')}});
  for (const std::string name : {"misp_rules.xml", "ossec-snippet.xml"}) {
    const std::filesystem::path wrapped = folder_ / name;
    ASSERT_TRUE(WriteFileAtomically(wrapped, "<x>" + Read("siem", name) + "</x>").ok());
    EXPECT_EQ(std::system(("xmllint --noout " + wrapped.string()).c_str()), 0) << name;
  }
  const std::string rules = Read("siem", "misp_rules.xml");
  const std::string snippet = Read("siem", "ossec-snippet.xml");
  EXPECT_THAT(rules, ::testing::Not(HasSubstr("misp-sha256")));
  EXPECT_THAT(rules, HasSubstr("<rule id=\"110000\" level=\"12\">"));
  for (const std::string list : {"misp-domains", "misp-md5"})
    EXPECT_THAT(snippet, HasSubstr("<list>etc/lists/misp/" + list + "</list>"));
}

}  // namespace
}  // namespace gapferry::detect
