#include "detect/spelling.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace gapferry::detect {
namespace {

using intel::IndicatorKind;

bool Stands(const char* format, IndicatorKind kind, const char* value, std::string_view line) {
  Destination destination;
  destination.format = format;
  const std::vector<Spelling> spellings = SpellingsOf(destination, {kind, value});
  return std::any_of(spellings.begin(), spellings.end(), [&](const Spelling& spelling) {
    return FindSpelling(line, spelling) != std::string_view::npos;
  });
}

TEST(Spelling, OfANameIsNotWithinAnotherValue) {
  for (const char* line : {"evil.example", "*.evil.example CNAME .", "address=/evil.example/ # x",
                           "local-zone: \"evil.example.\" always_nxdomain", ".evil.example # x",
                           "0.0.0.0 evil.example # x"})
    EXPECT_TRUE(Stands("hosts", IndicatorKind::kDomain, "evil.example", line)) << line;
  for (const char* line :
       {"notevil.example", "www.evil.example", "evil.example.com", "a@evil.example",
        "http://evil.example/a", "evil.example/a", "evil.example-x"})
    EXPECT_FALSE(Stands("hosts", IndicatorKind::kDomain, "evil.example", line)) << line;
}

TEST(Spelling, OfAnAddressIsNotWithinAnother) {
  EXPECT_TRUE(Stands("nftables", IndicatorKind::kAddress, "192.0.2.1", "      192.0.2.1, # x"));
  for (const char* line : {"192.0.2.10", "1192.0.2.1", "192.0.2.1/24", "192.0.2.1.5"})
    EXPECT_FALSE(Stands("nftables", IndicatorKind::kAddress, "192.0.2.1", line)) << line;
  EXPECT_FALSE(Stands("nftables", IndicatorKind::kAddress, "db8::1", "2001:db8::1"));
}

TEST(Spelling, IsThatOfTheFormat) {
  EXPECT_TRUE(
      Stands("rpz", IndicatorKind::kAddress, "2001:db8::1", "128.1.zz.db8.2001.rpz-ip CNAME ."));
  EXPECT_TRUE(
      Stands("wazuh", IndicatorKind::kUrl, "http://a.example/", "\"http://a.example/\":uuid"));
  EXPECT_TRUE(
      Stands("squid", IndicatorKind::kUrl, "http://a.example/x?y", "^http://a\\.example/x\\?y$"));
  EXPECT_TRUE(
      Stands("squid", IndicatorKind::kUrl, "http://a.example/%2a%20", "^http://a\\.example/\\* $"));
  EXPECT_TRUE(Stands("sigma", IndicatorKind::kDomain, "evil.example", "  - '.evil.example'"));
  EXPECT_TRUE(Stands("suricata", IndicatorKind::kDomain, "evil.example", "ZXZpbC5leGFtcGxl"));
  EXPECT_TRUE(Stands("suricata", IndicatorKind::kDomain, "evil.example",
                     "alert dns any any -> any any (msg:\"MISP domain "
                     "evil.example: info\"; "));
  EXPECT_FALSE(Stands("suricata", IndicatorKind::kDomain, "evil.example",
                      "alert ip (msg:\"MISP address 192.0.2.1: about evil.example\"; "));
  EXPECT_FALSE(
      Stands("csv", IndicatorKind::kDomain, "evil.example", "192.0.2.1,about evil.example"));
}

TEST(Spelling, OfListsForLookupsHasTheirWildcards) {
  for (const char* line : {"*MD5=ABCDEF0123456789ABCDEF0123456789*",
                           "*MD5=ABCDEF0123456789ABCDEF0123456789*,d1a482e7,clear,",
                           "        - '*MD5=ABCDEF0123456789ABCDEF0123456789*'"})
    EXPECT_TRUE(Stands("sigma", IndicatorKind::kMd5, "abcdef0123456789abcdef0123456789", line))
        << line;
  for (const char* line : {"*\\evil.exe", "*\\evil.exe,d1a482e7,clear,", "        - '*\\evil.exe'"})
    EXPECT_TRUE(Stands("sigma", IndicatorKind::kFilename, "evil.exe", line)) << line;
  EXPECT_TRUE(Stands("sigma", IndicatorKind::kDomain, "evil.example", "*.evil.example"));
  EXPECT_FALSE(Stands("sigma", IndicatorKind::kFilename, "evil.exe", "*\\notevil.exe"));
}

TEST(Spelling, OfZeekHasBytesInHexadecimal) {
  EXPECT_TRUE(Stands("zeek", IndicatorKind::kFilename, "x\\\xC3\xA9.exe",
                     "x\\x5c\\xc3\\xa9.exe\tIntel::FILE_NAME\tMISP"));
}

TEST(Spelling, OfStixIsEscapedTwice) {
  EXPECT_TRUE(Stands("stix", IndicatorKind::kOther, "HKLM\\it's",
                     R"("pattern":"[windows-registry-key:key = 'HKLM\\\\it\\'s']",)"));
}

}  // namespace
}  // namespace gapferry::detect
