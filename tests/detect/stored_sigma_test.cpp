// Sigma rules of strangers: what is read of them, and what is refused, one failure each.
// tests/e2e/test_stored_sigma.py asks pySigma about the same.
#include <gmock/gmock.h>

#include "detect/sigma_condition.h"
#include "detect/sigma_rule.h"
#include "tests/detect/fixture.h"

namespace gapferry::detect {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kDetection =
    "detection:\n    s:\n        query: 'evil.example'\n    condition: s\n";
const std::string kSource = "logsource:\n    category: dns\n";
const std::string kBody = kSource + kDetection;
constexpr const char* kAuthorsId = "0f06a3a5-6a09-513f-8743-e6cf35561297";
constexpr const char* kGivenId = "1f06a3a5-6a09-413f-8743-e6cf35561297";

std::string RuleProblem(const std::string& text) {
  const auto rule = ReadStoredSigma(text);
  return rule.ok() ? "" : rule.error().what;
}
// Of a key beside the needed ones.
std::string KeyProblem(const std::string& lines) {
  return RuleProblem("title: A\n" + lines + kBody);
}
// Without its line, which is the 6th or later.
std::string SearchProblem(const std::string& search, const std::string& condition = "s") {
  const std::string problem = RuleProblem("title: A\n" + kSource + "detection:\n    s:\n        " +
                                          search + "\n    condition: " + condition + "\n");
  return problem.substr(std::min(problem.find(": ") + 2, problem.size()));
}

TEST(StoredSigma, IsWrittenAnewWithTheIdInItsPlace) {
  const auto rule = ReadStoredSigma("title: Of\n  two lines\ndate: 2024-01-02\n" + kBody +
                                    "falsepositives:\n- it's\n");
  ASSERT_TRUE(rule.ok()) << rule.error().what;
  EXPECT_EQ(rule->id, "");
  EXPECT_EQ(WriteStoredSigma(*rule, kGivenId),
            "title: 'Of two lines'\nid: '1f06a3a5-6a09-413f-8743-e6cf35561297'\ndate: 2024-01-02\n"
            "logsource:\n    category: 'dns'\ndetection:\n    s:\n        query: 'evil.example'\n"
            "    condition: 's'\nfalsepositives:\n    - 'it''s'\n");
}

TEST(StoredSigma, NamesTheAuthorsIdThatItLoses) {
  const auto write = [&](const std::string& lines) {
    const auto rule = ReadStoredSigma("id: 0F06A3A5-6a09-513f-8743-e6cf35561297\n" + lines + kBody);
    EXPECT_TRUE(rule.ok() && rule->id == kAuthorsId);
    EXPECT_THAT(WriteStoredSigma(*rule, kAuthorsId), Not(HasSubstr("derived")));
    return WriteStoredSigma(*rule, kGivenId);
  };
  const std::string origin =
      "related:\n    - id: '0f06a3a5-6a09-513f-8743-e6cf35561297'\n      type: 'derived'\n";
  EXPECT_THAT(write("title: >\n  A\n"), EndsWith("    condition: 's'\n" + origin));
  EXPECT_THAT(write("title: A\nrelated:\n"), HasSubstr(origin + "logsource"));
  EXPECT_THAT(write("title: A\nrelated: []\n"), HasSubstr(origin + "logsource"));
  EXPECT_THAT(write("title: A\nrelated:\n- type: similar\n  id: " + std::string(kGivenId) + "\n"),
              HasSubstr(origin + "    - type: 'similar'\n      id: '" + kGivenId + "'\nlogsource"));
}

TEST(StoredSigma, TouchesNoOtherRule) {
  EXPECT_EQ(KeyProblem("filter:\n    rules: any\n"), "line 3: filter is no key of a single rule");
  for (const std::string key : {"action", "correlation", "generate", "name", "rules", "x"})
    EXPECT_EQ(KeyProblem(key + ": global\n"), "line 2: " + key + " is no key of a single rule");
}

TEST(StoredSigma, HasKeysOfTheirTypes) {
  EXPECT_EQ(KeyProblem("id:\ndescription: |\n  a\n  b\ntags:\n- attack.t1059.001\nlevel: High\n"
                       "fields:\nreferences: []\nmodified: 2024/1/2\nstatus: test\nscope: [a]\n"
                       "taxonomy: sigma\nlicense: x\nauthor: '@x'\nsimulation:\n- a: b\n"),
            "");
  for (const auto& [lines, problem] : std::initializer_list<std::pair<const char*, const char*>>{
           {"id: foo\n", "an id that is no UUID"},
           {"description: 5\n", "a text that is none"},
           {"author: [a]\n", "a text that is none"},
           {"taxonomy:\n", "a text that is none"},
           {"date: 2024-13-01\n", "2024-13-01 must be in quotes: readers of YAML differ"},
           {"date: '2024-02-30'\n", "a date that is none"},
           {"modified: 2024/2/30\n", "a date that is none"},
           {"date: 5\n", "a date that is none"},
           {"tags: attack.t1\n", "a list that is none"},
           {"tags: [foo]\n", "a tag that is none"},
           {"falsepositives: none\n", "a list that is none"},
           {"references: [5]\n", "a text that is none"},
           {"status: banana\n", "unknown status"},
           {"level: bogus\n", "unknown level"},
           {"related: [a]\n", "a related rule without id and type"}})
    EXPECT_EQ(KeyProblem(lines), std::string("line 2: ") + problem);
  EXPECT_EQ(RuleProblem(kBody), "no title");
  EXPECT_EQ(RuleProblem("title: a\n" + kSource), "no detection");
  EXPECT_EQ(RuleProblem(std::string("title: a\n") + kDetection), "no logsource");
  EXPECT_EQ(RuleProblem("title: null\n" + kBody), "line 1: a title that is none");
  EXPECT_EQ(RuleProblem("title: \"a\\nb\"\n" + kBody), "line 1: a title that is none");
  EXPECT_EQ(RuleProblem("title: a\nlogsource:\n    definition: x\n" + std::string(kDetection)),
            "line 3: a log source that is none");
  EXPECT_EQ(RuleProblem("title: a\nlogsource:\n    category: a b\n" + std::string(kDetection)),
            "line 3: a log source that is none");
}

TEST(StoredSigma, TakesWhatTheSpecificationShows) {
  for (const char* detection :
       {"    s:\n        query|contains|all:\n            - 'a b c'\n            - \"b\" # why\n"
        "        type: [1, 'x,y']\n    filter_a:\n        - query: 'c'\n          q2|endswith: d\n"
        "        - query:\n              - e\n              - '*'\n              - f\n"
        "    condition: s and not 1 of filter_*\n",
        "    keywords:\n    - 'a b: c'\n    - defg\n    condition: keywords\n",
        "    keywords:\n        '|all':\n            - abcd\n            - defg\n"
        "    condition: keywords\n",
        "  one:\n    a: ''\n    b: null\n    c: xyz\n  two:\n    c|re: 'x.*yz'\n  condition: (one "
        "or "
        "two) and all of them\n",
        "  s:\n    ip|cidr: [192.168.0.0/16, 'fe80::/64', 192.0.2.1]\n    port|gte: 1024\n"
        "    x|base64offset|contains: 'abcd'\n    y|windash|contains: '-a /b'\n"
        "    z|fieldref: y\n    e|exists: true\n    t|hour|lt: 3\n    n|neq: a\n  condition: s\n",
        "    s:\n        a: xyz\n        b: '*'\n    condition:\n        - s\n        - any of "
        "s*\n"})
    EXPECT_EQ(RuleProblem("title: a\n" + kSource + "detection:\n" + detection), "") << detection;
}

TEST(StoredSigma, RefusesModifiersThatMeanNothing) {
  const auto misfit = [](const std::string& modifier) {
    return "a value that modifier " + modifier + " does not fit";
  };
  EXPECT_EQ(SearchProblem("q|nomod: x"), "unknown modifier");
  EXPECT_EQ(SearchProblem("q|contains|contains: x"), "a modifier that is there twice");
  EXPECT_EQ(SearchProblem("q|contains|re: x"), "modifier re behind another");
  EXPECT_EQ(SearchProblem("q|expand: '%x%'"),
            "modifier expand, which asks for a list that there is not");
  EXPECT_EQ(SearchProblem("q|re|contains: x"), misfit("contains"));
  EXPECT_EQ(SearchProblem("q|contains: 5"), misfit("contains"));
  EXPECT_EQ(SearchProblem("q|contains: null"), misfit("contains"));
  EXPECT_EQ(SearchProblem("q|i: x"), misfit("i"));
  EXPECT_EQ(SearchProblem("q|gt: x"), misfit("gt"));
  EXPECT_EQ(SearchProblem("q|exists: maybe"), misfit("exists"));
  EXPECT_EQ(SearchProblem("q|cidr: abc"), misfit("cidr"));
  EXPECT_EQ(SearchProblem("q|cidr: 192.0.2.1/24"), misfit("cidr"));
  EXPECT_EQ(SearchProblem("q|base64: 'a*b'"), misfit("base64"));
  EXPECT_EQ(SearchProblem("q|wide: '\xC3\xA9'"), misfit("wide"));
  EXPECT_EQ(SearchProblem("q|windash: '-a -b -c -d -e'"), misfit("windash"));
  EXPECT_EQ(SearchProblem("'|contains': x"), "a modifier without a field");
  for (const char* name :
       {"'q r'", "'a)OR(b'", "'-q'", "'q:r'", "OR", "'q=r'", "'q\"'", "'q*'", "'true'", "'null'",
        "'False'", "'1'", "'1.5e3'", "'0x1'", "earliest", "index", "Tag", "_exists_"})
    EXPECT_EQ(SearchProblem(std::string(name) + ": xyz"), "a name of a field that is none") << name;
  for (const char* name :
       {"cs(User-Agent)", "'a{}.b[0].c'", "'@timestamp'", "c-uri", "'1a'", "eventtype", "'truely'"})
    EXPECT_EQ(SearchProblem(std::string(name) + ": xyz"), "") << name;
  EXPECT_EQ(SearchProblem("q: []"), "a field without values");
  EXPECT_EQ(SearchProblem("q: 2024-01-02"), "a value that is none");
  EXPECT_EQ(SearchProblem("- null"), "a word that is none");
}

TEST(StoredSigma, TakesRegularExpressionsThatAllEnginesReadAlike) {
  for (const char* good : {"^a[\\w.-]{2,}\\x41$", "(?i)foo(?:bar|baz)+\\.exe", "[]a-z^]{1,3}xyz",
                           "(?P<n>ab){2}\\\\c\\/d"})
    EXPECT_EQ(SearchProblem("q|re: '" + std::string(good) + "'\n        r: xyz"), "") << good;
  for (const auto& [bad, why] : std::initializer_list<std::pair<const char*, const char*>>{
           {"((", "it does not compile"},
           {"(?=a)b", "a group of an unknown kind"},
           {"a(?i)b", "a group of an unknown kind"},
           {"(a)\\1", "an escape that not every engine knows"},
           {"\\pL", "an escape that not every engine knows"},
           {"\\x{41}", "an escape that not every engine knows"},
           {"ab\\", "an escape that not every engine knows"},
           {"[\\w-.]ab", "a range that begins with a class"},
           {"[[:alpha:]]x", "a class by name"},
           {"^*ab", "an anchor that is repeated"},
           {"\\b+ab", "an anchor that is repeated"},
           {"a{,3}b", "a repetition without its least number"}})
    EXPECT_EQ(SearchProblem("q|re: '" + std::string(bad) + "'"),
              std::string("regular expression: ") + why)
        << bad;
}

TEST(StoredSigma, RefusesConditionsThatNoConverterTakes) {
  EXPECT_EQ(SearchProblem("q: xyz", "s and nosuch"), "condition names no search");
  EXPECT_EQ(SearchProblem("q: xyz", "1 of filter_*"), "condition names no search");
  EXPECT_EQ(SearchProblem("q: xyz", "s and"), "condition names no search");
  EXPECT_EQ(SearchProblem("q: xyz", "s | count() > 5"), "condition is not understood");
  EXPECT_EQ(SearchProblem("q: xyz", std::string(40, '(') + "s"), "condition is too deep");
  EXPECT_EQ(SearchProblem("q: xyz\n    timeframe: 5m"), "timeframe, which only correlations have");
  EXPECT_EQ(SearchProblem("q: xyz\n    a b: c"), "a name of a search that is none");
  EXPECT_EQ(SearchProblem("q: xyz", "[]"), "no condition");
  // pySigma reads "not s".
  EXPECT_EQ(SearchProblem("q: xyz\n    nots:\n        q: abc", "nots"),
            "condition names a search that begins with not");
}

TEST(StoredSigma, RefusesWhatMatchesEverything) {
  for (const char* search : {"q: '*'",
                             "q|contains: ''",
                             "q|re: '.*'",
                             "q|cidr: 0.0.0.0/0",
                             "q: ['x', '*']",
                             "- '*'",
                             "- a: x\n        - b: '**'",
                             "q|contains: '?'",
                             "- '?'",
                             "q|re: '.'",
                             "q|fieldref: q",
                             "q|exists: true",
                             "q: null",
                             "q: ''",
                             "q|neq: xyz",
                             "q|gte: 0",
                             "q|contains: '.'",
                             "q|re: '[a-z]'",
                             "q|cidr: [0.0.0.0/1, 128.0.0.0/1]",
                             "q|base64offset|contains: 'a'",
                             "q: true",
                             "q|re: '[a-z]$'",
                             "q|re: 'foobar|[a-z]$'",
                             "q|re: 'a.?b.?c.?d'",
                             "q|re: '(?i)(?:ab|xy)\\d+'",
                             "q|contains: 'e'",
                             "q|contains: 'dd'",
                             "q|startswith: 'C:\\'",
                             "q|endswith: '.exe'",
                             "q|endswith: '.com'",
                             "q|startswith: 'http'",
                             "q: '*.exe'",
                             "q: 'ab*cd'",
                             "q|contains: ['powershell', 'x']",
                             "q|contains|all: ['ab', 'cd']",
                             "- 'ab'",
                             "- 44",
                             "q|re: '\xC3\xA9|^[0-9]{1,5}$'",
                             "q|re: 'abcd|\xC3\xA9?.'"})
    EXPECT_EQ(SearchProblem(search), "matches everything") << search;
  for (const char* search : {"q|re: '[a-z]evil\\d$'",
                             "q|re|i: '(?:evil|[ab]cde)$'",
                             "q|re: '(?P<a>ab){2}\\x41'",
                             "q|contains: 'evil'",
                             "q|endswith: '\\a.exe'",
                             "q|endswith: '.hta'",
                             "q: 'ab*evil'",
                             "q|contains: '~1\\'",
                             "q|contains: \"\\u202e\"",
                             "q|base64offset|contains: 'http'",
                             "q|wide|base64offset|contains: '.exe'",
                             "q: 'cmd'",
                             "q|cased: 'a'",
                             "q: 7",
                             "- 'evil'",
                             "- 4688",
                             "q|re: '\xC3\xA9|evil'",
                             "q|re: '[\xC3\xA9\xC3\xBC]vil'",
                             "q|re: '\xC3\xA9+'",
                             "q|contains: 'x'\n        r|endswith: '\\cmd.exe'"})
    EXPECT_EQ(SearchProblem(search), "") << search;
  EXPECT_EQ(SearchProblem("q: xyz", "not s"), "matches everything");
  EXPECT_EQ(SearchProblem("q: xyz", "s or not s"), "matches everything");
  EXPECT_EQ(SearchProblem("q: null", "not s"), "matches everything");
  EXPECT_EQ(SearchProblem("q: xyz\n    n:\n        q: null", "s and not n"), "");
}

// An event need not have the field, and converters differ in what ? is.
TEST(StoredSigma, RefusesWhatMatchesWhereAFieldIsMissing) {
  for (const char* search :
       {"q: '*'", "q|cidr: 0.0.0.0/0", "q|cidr: '::/0'", "q|re: '.*'", "q|re: '.'",
        "q|contains: '*'", "q: '?'", "q: '?*'", "- '*'", "- a: '*'\n        - b: evil",
        "a: '*'\n        b: '*'", "'|all': ['*']", "q|all: ['*', '*']", "q|re: '\\w|\\W'"})
    EXPECT_EQ(SearchProblem(search, "not s"), "matches everything") << search;
  EXPECT_EQ(SearchProblem("q|neq: '*'"), "matches everything");
  EXPECT_EQ(SearchProblem("q|neq: xyz", "not s"), "");
  EXPECT_EQ(SearchProblem("q: xyz", "not not s"), "");
  EXPECT_EQ(SearchProblem("q: xyz\n    t:\n        q: '*'", "s and not t"), "");
}

TEST(StoredSigma, RefusesTextsThatAreCommon) {
  for (const char* search :
       {"q: ['true', 'false']", "q: 'TCP'", "q|startswith: '10.'", "q|startswith: '255'",
        "q|startswith: '10.1'", "q: '10.*'", "q|startswith: 'fe80:'", "q|re: '^10\\.'",
        "q|startswith: '202'", "q|startswith: '2026-1'", "q|startswith: 'Mozilla/5.0'",
        "q|contains: 'windows nt'", "q|startswith: 'C:\\Windows\\'", "q|contains: '     '",
        "q|re: 'x|https?://'", "- 'Microsoft'"})
    EXPECT_EQ(SearchProblem(search), "matches everything") << search;
  for (const char* search :
       {"q|startswith: '10.1.'", "q|startswith: '10.123'", "q|startswith: '2001:db8:'",
        "q|startswith: 'C:\\Windows\\Zq'", "q|startswith: '2026-11-28'", "q: 'C:\\Windows'",
        "q|contains: 'tcp'\n        r|startswith: '10.1.2'"})
    EXPECT_EQ(SearchProblem(search), "") << search;
}

TEST(StoredSigma, RefusesWhatLuceneReadsAsAnything) {
  for (const char* pattern : {"@@@", "<0-99999>", "~(abc)", "~[abc]xyz", "~~abc", "\"\"\"\".*",
                              "ab@cd", "~abc", "abc~|^.{1,6}$"})
    EXPECT_EQ(SearchProblem("q|re: '" + std::string(pattern) + "'"), "matches everything")
        << pattern;
  for (const char* pattern : {"user@evil\\.example", "\\@\\@\\@", "[@~]evil", "PROGRA~1\\\\evil",
                              "<script>", "a=1&evil=\\d", "~\\x41evil"})
    EXPECT_EQ(SearchProblem("q|re: '" + std::string(pattern) + "'"), "") << pattern;
}

TEST(SigmaCondition, KnowsNoMoreThanItIsTold) {
  const std::map<std::string, SigmaTruth> searches = {{"a", SigmaTruth::kNo},
                                                      {"b", SigmaTruth::kPerhaps},
                                                      {"c_1", SigmaTruth::kYes},
                                                      {"_h", SigmaTruth::kYes}};
  const auto evaluate = [&](const char* condition) {
    const auto truth = EvaluateSigmaCondition(condition, searches);
    return truth.ok() ? static_cast<int>(*truth) : -1;
  };
  EXPECT_EQ(evaluate("a and b or not c_1"), 0);
  EXPECT_EQ(evaluate("a or\n  not b"), 1);
  EXPECT_EQ(evaluate("not (a and not (b))"), 2);
  EXPECT_EQ(evaluate("all of them"), 0);
  EXPECT_EQ(evaluate("1 of c*"), 2);
  EXPECT_EQ(evaluate("any of *"), 2);
  EXPECT_EQ(evaluate("all of _*"), 2);
  EXPECT_EQ(evaluate("1 of c-*"), -1);
}

class StoredSigmaFiles : public fixtures::DetectTest {};

TEST_F(StoredSigmaFiles, NoFeedTakesTheIdOfAnotherRule) {
  Put(1, {"tlp:green"},
      {{"sigma", "title: A\nid: 0f06a3a5-6a09-413f-8743-e6cf35561297\n" + kBody},
       {"sigma", "title: B\nid: 0f06a3a5-6a09-513f-8743-e6cf35561297\n" + kBody},
       {"sigma", "title: C\nid: 0F06A3A5-6A09-513F-8743-E6CF35561297\n" + kBody}});
  Run(MakeSite({Make("rules", "stored-rules")}));
  int own = 0;
  int authors = 0;
  for (const auto& entry : std::filesystem::directory_iterator(Current("rules"))) {
    const std::string name = entry.path().filename();
    if (!name.ends_with(".yml")) continue;
    const std::string text = Read("rules", name);
    own += text.find("\nid: '0f06a3a5") == std::string::npos ? 1 : 0;
    authors += text.find(std::string("\nid: '") + kAuthorsId + "'\n") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(own, 2);
  EXPECT_EQ(authors, 1);
}

}  // namespace
}  // namespace gapferry::detect
