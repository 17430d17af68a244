// Rules of strangers: what is read of them, and what is refused, one failure each.
#include <gmock/gmock.h>

#include "detect/ids_rule.h"
#include "detect/stix_grammar.h"
#include "detect/stored_text.h"
#include "detect/yara_text.h"
#include "tests/detect/fixture.h"

namespace gapferry::detect {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Problem(const auto& result) {
  return result.ok() ? "" : result.error().what;
}

TEST(YaraText, FindsNamesOutsideOfStringsAndComments) {
  const auto rules = ReadYara(
      "import \"pe\"\n// rule no {\n/* rule neither */\n"
      "private rule a : tag { strings: $a = \"rule b {\" $r = /rule c \\/ {/ $h = { 72 75 /* } */ "
      "6C } "
      "condition: any of them and pe.a and 4 \\ 2 == 2 }\nrule d { condition: a }\n");
  ASSERT_TRUE(rules.ok()) << Problem(rules);
  EXPECT_THAT(rules->names, ElementsAre("a", "d"));
}

TEST(YaraText, RenamesDefinitionAndUseOnly) {
  const std::string text =
      "rule a { strings: $a = \"a\" condition: $a and pe.a }\nrule b { condition: a }";
  const auto rules = ReadYara(text);
  ASSERT_TRUE(rules.ok());
  EXPECT_EQ(RenameYara(text, *rules, {{"a", "a_7"}}),
            "rule a_7 { strings: $a = \"a\" condition: $a and pe.a }\nrule b { condition: a_7 }");
}

TEST(YaraText, RefusesWithAReason) {
  EXPECT_EQ(Problem(ReadYara("include \"/etc/passwd\"\nrule a { condition: true }")), "include");
  EXPECT_EQ(Problem(ReadYara("global rule a { condition: false }")), "global rule");
  EXPECT_EQ(Problem(ReadYara("rule a { strings: $a = \"x\n condition: $a }")), "unfinished string");
  EXPECT_EQ(Problem(ReadYara("rule a { condition: true }}")), "braces do not match");
  EXPECT_EQ(Problem(ReadYara("/* rule a")), "unfinished comment");
  EXPECT_EQ(Problem(ReadYara("nothing")), "no rule");
}

TEST(IdsRules, KeepQuotedSemicolonsAndTakeANewNumber) {
  const auto rules = ReadIdsRules(
      "# a comment\nalert http $HOME_NET any -> [192.0.2.1, 192.0.2.2] any (msg:\"a; b \\\" c\"; "
      "sid:5; content:\"x\\;y\"; nocase; gid:3; rev:9;)\n");
  ASSERT_TRUE(rules.ok()) << Problem(rules);
  EXPECT_EQ((*rules)[0].ToLine(1990000, 2),
            "alert http $HOME_NET any -> [192.0.2.1, 192.0.2.2] any (msg:\"a; b \\\" c\"; "
            "content:\"x\\;y\"; nocase; sid:1990000; rev:2;)");
  EXPECT_EQ(IdsRuleProblem((*rules)[0], policy::Power::kDetects), "");
}

TEST(IdsRules, RefuseWithAReason) {
  const std::string head = "alert tcp any any -> any any ";
  EXPECT_EQ(Problem(ReadIdsRules("alert tcp any any -> any")), "no options");
  EXPECT_EQ(Problem(ReadIdsRules("alert tcp any any > (sid:1;)")), "header without its fields");
  EXPECT_EQ(Problem(ReadIdsRules("include tcp any any -> any any (sid:1;)")), "unknown action");
  EXPECT_EQ(Problem(ReadIdsRules(head + "(sid:1; msg:\"x;)")), "option without semicolon");
  EXPECT_EQ(Problem(ReadIdsRules(head + "(sid:1;) alert")), "text after the options");
  EXPECT_EQ(Problem(ReadIdsRules(head + "(sid:1;")), "options without end");
  const auto problem = [&](const std::string& rule, policy::Power power) {
    const auto rules = ReadIdsRules(rule);
    return rules.ok() ? std::string(IdsRuleProblem((*rules)[0], power)) : Problem(rules);
  };
  const std::string tail = " tcp any any -> any any (sid:1;)";
  EXPECT_EQ(problem("pass" + tail, policy::Power::kBlocks), "pass rule");
  EXPECT_EQ(problem("drop" + tail, policy::Power::kDetects), "blocking rule");
  EXPECT_EQ(problem("drop" + tail, policy::Power::kBlocks), "");
  EXPECT_EQ(problem(head + "(lua:x.lua; sid:1;)", policy::Power::kDetects), "reads a file");
}

TEST(StixGrammar, TakesWhatTheSpecificationShows) {
  for (const char* pattern :
       {"[file:hashes.'SHA-256' = "
        "'aec070645fe53ee3b3763059376134f058cc337247c978add178b6ccdfb0019f']",
        "[email-message:from_ref.value MATCHES '.+\\\\@example\\\\.com$' AND "
        "email-message:body_multipart[*].body_raw_ref.name MATCHES '^Final Report.+\\\\.exe$']",
        "[file:hashes.MD5 = 'x' OR (file:size >= 5 AND file:name NOT = 'y')]",
        "([ipv4-addr:value = '198.51.100.1/32' OR ipv4-addr:value ISSUBSET '203.0.113.0/24'] "
        "FOLLOWEDBY [domain-name:value = 'example.com']) WITHIN 300 SECONDS",
        "[a:b = 1] START t'2016-06-01T00:00:00Z' STOP t'2016-07-01T00:00:00Z'",
        "[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'x']",
        "[process:name IN ('a', 'b')]", "[a:b = 'it\\'s']"})
    EXPECT_EQ(Problem(CheckStixPattern(pattern)), "") << pattern;
}

TEST(StixGrammar, RefusesWithAReason) {
  EXPECT_EQ(Problem(CheckStixPattern("file:name = 'x'")), "no observation");
  EXPECT_EQ(Problem(CheckStixPattern("[file:name = 'x")), "unfinished string");
  EXPECT_EQ(Problem(CheckStixPattern("[file:name = 'x'")), "bracket without end");
  EXPECT_EQ(Problem(CheckStixPattern("[file:name 'x']")), "no operator");
  EXPECT_EQ(Problem(CheckStixPattern("[file = 'x']")), "no path");
  EXPECT_EQ(Problem(CheckStixPattern("[a:b = 'x'] [c:d = 'y']")), "text after the pattern");
  EXPECT_EQ(Problem(CheckStixPattern("[a:b = 'x'] WITHIN SECONDS")), "qualifier");
  EXPECT_EQ(Problem(CheckStixPattern(std::string(50, '(') + "[a:b = 1]")), "too deep");
}

TEST(StoredSigma, KeepsAnAuthorsIdAndRefusesWhatIsNoRule) {
  const std::string body =
      "logsource:\n    category: dns\ndetection:\n    s:\n        query: 'x'\n    condition: s\n";
  const std::string id = "0f06a3a5-6a09-413f-8743-e6cf35561297";
  const auto read = ReadSigmaId("title: a\nid: " + id + "\n" + body);
  ASSERT_TRUE(read.ok()) << Problem(read);
  EXPECT_EQ(*read, id);
  EXPECT_EQ(WithSigmaId("title: a\n" + body, id), "title: a\nid: " + id + "\n" + body);
  EXPECT_EQ(Problem(ReadSigmaId("title: a\n")), "no logsource");
  EXPECT_EQ(Problem(ReadSigmaId("---\ntitle: a\n" + body)), "no single rule");
  EXPECT_EQ(Problem(ReadSigmaId("title: &a b\n" + body)), "anchor or tag");
  EXPECT_EQ(Problem(ReadSigmaId("title: a\ntitle: b\n" + body)), "key used twice");
}

TEST(StoredZeek, TakesSignaturesAndNoPrograms) {
  const auto names = ReadZeekSignatures(
      "signature my-sig {\n  ip-proto == tcp\n  payload /x/\n  event \"found\"\n}\n");
  ASSERT_TRUE(names.ok()) << Problem(names);
  EXPECT_THAT(*names, ElementsAre("my-sig"));
  EXPECT_EQ(Problem(ReadZeekSignatures("event zeek_init() { system(\"x\"); }")), "no signature");
  EXPECT_EQ(Problem(ReadZeekSignatures("signature a {\n eval f\n}\n")), "eval");
  EXPECT_EQ(Problem(ReadZeekSignatures("signature a {\n payload /x/\n")), "signature without end");
}

class StoredRulesTest : public fixtures::DetectTest {
 protected:
  static std::string Rule(const std::string& content) {
    return "alert tcp any any -> any any (msg:\"x\"; content:\"" + content + "\"; sid:1; rev:1;)";
  }
};

TEST_F(StoredRulesTest, NumbersAreThisSitesAndStay) {
  Put(1, {"tlp:green"}, {{"suricata", Rule("a")}, {"suricata", Rule("b")}, {"snort", Rule("c")}});
  const Site site = MakeSite({Make("rules", "stored-rules")});
  Run(site);
  const std::string before = Read("rules", "stored-suricata.rules");
  // The two types share one block; snort comes first.
  EXPECT_THAT(Read("rules", "stored-snort.rules"), HasSubstr("sid:1990000; rev:1;"));
  EXPECT_THAT(before, HasSubstr("sid:1990001; rev:1;"));
  EXPECT_THAT(before, HasSubstr("sid:1990002; rev:1;"));
  EXPECT_THAT(before, Not(HasSubstr("sid:1;")));
  Put(1, {"tlp:green"}, {});
  Run(site);
  Put(1, {"tlp:green"}, {{"suricata", Rule("a")}, {"suricata", Rule("b2")}, {"snort", Rule("c")}});
  Run(site);
  const std::string after = Read("rules", "stored-suricata.rules");
  EXPECT_THAT(after, HasSubstr("content:\"a\"; sid:1990"));
  EXPECT_THAT(after, HasSubstr("content:\"b2\"; sid:1990"));
  EXPECT_THAT(after, HasSubstr("rev:2;"));
  EXPECT_THAT(after, Not(HasSubstr("rev:3;")));
}

TEST_F(StoredRulesTest, WhatIsRefusedIsCounted) {
  Put(1, {"tlp:green"},
      {{"suricata", "alert broken"}, {"zeek", "event zeek_init() {}"}, {"stix2-pattern", "[x]"}});
  const auto summary = Run(MakeSite({Make("rules", "stored-rules")})).destinations.at(0);
  EXPECT_EQ(summary.used, 0U);
  const policy::Reason why = policy::Reason::kFormatCannotExpress;
  EXPECT_EQ(summary.reasons.Count(why, "suricata: no options"), 1U);
  EXPECT_EQ(summary.reasons.Count(why, "zeek: no signature"), 1U);
  EXPECT_EQ(summary.reasons.Count(why, "stix2-pattern: no path"), 1U);
}

TEST_F(StoredRulesTest, WithoutACompilerNoStoredYaraIsPassedOn) {
  Put(1, {"tlp:green"}, {{"yara", "rule a { condition: true }"}, {"md5", std::string(32, 'a')}});
  Site site = MakeSite({Make("files", "yara")});
  site.destinations[0].yara.compiler = "/nonexistent/yarac";
  const auto summary = Run(site).destinations.at(0);
  EXPECT_EQ(summary.reasons.Count(policy::Reason::kFormatCannotExpress, "no-yara-compiler"), 1U);
  EXPECT_THAT(Read("files", "misp-hashes.yar"), HasSubstr("rule misp_md5_aaaa"));
}

}  // namespace
}  // namespace gapferry::detect
