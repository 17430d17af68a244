#include "importer/log_values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gapferry::importer {
namespace {

using intel::IndicatorKind;
using ::testing::Contains;
using ::testing::IsSupersetOf;
using Found = std::vector<std::pair<IndicatorKind, std::string>>;

Found Read(std::string_view line) {
  Found found;
  for (const intel::Indicator& one : ReadLogLine(line))
    found.emplace_back(one.kind, one.value);
  return found;
}

TEST(LogValues, OfSquid) {
  EXPECT_THAT(Read("1794182400.123    56 192.0.2.7 TCP_MISS/200 5120 GET "
                   "http://Evil.example:8080/a?b=c(d) - HIER_DIRECT/203.0.113.7 text/html"),
              IsSupersetOf(Found{{IndicatorKind::kAddress, "192.0.2.7"},
                                 {IndicatorKind::kUrl, "http://evil.example:8080/a?b=c(d)"},
                                 {IndicatorKind::kHostname, "evil.example"},
                                 {IndicatorKind::kAddress, "203.0.113.7"}}));
  EXPECT_THAT(Read("TCP_TUNNEL/200 39 CONNECT evil.example:443 - -"),
              IsSupersetOf(Found{{IndicatorKind::kHostname, "evil.example"}}));
}

TEST(LogValues, OfTcpdumpWithAPortAtTheAddress) {
  const Found found = Read("IP 192.0.2.7.51514 > 203.0.113.7.443: Flags [S], seq 1, length 0");
  EXPECT_THAT(found, IsSupersetOf(Found{{IndicatorKind::kAddress, "192.0.2.7"},
                                        {IndicatorKind::kAddress, "203.0.113.7"}}));
}

TEST(LogValues, OfZeekWithTabsBetweenTheColumns) {
  EXPECT_THAT(Read("1794182400.1\tCx1\t192.0.2.7\t80\tevil.example\tMozilla/5.0 (bad)\t-"),
              IsSupersetOf(Found{{IndicatorKind::kUserAgent, "Mozilla/5.0 (bad)"},
                                 {IndicatorKind::kHostname, "evil.example"}}));
}

TEST(LogValues, KnowsThePortThatStandsWithAnAddress) {
  using Ports = std::vector<std::uint16_t>;
  const auto ports = [](std::string_view line, std::string_view address) {
    for (const LogValue& one : ReadLogLine(line)) {
      if (one.kind == IndicatorKind::kAddress && one.value == address) return one.ports;
    }
    ADD_FAILURE() << address << " is not found in " << line;
    return Ports{};
  };
  EXPECT_EQ(ports("tcp 45.77.1.1:80 -> 192.0.2.7:1025", "45.77.1.1"), Ports{80});
  EXPECT_EQ(ports("tcp [2001:db8::1]:8443 ok", "2001:db8::1"), Ports{8443});
  EXPECT_EQ(ports("IP 192.0.2.7.51514 > 45.77.1.1.443: Flags [S]", "45.77.1.1"), Ports{443});
  EXPECT_EQ(ports("GET http://45.77.1.1/a", "45.77.1.1"), Ports{80});
  EXPECT_EQ(ports("GET https://45.77.1.1:8443/a", "45.77.1.1"), Ports{8443});
  EXPECT_EQ(ports(R"({"src_ip":"192.0.2.7","src_port":1025,"dest_ip":"45.77.1.1","dest_port":80})",
                  "45.77.1.1"),
            Ports{80});
  EXPECT_EQ(ports(R"({"destination":{"ip":"45.77.1.1","port":"80"},"a":"45.77.1.1"})", "45.77.1.1"),
            Ports{80});
  EXPECT_EQ(ports(R"({"id.resp_h":"45.77.1.1","id.resp_p":80})", "45.77.1.1"), Ports{80});
  EXPECT_EQ(ports("45.77.1.1:80 then 45.77.1.1:443", "45.77.1.1"), (Ports{80, 443}));
  // Which column is the port, the line does not say.
  EXPECT_EQ(ports("1794182400.1\t192.0.2.1\t1025\t45.77.1.1\t80\ttcp", "45.77.1.1"), Ports{});
  EXPECT_EQ(ports("45.77.1.1:1794182400", "45.77.1.1"), Ports{});
  EXPECT_EQ(ports(R"({"dest_ip":"45.77.1.1","dest_port":70000,"src_port":1})", "45.77.1.1"),
            Ports{});
}

TEST(LogValues, OfATicketThatNobodyShouldClick) {
  EXPECT_THAT(Read("seen hxxps://evil[.]example/a and 203.0.113[.]7 today"),
              IsSupersetOf(Found{{IndicatorKind::kUrl, "https://evil.example/a"},
                                 {IndicatorKind::kHostname, "evil.example"},
                                 {IndicatorKind::kAddress, "203.0.113.7"}}));
}

TEST(LogValues, OfNameServers) {
  EXPECT_THAT(Read("queries: info: client @0x7f 192.0.2.1#5353 (evil.example): query: evil.example "
                   "IN A +E(0)K (192.0.2.53)"),
              IsSupersetOf(Found{{IndicatorKind::kHostname, "evil.example"},
                                 {IndicatorKind::kAddress, "192.0.2.1"},
                                 {IndicatorKind::kAddress, "192.0.2.53"}}));
  EXPECT_THAT(Read("PACKET  00 UDP Rcv 192.0.2.1 0001   Q [0001   D   NOERROR] A      "
                   "(3)www(4)evil(7)example(0)"),
              IsSupersetOf(Found{{IndicatorKind::kHostname, "www.evil.example"}}));
}

TEST(LogValues, OfJsonWithEscapes) {
  EXPECT_THAT(Read(R"({"url":"http:\/\/evil.example\/\u0061","h":["\u0065vil.example"]})"),
              IsSupersetOf(Found{{IndicatorKind::kUrl, "http://evil.example/a"},
                                 {IndicatorKind::kHostname, "evil.example"}}));
}

TEST(LogValues, OfSysmonAndMail) {
  const std::string sha256(64, 'A');
  EXPECT_THAT(Read("Hashes: MD5=" + std::string(32, 'B') + ",SHA256=" + sha256 +
                   R"( Image: C:\Temp\evil.exe)"),
              IsSupersetOf(Found{{IndicatorKind::kMd5, std::string(32, 'b')},
                                 {IndicatorKind::kSha256, std::string(64, 'a')},
                                 {IndicatorKind::kFilename, "evil.exe"}}));
  EXPECT_THAT(Read("postfix/qmgr[1]: 4F: from=<Someone@Evil.example>, size=1"),
              IsSupersetOf(Found{{IndicatorKind::kEmail, "someone@evil.example"}}));
}

TEST(LogValues, OfAddressesWithPortsAndBrackets) {
  EXPECT_THAT(Read("[2001:DB8::1]:443 2001:db8:0:0::2 198.51.100.9:80 ::ffff:192.0.2.3"),
              IsSupersetOf(Found{{IndicatorKind::kAddress, "2001:db8::1"},
                                 {IndicatorKind::kAddress, "2001:db8::2"},
                                 {IndicatorKind::kAddress, "198.51.100.9"},
                                 {IndicatorKind::kAddress, "192.0.2.3"}}));
}

TEST(LogValues, OfALongLineAreAllThere) {
  std::string line;
  for (int i = 0; i < 5000; ++i)
    line += std::to_string(i) + ".benign.example ";
  const Found found = Read(line + "evil.example");
  EXPECT_GE(found.size(), 5001U);
  EXPECT_THAT(found, Contains(Found::value_type{IndicatorKind::kHostname, "evil.example"}));
}

// Lines that are made to be slow to read: as long as a line may be, and read in a moment.
TEST(LogValues, OfAHostileLineAreFoundInAMoment) {
  const auto repeat = [](std::string_view part) {
    std::string line;
    while (line.size() + part.size() < kMaxLogLine)
      line += part;
    return line;
  };
  for (const std::string_view part :
       {"a://", "(", "()", "\"", "(1)a", ":", "@", "a.b ", "http://a/"})
    (void)ReadLogLine(repeat(part));
}

}  // namespace
}  // namespace gapferry::importer
