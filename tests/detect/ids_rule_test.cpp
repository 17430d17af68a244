// Rules of strangers for Suricata and Snort: what is read of them, and what is refused, one failure
// each.
#include <gtest/gtest.h>

#include <map>

#include "detect/ids_bits.h"
#include "detect/ids_problem.h"
#include "detect/narrow.h"

namespace gapferry::detect {
namespace {

std::string IdsProblem(const std::string& rule, Sensor sensor = Sensor::kSuricata) {
  const auto rules = ReadIdsRules(rule);
  return rules.ok() ? IdsRuleProblem((*rules)[0], sensor) : rules.error().what;
}

std::string WithOptions(const std::string& options) {
  return "alert tcp any any -> any any (msg:\"x\"; " + options + " sid:1;)";
}

TEST(IdsRules, TakeANewNumber) {
  const std::string text =
      "# a comment\nalert http $HOME_NET any -> [192.0.2.1, 192.0.2.2] any (msg:\"a\\; b \\\" "
      "c\"; Sid:5; content:\"evil\\;y\"; nocase; gid:3; priority:1; rev:9;)\n";
  const auto rules = ReadIdsRules(text);
  ASSERT_TRUE(rules.ok());
  EXPECT_EQ((*rules)[0].ToLine(1990000, 2),
            "alert http $HOME_NET any -> [192.0.2.1, 192.0.2.2] any (msg:\"a\\; b \\\" c\"; "
            "content:\"evil\\;y\"; nocase; priority:4; sid:1990000; rev:2;)");
  EXPECT_EQ(IdsProblem(text), "");
}

TEST(IdsRules, RefuseWithAReason) {
  const std::string head = "alert tcp any any -> any any ";
  EXPECT_EQ(IdsProblem("alert tcp any any -> any"), "no options");
  EXPECT_EQ(IdsProblem("alert tcp any any > (sid:1;)"), "header without its fields");
  EXPECT_EQ(IdsProblem("include tcp any any -> any any (sid:1;)"), "unknown action");
  EXPECT_EQ(IdsProblem(head + "(sid:1; msg:\"x)"), "option without semicolon");
  EXPECT_EQ(IdsProblem(head + "(sid:1;) alert"), "text after the options");
  EXPECT_EQ(IdsProblem(head + "(sid:1;"), "options without end");
  EXPECT_EQ(IdsProblem(head + "(sid:\x01;)"), "control character");
  const std::string tail = " tcp any any -> any any (content:\"evil\"; sid:1;)";
  EXPECT_EQ(IdsProblem("pass" + tail), "pass rule");
  EXPECT_EQ(IdsProblem("alert tcp $NOSUCH any -> any any (content:\"evil\"; sid:1;)"),
            "unknown variable");
  EXPECT_EQ(IdsProblem("alert tcp [$HOME_NET,!$home_net] any -> any $HTTP_PORTS (sid:1;)"),
            "unknown variable");
}

// Suricata ends an option at any semicolon without a backslash before it.
TEST(IdsRules, HideNoKeywordInAValue) {
  EXPECT_EQ(IdsProblem(WithOptions("metadata:\"a; bypass; metadata:b\"; content:\"evil\";")),
            "semicolon in a value");
  EXPECT_EQ(IdsProblem(WithOptions("metadata:a\\\\; content:\"evil\";")), "semicolon in a value");
}

TEST(IdsRules, MayOnlyLook) {
  for (const char* option :
       {"bypass", "replace:\"y\"", "filestore", "iprep:any,X,>,1", "Dataset:set,x,type string",
        "lua:x.lua", "tag:session,5,packets", "tls.store", "nosuchkeyword:1"}) {
    const std::string key = std::string(option).substr(0, std::string(option).find(':'));
    EXPECT_EQ(IdsProblem(WithOptions("content:\"evil\"; " + std::string(option) + ";")),
              "keyword " + key + " is not allowed");
  }
  for (const char* option : {"logto:\"../x\"", "session:printable", "resp:rst_all", "react:block",
                             "activates:1", "replace:\"y\"", "stream_reassemble:disable,both"}) {
    const std::string key = std::string(option).substr(0, std::string(option).find(':'));
    EXPECT_EQ(
        IdsProblem(WithOptions("content:\"evil\"; " + std::string(option) + ";"), Sensor::kSnort),
        "keyword " + key + " is not allowed");
  }
  EXPECT_EQ(IdsProblem(WithOptions("Content:\"evil\"; NOCASE; threshold:type limit, track by_src, "
                                   "count 1, seconds 60;")),
            "");
  EXPECT_EQ(IdsProblem("alert http (http_uri; content:\"evil\", nocase; rem:\"y\"; sid:1;)",
                       Sensor::kSnort),
            "");
}

TEST(IdsRules, AreSilentOnlyToSetABit) {
  EXPECT_EQ(IdsProblem(WithOptions("content:\"evil\"; flowbits:reset;"), Sensor::kSnort),
            "flowbits reset");
  EXPECT_EQ(IdsProblem(WithOptions("content:\"evil\"; noalert;")),
            "noalert without a flowbit that is set");
  EXPECT_EQ(IdsProblem(WithOptions("content:\"evil\"; flowbits:isset,a; flowbits:noalert;")),
            "noalert without a flowbit that is set");
  EXPECT_EQ(IdsProblem(WithOptions("content:\"evil\"; flowbits:set,a; flowbits:noalert;")), "");
  EXPECT_EQ(IdsProblem(WithOptions("content:\"evil\"; flowint:a,+,1; noalert;")), "");
}

TEST(IdsRules, DoNotComeBeforeGapferrysOwn) {
  const std::string problem = "a flowbit that is set beside other bits or variables";
  const auto of = [](const std::string& bits, Sensor sensor = Sensor::kSuricata) {
    return IdsProblem(WithOptions("content:\"evil\"; " + bits), sensor);
  };
  EXPECT_EQ(of("flowbits:set,a; flowint:b,+,1;"), problem);
  EXPECT_EQ(of("FlowBits: Toggle , a; HostBits:isset,b,src;"), problem);
  EXPECT_EQ(of("flowbits:unset,a; xbits:set,b,track ip_src;"), problem);
  EXPECT_EQ(of("flowbits:set,a; pcre:\"/evil(?P<pkt_b>.)/\";"), problem);
  EXPECT_EQ(of("flowbits:set,a; pcre:\"/evil(.)/,pkt:b\";"), problem);
  EXPECT_EQ(of("flowbits:set,a; flowint:b,+,1; noalert;"), "");
  EXPECT_EQ(of("flowbits:set,a; flowint:b,+,1; flowbits:noalert;"), "");
  EXPECT_EQ(of("flowbits:isset,a; flowint:b,+,1;"), "");
  EXPECT_EQ(of("flowbits:set,a; flowbits:isnotset,b; pcre:\"/evil(.)/\";"), "");
  EXPECT_EQ(of("flowbits:set,a; xbits:set,b,track ip_src;", Sensor::kSnort),
            "keyword xbits is not allowed");
}

std::string OwnBits(const std::string& option, Sensor sensor = Sensor::kSuricata) {
  auto rules = ReadIdsRules(WithOptions(option + ";")).value();
  GiveBitsOfTheirOwn(sensor, &rules[0]);
  return rules[0].options[1].key + ':' + rules[0].options[1].value;
}

TEST(IdsRules, HaveBitsOfTheirOwn) {
  EXPECT_EQ(OwnBits("flowbits:unset,ET.bot"), "flowbits:unset,gapferry_stored_ET.bot");
  EXPECT_EQ(OwnBits("FlowBits: isset , a|gapferry.to"),
            "FlowBits:isset,gapferry_stored_a|gapferry_stored_gapferry.to");
  EXPECT_EQ(OwnBits("flowbits:noalert"), "flowbits:noalert");
  EXPECT_EQ(OwnBits("xbits:set,a,track ip_src,expire 60"),
            "xbits:set,gapferry_stored_a,track ip_src,expire 60");
  EXPECT_EQ(OwnBits("hostbits:set,a,both"), "hostbits:set,gapferry_stored_a,both");
  EXPECT_EQ(OwnBits("flowint:n,+,1"), "flowint:gapferry_stored_n,+,1");
  EXPECT_EQ(OwnBits("flowint:n,>,m"), "flowint:gapferry_stored_n,>,gapferry_stored_m");
  EXPECT_EQ(OwnBits("flowint:n,notset"), "flowint:gapferry_stored_n,notset");
  EXPECT_EQ(OwnBits("flowbits:set,a&b,g", Sensor::kSnort),
            "flowbits:set,gapferry_stored_a&gapferry_stored_b,gapferry_stored_g");
  EXPECT_EQ(OwnBits("flowbits:isset,any,g", Sensor::kSnort),
            "flowbits:isset,any,gapferry_stored_g");
  EXPECT_EQ(OwnBits("flowbits:isset,any"), "flowbits:isset,gapferry_stored_any");
  EXPECT_EQ(IdsProblem(WithOptions("content:\"evil\"; flowbits:\"set,a\";")), "bit in quotes");
  EXPECT_EQ(IdsProblem(WithOptions("content:\"evil\"; pcre:\"/(?P<flow_x>.)/\";")),
            "flow variable");
}

TEST(IdsRules, LookForSomething) {
  const std::string little = "looks for too little";
  for (const char* header :
       {"alert ip any any -> any any", "alert tcp [any] any <> $HOME_NET [0:65535]",
        "alert ip any any -> [0.0.0.0/0,::/0] any", "alert ip any any -> any [1:65535,0]",
        "alert tcp any any -> any !65535", "alert tcp any any -> any 443", "alert http",
        "drop ip any any -> 0.0.0.0/1 any", "alert ip any any -> !45.66.77.88 any",
        "alert ip any any -> [!45.66.77.88,!45.66.77.89] any", "alert ip any any -> 10.0.0.0/8 any",
        "alert ip any any -> [45.0.0.0/8,46.0.0.0/8] any", "alert ip any any -> 127.0.0.1 any",
        "alert tcp $HTTP_SERVERS any -> $EXTERNAL_NET any"}) {
    EXPECT_EQ(
        IdsProblem(std::string(header) + " (msg:\"all\"; flow:to_server; sid:1;)", Sensor::kSnort),
        little)
        << header;
  }
  for (const char* header :
       {"alert tcp any any -> 45.66.77.88 any",
        "alert ip [45.66.0.0/16, 2a01:4f8::/32] any <> any any",
        "alert ip any any -> [45.66.0.0/16,!45.66.77.0/24] 443", "alert ip any any -> 10.1.2.3 any",
        "alert ip any any -> 192.168.1.0/24 any"}) {
    EXPECT_EQ(IdsProblem(std::string(header) + " (msg:\"x\"; sid:1;)"), "") << header;
  }
  for (const char* options :
       {"http.host; content:!\"evil\";", "content:\"GET\";", "content:\"|16 03 01|\";",
        "content:\"|41|b\\;\";", "ttl:>0;", "dsize:>0;", "flags:S;", "pcre:\"/./s\";",
        "pcre:\"/evil|./\";", "pcre:\"/e v i l/x\";", "pcre:!\"/evil/\";", "pcre:\"/(?x) . . ./\";",
        "pcre:\"/(*ACCEPT)evil/\";", "tls.subject:\"a\";", "flowbits:isset,abcdef;",
        "urilen:>0;"}) {
    EXPECT_EQ(IdsProblem(WithOptions(options)), little) << options;
  }
  for (const char* options :
       {"content:\"evil\";", "content:\"|16 03 01 02|\";", "content:\"a|3a|\\;b\";",
        "uricontent:\"/x.exe\";", "pcre:\"/^\\/(wicked|evil)/i\";", "sameip;",
        "tls.fingerprint:\"aa:bb\";", "modbus: function 5;", "decode-event:ipv4.pkt_too_small;"}) {
    EXPECT_EQ(IdsProblem(WithOptions(options)), "") << options;
  }
}

TEST(LongestLiteral, IsWhatEveryMatchHas) {
  const std::map<std::string, std::size_t> kFound = {{"abcd", 4},
                                                     {"ab.cd", 2},
                                                     {"abcd?", 3},
                                                     {"abc+d", 3},
                                                     {"abcd|x", 1},
                                                     {"(abcd)?x", 1},
                                                     {"x(abcd|efg)", 3},
                                                     {"(?!abcd)x", 1},
                                                     {"(?:abcd)x", 4},
                                                     {"ab\\d", 2},
                                                     {"\\x41\\/", 2},
                                                     {"[abcd]x", 1},
                                                     {"[]abcd]x", 1},
                                                     {"a{0}bcd", 3},
                                                     {"abc{2}", 2},
                                                     {"", 0},
                                                     {"abcd|", 0},
                                                     {"(?#abcd", 0},
                                                     {"\\Q....", 0},
                                                     {"abcd\\", 4},
                                                     {"[[:print:]abcdefg]", 0},
                                                     {"(?<abcd>.)\\k<abcd>", 0},
                                                     {"(?P<abcd>.?)", 0},
                                                     {"(?<=abcd)efgh", 4},
                                                     {"(.)\\g'abcd'", 0},
                                                     {"((((", 0},
                                                     {"abcd)|.", 4}};
  for (const auto& [expression, bytes] : kFound)
    EXPECT_EQ(LongestLiteral(expression), bytes) << expression;
}

}  // namespace
}  // namespace gapferry::detect
