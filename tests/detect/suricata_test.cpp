#include <gmock/gmock.h>

#include <algorithm>

#include <memory>
#include <optional>

#include "detect/suricata_ports.h"
#include "detect/suricata_rule.h"
#include "tests/detect/fixture.h"

namespace gapferry::detect {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// The engine's own reading of a content pattern (Suricata 7, detect-content.c): hexadecimal between
// bars, and no raw quote, semicolon, colon or backslash outside of them.
std::optional<std::string> ReadContent(std::string_view text) {
  std::string bytes;
  bool hex = false;
  std::string digits;
  for (const char c : text) {
    if (c == '|') {
      hex = !hex;
      continue;
    }
    if (!hex) {
      if (std::string_view("\";:\\").find(c) != std::string_view::npos || c < 0x20 || c == 0x7F)
        return std::nullopt;
      bytes += c;
      continue;
    }
    if (c == ' ') continue;
    digits += c;
    if (digits.size() == 2) {
      bytes += static_cast<char>(std::stoi(digits, nullptr, 16));
      digits.clear();
    }
  }
  if (hex || !digits.empty()) return std::nullopt;
  return bytes;
}

TEST(SuricataContent, EveryByteComesBack) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string one(1, static_cast<char>(byte));
    EXPECT_EQ(ReadContent(SuricataContent(one)), one) << byte;
    all += one;
    all += one;
  }
  EXPECT_EQ(ReadContent(SuricataContent(all)), all);
}

std::vector<std::size_t> Chosen(const PortCounts& named_by, const std::vector<std::size_t>& before,
                                std::size_t most) {
  std::vector<bool> had(named_by.size());
  for (const std::size_t port : before)
    had[port] = true;
  const std::vector<bool> chosen = PortsWithSets(named_by, had, most);
  std::vector<std::size_t> ports;
  for (std::size_t port = 0; port < chosen.size(); ++port) {
    if (chosen[port]) ports.push_back(port);
  }
  return ports;
}

TEST(SuricataPorts, TheMostNamedHaveSetsAndKeepThem) {
  auto named_by = std::make_unique<PortCounts>();
  (*named_by)[80] = 5;
  (*named_by)[443] = 7;
  (*named_by)[8080] = 5;
  (*named_by)[65535] = 9;
  EXPECT_THAT(Chosen(*named_by, {}, 3), ElementsAre(80, 443, 65535)) << "the lower of two alike";
  EXPECT_THAT(Chosen(*named_by, {80, 443, 65535}, 3), ElementsAre(80, 443, 65535));
  EXPECT_THAT(Chosen(*named_by, {8080}, 1), ElementsAre(8080));
  (*named_by)[65535] = 10;
  EXPECT_THAT(Chosen(*named_by, {8080}, 1), ElementsAre(8080)) << "twice as many are not more";
  (*named_by)[65535] = 11;
  EXPECT_THAT(Chosen(*named_by, {8080}, 1), ElementsAre(65535));
  (*named_by)[8080] = 0;
  EXPECT_THAT(Chosen(*named_by, {8080}, 9), ElementsAre(80, 443, 65535)) << "named by none";
  EXPECT_THAT(Chosen(*named_by, {}, 0), ElementsAre());
}

TEST(SuricataMessage, NothingInItEndsTheOption) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte)
    all += static_cast<char>(byte);
  const std::string message = SuricataMessage(all, 256);
  for (const char c : message) {
    EXPECT_EQ(std::string_view("\";\\").find(c), std::string_view::npos);
    EXPECT_GE(static_cast<std::uint8_t>(c), 0x20);
    EXPECT_LT(static_cast<std::uint8_t>(c), 0x7F);
  }
  EXPECT_EQ(SuricataMessage("tag=\"a;b\\c\"", 100), "tag='a,b/c'");
  EXPECT_EQ(SuricataMessage("grün", 3), "gr");  // never half of a character
}

class SuricataTest : public fixtures::DetectTest {
 protected:
  std::string Rules(std::vector<Value> values, std::size_t literal_limit = 5000) {
    Put(1, {"tlp:clear"}, values);
    Site site = MakeSite({Make("ids", "suricata")});
    site.destinations[0].suricata.literal_limit = literal_limit;
    site.accept_change = true;
    summary_ = Run(site).destinations.at(0);
    return Read("ids", "misp.rules");
  }
  DestinationSummary summary_;
};

TEST_F(SuricataTest, ADomainHoldsWhatIsBelowItAndAHostNameDoesNot) {
  const std::string rules = Rules({{"domain", "evil.example"}, {"hostname", "www.bad.example"}});
  EXPECT_THAT(rules,
              HasSubstr("dns.query; dotprefix; content:\".evil.example\"; nocase; endswith;"));
  EXPECT_THAT(rules, HasSubstr("dns.query; content:\"www.bad.example\"; nocase; bsize:15;"));
  // http.host refuses nocase.
  EXPECT_THAT(rules, Not(::testing::ContainsRegex("http.host;[^\n]*nocase")));
}

TEST_F(SuricataTest, AnHttpsUrlIsCountedAndNeverWidenedToItsHost) {
  const std::string rules = Rules({{"url", "https://shared.example/evil"}});
  EXPECT_THAT(rules, Not(HasSubstr("shared.example")));
  EXPECT_EQ(summary_.reasons.Count(policy::Reason::kFormatCannotExpress, "https-url-inexpressible"),
            1U);
}

TEST_F(SuricataTest, AUrlKeepsItsPathAsItWasSentAndItsPort) {
  const std::string rules =
      Rules({{"url", "http://a.example:8080/../x/%3A;y?z=1"}, {"url", "http://b.example:80/"}});
  EXPECT_THAT(rules, HasSubstr("content:\"/../x/%3A|3B|y?z=1\"; within:15; isdataat:!1,"));
  EXPECT_THAT(rules, HasSubstr("-> any 8080 "));
  EXPECT_THAT(rules, ::testing::ContainsRegex("-> any any [^\n]*content:\"b.example\"; pcre:"));
}

TEST_F(SuricataTest, NoRuleOfOneValueHasATransformWithOptions) {
  // Each would be a buffer of its own to Suricata: 5,000 of them took 4.7 GB.
  const std::string rules = Rules({{"domain", "evil.example"},
                                   {"hostname", "www.bad.example"},
                                   {"url", "http://a.example/b"},
                                   {"user-agent", "Bad/1"},
                                   {"email-src", "a@b.example"}});
  EXPECT_THAT(rules, HasSubstr("www.bad.example"));
  EXPECT_THAT(rules, Not(HasSubstr("pcrexform")));
}

TEST_F(SuricataTest, DirectionFollowsTheType) {
  const std::string rules = Rules({{"ip-dst", "198.51.100.1"},
                                   {"ip-src", "198.51.100.2"},
                                   {"ip-src", "198.51.100.3"},
                                   {"ip-dst", "198.51.100.3"},
                                   {"ip-dst|port", "198.51.100.4|443"},
                                   {"ip-dst|port", "198.51.100.4|80"}});
  EXPECT_THAT(rules, HasSubstr("alert ip any any -> 198.51.100.1 any "));
  EXPECT_THAT(rules, HasSubstr("alert ip 198.51.100.2 any -> any any "));
  EXPECT_THAT(rules, HasSubstr("alert ip any any <> 198.51.100.3 any "));
  EXPECT_THAT(rules, HasSubstr("alert tcp any any -> 198.51.100.4 [80,443] "));
  EXPECT_THAT(rules, HasSubstr("flowbits:isnotset,gapferry.misp.to; "));
}

TEST_F(SuricataTest, AdversarialValuesKeepOneRuleALine) {
  std::vector<Value> values;
  for (int byte = 1; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    values.push_back({"user-agent", std::string("agent ") + c + " x"});
    values.push_back({"url", std::string("http://a.example/") + c + "x"});
    values.push_back({"filename", std::string("a") + c});
  }
  Rules(values);
  for (const std::string& line : Lines("ids", "misp.rules")) {
    if (line.starts_with('#')) continue;
    EXPECT_TRUE(line.starts_with("alert ")) << line;
    EXPECT_TRUE(line.ends_with(";)")) << line;
    EXPECT_LE(line.size(), kMaxSuricataLine);
    // Outside of hexadecimal, each option has its two quotes and no more.
    EXPECT_EQ(std::count(line.begin(), line.end(), '"') % 2, 0) << line;
  }
  EXPECT_GT(summary_.values.at("user-agent"), 90U);
}

TEST_F(SuricataTest, ManyValuesGoIntoSetsByTheNumberOfTheirLabels) {
  const std::string rules = Rules({{"domain", "evil.example"},
                                   {"domain", "a.b.example"},
                                   {"hostname", "h.example"},
                                   {"ip-dst", "198.51.100.1"},
                                   {"ip-src", "2001:db8::1"},
                                   {"url", "http://a.example/x"},
                                   {"sha256", std::string(64, 'a')}},
                                  0);
  EXPECT_EQ(Read("ids", "misp-domain-2.lst"), "ZXZpbC5leGFtcGxl\n");
  EXPECT_EQ(Read("ids", "misp-domain-3.lst"), "YS5iLmV4YW1wbGU=\n");
  EXPECT_EQ(Read("ids", "misp-ip-to-v4.lst"), "198.51.100.1\n");
  EXPECT_EQ(Read("ids", "misp-ip-from-v6.lst"), "2001:db8::1\n");
  EXPECT_EQ(Read("ids", "misp-sha256.lst"), std::string(64, 'a') + "\n");
  EXPECT_THAT(rules, HasSubstr("pcrexform:\"((?:[^.]+\\.){2}[^.]+)\\.?$\"; dataset:isset,"
                               "misp-domain-3,type string,load misp-domain-3.lst,hashsize 65536;"));
  EXPECT_THAT(rules, HasSubstr("type ipv4,load misp-ip-to-v4.lst"));
  EXPECT_THAT(rules, HasSubstr("type ip,load misp-ip-from-v6.lst"));
}

TEST_F(SuricataTest, NetworksBeyondTheLimitStandInHeadersThatFitTheirLine) {
  std::vector<Value> values;
  for (int i = 0; i < 1000; ++i)
    values.push_back({"ip-dst", fmt::format("198.{}.{}.0/24", 100 + i / 200, i % 200)});
  Rules(values, 10);
  std::size_t networks = 0;
  for (const std::string& line : Lines("ids", "misp.rules")) {
    EXPECT_LE(line.size(), kMaxSuricataLine);
    for (std::size_t at = line.find("/24"); at != std::string::npos; at = line.find("/24", at + 1))
      ++networks;
  }
  EXPECT_EQ(networks, 1000U);
}

TEST_F(SuricataTest, EmailsBeyondTheLimitAreCountedBecauseTheyHaveNoSet) {
  std::vector<Value> values;
  for (int i = 0; i < 20; ++i)
    values.push_back({"email-src", fmt::format("a{}@evil.example", i)});
  Rules(values, 5);
  EXPECT_EQ(summary_.used, 5U);
  EXPECT_EQ(summary_.values.at("email"), 5U);
  EXPECT_EQ(
      summary_.reasons.Count(policy::Reason::kFormatCannotExpress, "too-many-for-literal-rules"),
      15U);
}

TEST_F(SuricataTest, SidsRunOutWithAnErrorAndNotWithADoubledSid) {
  Put(1, {"tlp:clear"}, {{"ip-dst", "198.51.100.1"}, {"ip-dst", "198.51.100.2"}});
  Site site = MakeSite({Make("ids", "suricata")});
  site.destinations[0].suricata.sid_count = 1;
  const GenerateSummary summary = Run(site);
  ASSERT_TRUE(summary.destinations[0].error.has_value());
  EXPECT_EQ(summary.destinations[0].error->kind, Kind::kTooLarge);
  EXPECT_THAT(summary.destinations[0].error->hints,
              ::testing::Contains(HasSubstr("raise its `sid_count`")));
}

}  // namespace
}  // namespace gapferry::detect
