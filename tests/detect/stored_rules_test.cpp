// Rules of strangers: what is read of them, and what is refused, one failure each.
#include <gmock/gmock.h>

#include "detect/stix_grammar.h"
#include "detect/stored_sids.h"
#include "detect/yara_text.h"
#include "detect/zeek_signature.h"
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
  EXPECT_EQ(Problem(ReadYara("rule a { condition: uint8(0) == 1 }}")), "braces do not match");
  for (const char* condition : {"true", "filesize > 0", "not false and 1 == 1", "1 of (2)"})
    EXPECT_EQ(Problem(ReadYara(fmt::format("rule a {{ condition: {} }}", condition))),
              "asks for nothing")
        << condition;
  for (const char* condition : {"any of them", "pe.is_pe", "uint16(0) == 0x5A4D", "#a > 2", "b"})
    EXPECT_EQ(Problem(ReadYara(fmt::format("rule a {{ condition: {} }}", condition))), "")
        << condition;
  EXPECT_EQ(Problem(ReadYara("private rule a { condition: filesize < 9 } rule b { condition: a }")),
            "");
  EXPECT_EQ(Problem(ReadYara("/* rule a")), "unfinished comment");
  EXPECT_EQ(Problem(ReadYara("nothing")), "no rule");
}

TEST(StixGrammar, TakesWhatTheSpecificationShows) {
  for (const char* pattern :
       {"[file:hashes.'SHA-256' = "
        "'aec070645fe53ee3b3763059376134f058cc337247c978add178b6ccdfb0019f']",
        "[email-message:from_ref.value MATCHES '.+\\\\@example\\\\.com$' AND "
        "email-message:body_multipart[*].body_raw_ref.name MATCHES '^Final Report.+\\\\.exe$']",
        "[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e' OR (file:size >= 5 AND file:name "
        "NOT = 'y')]",
        "([ipv4-addr:value = '198.51.100.1/32' OR ipv4-addr:value ISSUBSET '203.0.113.0/24'] "
        "FOLLOWEDBY [domain-name:value = 'example.com']) WITHIN 300 SECONDS",
        "[file:size = 1] START t'2016-06-01T00:00:00Z' STOP t'2016-07-01T00:00:00Z'",
        "[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'x']",
        "[process:name IN ('a', 'b')]", "[file:name = 'it\\'s']"})
    EXPECT_EQ(Problem(CheckStixPattern(pattern)), "") << pattern;
}

TEST(StixGrammar, RefusesWithAReason) {
  EXPECT_EQ(Problem(CheckStixPattern("file:name = 'x'")), "no observation");
  EXPECT_EQ(Problem(CheckStixPattern("[file:name = 'x")), "unfinished string");
  EXPECT_EQ(Problem(CheckStixPattern("[file:name = 'x'")), "bracket without end");
  EXPECT_EQ(Problem(CheckStixPattern("[file:name 'x']")), "no operator");
  EXPECT_EQ(Problem(CheckStixPattern("[file = 'x']")), "no path");
  EXPECT_EQ(Problem(CheckStixPattern("[file:name = 'x'] [file:name = 'y']")),
            "text after the pattern");
  EXPECT_EQ(Problem(CheckStixPattern("[file:name = 'x'] WITHIN SECONDS")), "qualifier");
  const auto one = [](const std::string& comparison) {
    return Problem(CheckStixPattern("[" + comparison + "]"));
  };
  EXPECT_EQ(one("file:hashes.SHA-256 = 'x'"), "path without name");
  EXPECT_EQ(one("file:hashes.'SHA-256' = 'x'"), "not a hash");
  EXPECT_EQ(one("file:hashes.MD5 IN ('x')"), "no operator for a hash");
  EXPECT_EQ(one("file:hashes[1] = 'x'"), "a hash by its number");
  EXPECT_EQ(one("File:name = 'x'"), "no type of an object");
  EXPECT_EQ(one("file:n = 'x'"), "no name of a property");
  EXPECT_EQ(one("file:mtime = t'2020-13-01T00:00:00Z'"), "not a timestamp");
  EXPECT_EQ(one("file:name = h'abc'"), "not hexadecimal");
  EXPECT_EQ(one("file:name = b'!'"), "not base64");
  EXPECT_EQ(one("file:name = 'a\\d'"), "unknown escape");
  EXPECT_EQ(one("file:size = 00"), "bracket without end");
  EXPECT_EQ(one("file:name == 'x'"), "operator without value");
  EXPECT_EQ(Problem(CheckStixPattern("[file:name = 'x'] REPEATS 0 TIMES")), "qualifier");
  EXPECT_EQ(Problem(CheckStixPattern(std::string(50, '(') + "[file:size = 1]")), "too deep");
}

TEST(StoredSids, ARuleIsKnownAgain) {
  const auto rule = [](const std::string& number, const std::string& message, int content) {
    return KnownRule{{number, message}, Hash256(AsBytes(std::to_string(content)))};
  };
  const std::vector<KnownRule> known = {rule("1:7", "a", 1), rule("1:7", "b", 2)};
  // Others before it, and another order.
  EXPECT_THAT(MatchRules(known, {rule("1:7", "c", 3), rule("1:7", "b", 2), rule("1:7", "a", 1)}),
              ElementsAre(-1, 1, 0));
  // Edited, under a number that everybody uses.
  EXPECT_THAT(MatchRules(known, {rule("1:7", "c", 3), rule("1:7", "b", 4)}), ElementsAre(-1, 1));
  // Edited, with its message, under a number of its own.
  EXPECT_THAT(MatchRules({rule("1:8", "a", 1)}, {rule("1:9", "a", 2), rule("1:8", "b", 3)}),
              ElementsAre(-1, 0));
  // Without a number.
  EXPECT_THAT(MatchRules({rule("-", "a", 1)}, {rule("-", "b", 2), rule("-", "a", 3)}),
              ElementsAre(-1, 0));
  // Twins.
  EXPECT_THAT(MatchRules(known, {rule("1:7", "a", 5), rule("1:7", "a", 6)}), ElementsAre(0, -1));
}

TEST(StoredZeek, TakesSignaturesAndNoPrograms) {
  const auto names = ReadZeekSignatures(
      "signature my-sig {\n  ip-proto == tcp\n  payload /evil/\n  event \"found\"\n}\n");
  ASSERT_TRUE(names.ok()) << Problem(names);
  EXPECT_THAT(*names, ElementsAre("my-sig"));
  EXPECT_EQ(Problem(ReadZeekSignatures("event zeek_init() { system(\"x\"); }")), "no signature");
  EXPECT_EQ(Problem(ReadZeekSignatures("signature a {\n eval f\n}\n")), "eval");
  const auto one = [](const std::string& line) {
    return Problem(ReadZeekSignatures("signature a {\n  same-ip\n  " + line + "\n}\n"));
  };
  for (const char* good :
       {"dst-port == 80,443,8000-8080", "src-ip != 192.0.2.0/24,[2001:db8::]/32",
        "header icmp[0:1] & 0xf0 == 8,0x10", "ip-proto == tcp", "payload-size > 100",
        "tcp-state established,originator", "payload /a\\/b[\\/]\\x41/i # why", "event \"a # b\"",
        "file-mime \"x/y\", 80", "requires-signature ! a", "http-request-header /x/"})
    EXPECT_EQ(one(good), "") << good;
  EXPECT_EQ(one("payload /[/"), "bad regular expression");
  EXPECT_EQ(one("payload /a/b/c/"), "bad payload");
  EXPECT_EQ(one("payload x"), "bad payload");
  EXPECT_EQ(one("dst-port == foo bar baz"), "bad dst-port");
  EXPECT_EQ(one("dst-port == 80-"), "bad dst-port");
  EXPECT_EQ(one("dst-port = 70000"), "bad dst-port");
  EXPECT_EQ(one("src-ip == Site::nets"), "bad src-ip");
  EXPECT_EQ(one("event some_event"), "bad event");
  EXPECT_EQ(one("requires-signature b"), "requires an unknown signature");
  EXPECT_EQ(one("nosuch 1"), "unknown keyword");
  for (const char* line :
       {"payload /.*/", "payload /.+/", "payload /abc/", "payload /evil|./", "dst-port == 0-65535",
        "dst-ip == 0.0.0.0/0", "dst-ip == 45.0.0.0/8,46.0.0.0/8", "dst-ip != 45.66.77.88",
        "src-ip == 10.0.0.0/8", "src-ip == [2000::]/3", "payload-size >= 0", "header ip[0:1] >= 0"})
    EXPECT_EQ(Problem(ReadZeekSignatures(fmt::format("signature a {{\n {}\n}}\n", line))),
              "looks for too little")
        << line;
  for (const char* line :
       {"payload /.*evil/", "http-request /\\/(evil|wicked)/i", "same-ip",
        "dst-ip == 45.66.77.0/24,46.0.0.1", "src-ip == 10.1.2.3", "src-ip == [2a01:4f8::]/32"})
    EXPECT_EQ(Problem(ReadZeekSignatures(fmt::format("signature a {{\n {}\n}}\n", line))), "")
        << line;
  EXPECT_EQ(Problem(ReadZeekSignatures("signature a {\n same-ip\n}\nsignature a {\n same-ip\n}\n")),
            "name used twice");
  EXPECT_EQ(Problem(ReadZeekSignatures("signature a {\n payload /x/\n")), "signature without end");
}

class StoredRulesTest : public fixtures::DetectTest {
 protected:
  static std::string Rule(const std::string& content) {
    return "alert tcp any any -> any any (msg:\"x\"; content:\"evil-" + content +
           "\"; sid:1; rev:1;)";
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
  EXPECT_THAT(before, Not(HasSubstr(" sid:1;")));
  Put(1, {"tlp:green"}, {});
  Run(site);
  Put(1, {"tlp:green"}, {{"suricata", Rule("a")}, {"suricata", Rule("b2")}, {"snort", Rule("c")}});
  Run(site);
  const std::string after = Read("rules", "stored-suricata.rules");
  EXPECT_THAT(after, HasSubstr("content:\"evil-a\"; priority:4; sid:1990"));
  EXPECT_THAT(after, HasSubstr("content:\"evil-b2\"; priority:4; sid:1990"));
  EXPECT_THAT(after, HasSubstr("rev:2;"));
  EXPECT_THAT(after, Not(HasSubstr("rev:3;")));
}

// Neither own nor allowlist is compared with what such a rule names.
TEST_F(StoredRulesTest, BlockOnlyWhereTheSiteSaysSo) {
  Put(1, {"tlp:green"},
      {{"suricata", "drop tcp any any -> 45.77.1.1 any (content:\"evil\"; sid:1;)"},
       {"snort", "reject tcp any any -> 45.77.1.1 any (content:\"evil\"; sid:1;)"}});
  Site site = MakeSite({Make("rules", "stored-rules")});
  for (const auto power : {policy::Power::kDetects, policy::Power::kBlocks}) {
    site.destinations[0].use.power = power;
    Run(site);
    EXPECT_THAT(
        Read("rules", "stored-suricata.rules"),
        HasSubstr("tlp:green, drop written as alert\nalert tcp any any -> 45.77.1.1 any ("));
    EXPECT_THAT(Read("rules", "stored-snort.rules"), HasSubstr("\nalert tcp any any -> 45.77"));
  }
  site.destinations[0].stored_rules.may_block = true;
  Run(site);
  EXPECT_THAT(Read("rules", "stored-suricata.rules"), HasSubstr("tlp:green\ndrop tcp any any"));
  EXPECT_THAT(Read("rules", "stored-snort.rules"), HasSubstr("tlp:green\nreject tcp any any"));
  site.destinations[0].use.power = policy::Power::kDetects;
  EXPECT_THAT(Problem(CheckSite(site)), HasSubstr("may_block goes with power: block"));
}

// Attributes get UUIDs by event and place.
TEST_F(StoredRulesTest, ACopyInAnotherEventMovesNothing) {
  const Site site = MakeSite({Make("rules", "stored-rules")});
  for (const int original : {1, 2}) {
    const int copy = 3 - original;
    const std::string rule = Rule(fmt::format("text{}", original));
    Put(copy, {"tlp:green"}, {});
    Put(original, {"tlp:green"}, {{"suricata", rule}});
    Run(site);
    const std::string before = Read("rules", "stored-suricata.rules");
    Put(copy, {"tlp:green"}, {{"suricata", rule}});
    Run(site);
    EXPECT_EQ(Read("rules", "stored-suricata.rules"), before);
  }
}

TEST_F(StoredRulesTest, ManyCopiesMoveNothing) {
  const Site site = MakeSite({Make("rules", "stored-rules")});
  const auto sid = [&] {
    const std::string text = Read("rules", "stored-suricata.rules");
    return text.substr(text.find("sid:"));
  };
  for (int original = 1; original <= 12; ++original) {
    Put(original, {"tlp:green"}, {{"suricata", Rule("many")}});
    Run(site);
    EXPECT_EQ(sid(), "sid:1990000; rev:1;)\n");
  }
}

TEST_F(StoredRulesTest, ARuleBeforeItMovesNothing) {
  const Site site = MakeSite({Make("rules", "stored-rules")});
  Put(1, {"tlp:green"}, {{"suricata", Rule("a") + "\n" + Rule("b")}});
  Run(site);
  Put(1, {"tlp:green"}, {{"suricata", Rule("c") + "\n" + Rule("a") + "\n" + Rule("b")}});
  Run(site);
  const std::string text = Read("rules", "stored-suricata.rules");
  EXPECT_THAT(text, HasSubstr("content:\"evil-c\"; priority:4; sid:1990002; rev:1;"));
  EXPECT_THAT(text, HasSubstr("content:\"evil-a\"; priority:4; sid:1990000; rev:1;"));
  EXPECT_THAT(text, HasSubstr("content:\"evil-b\"; priority:4; sid:1990001; rev:1;"));
}

TEST_F(StoredRulesTest, TheEngineLeavesOutWhatItRefuses) {
  Put(1, {"tlp:green"},
      {{"suricata", Rule("good")}, {"suricata", Rule("bad")}, {"suricata", Rule("better")}});
  Site site = MakeSite({Make("rules", "stored-rules")});
  site.destinations[0].stored_rules.suricata = {"engine", "{}/stored-suricata.rules"};
  int runs = 0;
  site.fenced = [&](const std::vector<std::string>& argv, std::chrono::seconds,
                    const Fence& fence) -> Result<CommandEnd> {
    ++runs;
    EXPECT_EQ(argv[1], (fence.folder / "stored-suricata.rules").string());
    GF_TRY(const std::string text, ReadFile(argv[1], 1 << 20));
    if (text.find("bad") == std::string::npos) return CommandEnd{};
    return CommandEnd{CommandEnd::How::kExited, 1, "i: hello\nE: " + argv[1] + ": bad\n"};
  };
  const auto summary = Run(site).destinations.at(0);
  EXPECT_EQ(summary.reasons.Count(policy::Reason::kFormatCannotExpress,
                                  "suricata: E: stored-suricata.rules: bad"),
            1U);
  EXPECT_THAT(Read("rules", "stored-suricata.rules"), HasSubstr("better"));
  EXPECT_THAT(Read("rules", "stored-suricata.rules"), Not(HasSubstr("bad")));
  EXPECT_FALSE(std::filesystem::exists(Current("rules") / ".trial"));
  EXPECT_LE(runs, 6);
}

TEST_F(StoredRulesTest, ARateIsAddedToRulesThatHaveNone) {
  Put(1, {"tlp:green"},
      {{"suricata", Rule("a")},
       {"suricata",
        "alert tcp any any -> any any (content:\"bbbb\"; detection_filter:track by_src, "
        "count 5, seconds 60; sid:1;)"}});
  Site site = MakeSite({Make("rules", "stored-rules")});
  site.destinations[0].alert_rate = AlertRate{true, 1, 60};
  Run(site);
  const std::string text = Read("rules", "stored-suricata.rules");
  EXPECT_THAT(text,
              HasSubstr("content:\"evil-a\"; threshold:type limit, track by_both, seconds 60, "
                        "count 1; priority:4; sid:"));
  EXPECT_THAT(text, HasSubstr("seconds 60; priority:4; sid:"));
}

TEST_F(StoredRulesTest, YaraRulesKeepTheirNames) {
  Site site = MakeSite({Make("files", "yara")});
  site.destinations[0].yara.compiler = "any";
  site.fenced = [](const std::vector<std::string>&, std::chrono::seconds,
                   const Fence&) -> Result<CommandEnd> { return CommandEnd{}; };
  const std::string one = "rule b { condition: uint8(0) == 1 }";
  const std::string two = "rule b { condition: uint8(0) == 2 }";
  Put(1, {"tlp:green"}, {{"yara", one}});
  Run(site);
  Put(1, {"tlp:green"}, {{"yara", one}, {"yara", two}});
  Run(site);
  const std::string called = "rule b_2 { condition: uint8(0) == 2 }";
  EXPECT_THAT(Read("files", "misp-stored.yar"), HasSubstr(one));
  EXPECT_THAT(Read("files", "misp-stored.yar"), HasSubstr(called));
  Put(1, {"tlp:green"}, {{"yara", one + " // edited"}, {"yara", two}});
  Run(site);
  EXPECT_THAT(Read("files", "misp-stored.yar"), HasSubstr(one + " // edited"));
  EXPECT_THAT(Read("files", "misp-stored.yar"), HasSubstr(called));
  // Also when it is alone.
  Put(1, {"tlp:green"}, {{"domain", "x.example"}, {"yara", two}});
  Run(site);
  EXPECT_THAT(Read("files", "misp-stored.yar"), HasSubstr(called));
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
  Put(1, {"tlp:green"},
      {{"yara", "rule a { condition: uint8(0) == 1 }"}, {"md5", std::string(32, 'a')}});
  Site site = MakeSite({Make("files", "yara")});
  site.destinations[0].yara.compiler = "/nonexistent/yarac";
  const auto summary = Run(site).destinations.at(0);
  EXPECT_EQ(summary.reasons.Count(policy::Reason::kFormatCannotExpress, "no-yara-compiler"), 1U);
  EXPECT_THAT(Read("files", "misp-hashes.yar"), HasSubstr("rule misp_md5_aaaa"));
}

}  // namespace
}  // namespace gapferry::detect
