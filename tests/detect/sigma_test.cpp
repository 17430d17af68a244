#include <gmock/gmock.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "detect/attack_tactics.h"
#include "detect/sigma_fields.h"
#include "detect/sigma_text.h"
#include "tests/detect/fixture.h"

namespace gapferry::detect {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// How pySigma reads a string: a backslash takes away the meaning of `*`, `?` and a backslash, and
// stands for itself before anything else.
std::string ReadSigma(std::string_view text, bool* wildcard) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() &&
        std::string_view("*?\\").find(text[i + 1]) != std::string_view::npos) {
      plain += text[++i];
      continue;
    }
    if (text[i] == '*' || text[i] == '?') *wildcard = true;
    plain += text[i];
  }
  return plain;
}

TEST(SigmaEscape, NothingIsAWildcardAndNothingIsLost) {
  const std::string letters = "\\*?a";
  // Every text of up to six of these letters.
  for (int length = 0; length <= 6; ++length) {
    for (int number = 0; number < 1 << (2 * length); ++number) {
      std::string text;
      for (int i = 0; i < length; ++i)
        text += letters[static_cast<std::size_t>(number >> (2 * i) & 3)];
      bool wildcard = false;
      EXPECT_EQ(ReadSigma(SigmaEscape(text), &wildcard), text);
      EXPECT_FALSE(wildcard) << text;
    }
  }
  EXPECT_EQ(SigmaEscape("C:\\temp\\x.exe"), "C:\\temp\\x.exe");
}

TEST(YamlQuote, EveryPrintableByteComesBack) {
  for (int byte = 0x20; byte < 0x7F; ++byte) {
    const std::string text = std::string("a") + static_cast<char>(byte) + "b";
    EXPECT_EQ(YAML::Load("x: " + YamlQuote(text))["x"].as<std::string>(), text);
  }
}

TEST(SigmaTitleCase, GivesWordsACapitalAndLeavesNamesAlone) {
  EXPECT_EQ(SigmaTitleCase("phishing by APT41, (see evil.com) iPhone"),
            "Phishing By APT41, (See Evil.com) iPhone");
  EXPECT_EQ(SigmaTitleCase(""), "");
  EXPECT_EQ(SigmaTitleCase("  7zip \xC3\xA9t\xC3\xA9 "), "  7Zip \xC3\xA9t\xC3\xA9 ");
}

TEST(SigmaText, APathEndsWhereAPathPartBegins) {
  const auto text = [](std::string_view name) {
    return SigmaText(SigmaForm::kFileName, intel::IndicatorKind::kFilename, name);
  };
  EXPECT_EQ(text("x.exe"), "\\x.exe");
  EXPECT_EQ(text("p\\x.exe"), "\\p\\x.exe");
  EXPECT_EQ(text("\\p\\x.exe"), "\\p\\x.exe");
  EXPECT_EQ(text("C:\\p\\x.exe"), "C:\\p\\x.exe");
}

TEST(TacticsOf, KnowsTechniquesAndTheirParts) {
  EXPECT_THAT(TacticsOf("T1071.004"), ElementsAre("command-and-control"));
  EXPECT_THAT(TacticsOf("t1078"), ElementsAre("initial-access", "persistence",
                                              "privilege-escalation", "defense-evasion"));
  for (const char* none : {"", "T", "T0", "T1", "T9999", "T1071x", "1071", "TA0011"})
    EXPECT_THAT(TacticsOf(none), ElementsAre()) << none;
}

class SigmaTest : public fixtures::DetectTest {
 protected:
  std::vector<std::string> Files() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(Current("rules")))
      if (entry.path().extension() == ".yml") names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }
  YAML::Node Load(const std::string& prefix) {
    for (const std::string& name : Files()) {
      if (name.starts_with(prefix)) return YAML::Load(Read("rules", name));
    }
    ADD_FAILURE() << "no rule " << prefix;
    return {};
  }
};

TEST_F(SigmaTest, NamesAreMatchedWholeOrWithWhatIsBelowThem) {
  Put(1, {"tlp:green", "misp-galaxy:mitre-attack-pattern=\"DNS - T1071.004\""},
      {{"domain", "evil.example"}, {"hostname", "www.bad.example"}});
  Run(MakeSite({Make("rules", "sigma")}));
  const YAML::Node rule = Load("dns_query_win_");
  const YAML::Node selection = rule["detection"]["selection"];
  ASSERT_EQ(selection.size(), 2U);
  EXPECT_THAT(selection[0]["QueryName"].as<std::vector<std::string>>(),
              ElementsAre("evil.example", "www.bad.example"));
  EXPECT_EQ(selection[1]["QueryName|endswith"].as<std::string>(), ".evil.example");
  EXPECT_THAT(rule["tags"].as<std::vector<std::string>>(),
              ElementsAre("attack.command-and-control", "attack.t1071.004", "tlp.green"));
  EXPECT_EQ(rule["misp"]["event_uuid"].as<std::string>(), fixtures::NumberedUuid(1).ToString());
  EXPECT_FALSE(rule["modified"].IsDefined());
  EXPECT_EQ(rule["date"].as<std::string>(), "2026-08-01");
}

TEST_F(SigmaTest, APartIsModifiedOnlyWhenItsOwnValuesChange) {
  std::vector<Value> values;
  for (int i = 0; i < 40; ++i)
    values.push_back({"domain", fmt::format("d{}.example", i)});
  Site site = MakeSite({Make("rules", "sigma")});
  site.destinations[0].sigma.values_per_rule = 10;
  Put(1, {"tlp:clear"}, values);
  Run(site);
  std::map<std::string, std::string> before;
  for (const std::string& name : Files())
    before[name] = Read("rules", name);
  values.push_back({"domain", "one-more.example"});
  Put(1, {"tlp:clear"}, values);
  site.created += 10 * kSecondsPerDay;
  Run(site);
  int changed_dns = 0;
  for (const std::string& name : Files()) {
    EXPECT_THAT(name, ::testing::MatchesRegex("[a-z0-9_]+\\.yml"));
    EXPECT_LE(name.size(), 74U);
    if (!name.starts_with("net_dns_")) continue;
    const std::string now = Read("rules", name);
    if (before.contains(name) && before[name] == now) continue;
    ++changed_dns;
    EXPECT_THAT(now, HasSubstr("one-more.example"));
    EXPECT_THAT(now, HasSubstr("modified: '2026-08-11'"));
  }
  EXPECT_EQ(changed_dns, 1);
}

TEST_F(SigmaTest, TheSameEventOfTwoSourcesGivesRulesOfItsOwn) {
  Put(1, {"tlp:clear"}, {{"domain", "evil.example"}}, "one");
  Put(1, {"tlp:clear"}, {{"domain", "evil.example"}}, "two");
  Run(MakeSite({Make("rules", "sigma")}));
  std::set<std::string> ids;
  std::set<std::string> titles;
  for (const std::string& name : Files()) {
    const YAML::Node rule = YAML::Load(Read("rules", name));
    EXPECT_TRUE(ids.insert(rule["id"].as<std::string>()).second);
    EXPECT_TRUE(titles.insert(rule["title"].as<std::string>()).second);
  }
  EXPECT_EQ(ids.size(), 8U);
}

}  // namespace
}  // namespace gapferry::detect
