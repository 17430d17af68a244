#include "policy/allowlist.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gapferry::policy {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

intel::Indicator Value(std::string_view type, std::string_view value) {
  const intel::Normalised normalised = intel::Normalise(type, value);
  EXPECT_TRUE(normalised.ok()) << type << " " << value;
  return normalised.indicators[0];
}

std::string_view Covers(const Allowlist& list, std::string_view type, std::string_view value) {
  return list.Covers(Value(type, value));
}

TEST(Allowlist, ReadsEntriesAndComments) {
  const Result<Allowlist> list = Allowlist::Parse(
      "# ours\n\n  Example.org   # and below\r\n192.0.2.7\n=www.example.net\n", "f");
  ASSERT_TRUE(list.ok()) << list.error().what;
  EXPECT_EQ(list->size(), 3U);
  EXPECT_EQ(Covers(*list, "domain", "a.b.example.ORG"), "Example.org");
  EXPECT_EQ(Covers(*list, "ip-dst", "192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(Covers(*list, "hostname", "www.example.net"), "=www.example.net");
  EXPECT_EQ(Covers(*list, "hostname", "a.www.example.net"), "");
  EXPECT_EQ(Covers(*list, "domain", "www.example.net"), "");
  EXPECT_EQ(Covers(*list, "domain", "notexample.org"), "");
}

TEST(Allowlist, CoversUrlsByHostAndWhole) {
  const Allowlist list =
      Allowlist::Parse("https://a.example/x#top\nb.example\n192.0.2.0/24\n", "f").value();
  EXPECT_EQ(Covers(list, "url", "https://A.example/x"), "https://a.example/x#top");
  EXPECT_EQ(Covers(list, "url", "https://a.example/y"), "");
  EXPECT_EQ(Covers(list, "url", "http://c.b.example:81/y"), "b.example");
  EXPECT_EQ(Covers(list, "url", "http://192.0.2.9/y"), "192.0.2.0/24");
}

TEST(Allowlist, CoversOtherValuesExactly) {
  const Allowlist list =
      Allowlist::Parse(
          "44D88612FEA8A8F36DE82E1278ABB02F\nuser@Example.org\nGlobal\\Mutex\n2001:db8::a\n", "f")
          .value();
  EXPECT_NE(Covers(list, "md5", "44d88612fea8a8f36de82e1278abb02f"), "");
  EXPECT_NE(Covers(list, "email-src", "user@example.org"), "");
  EXPECT_NE(Covers(list, "mutex", "Global\\Mutex"), "");
  EXPECT_NE(Covers(list, "ip-dst", "2001:DB8::A"), "");
  EXPECT_EQ(Covers(list, "mutex", "Global\\Mutex2"), "");
  EXPECT_EQ(Covers(list, "ip-dst|port", "2001:db8::a|443"), "2001:db8::a");
}

TEST(Allowlist, OverlapsInBothDirections) {
  const Allowlist list =
      Allowlist::Parse("192.0.2.0/24\na.example.org\n=b.example.net\n.plant\n", "f").value();
  EXPECT_EQ(Covers(list, "ip-dst", "192.0.0.0/16"), "");
  EXPECT_EQ(list.Overlaps(Value("ip-dst", "192.0.0.0/16")), "192.0.2.0/24");
  EXPECT_EQ(list.Overlaps(Value("domain", "example.org")), "a.example.org");
  EXPECT_EQ(list.Overlaps(Value("domain", "b.example.net")), "=b.example.net");
  EXPECT_EQ(list.Overlaps(Value("hostname", "example.org")), "");
  EXPECT_EQ(list.Overlaps(Value("domain", "b.example.org")), "");
  EXPECT_EQ(Covers(list, "hostname", "hmi.plant"), ".plant");
}

TEST(Allowlist, AWholeHostIsWiderThanAUrlOnIt) {
  const Allowlist list =
      Allowlist::Parse("https://a.url.net/x\nhttp://192.0.2.7/y\n*.wild.org\n", "f").value();
  for (const auto& [type, value] :
       {std::pair("domain", "a.url.net"), std::pair("hostname", "a.url.net"),
        std::pair("domain", "url.net")})
    EXPECT_EQ(list.Overlaps(Value(type, value)), "https://a.url.net/x") << type << ' ' << value;
  for (const char* value : {"192.0.2.7", "192.0.2.0/24"})
    EXPECT_EQ(list.Overlaps(Value("ip-dst", value)), "http://192.0.2.7/y") << value;
  for (const auto& [type, value] :
       {std::pair("hostname", "url.net"), std::pair("domain", "www.a.url.net"),
        std::pair("url", "https://a.url.net/z"), std::pair("ip-dst", "192.0.2.8")})
    EXPECT_EQ(list.Overlaps(Value(type, value)), "") << type << ' ' << value;
  EXPECT_EQ(Covers(list, "domain", "a.url.net"), "");
  EXPECT_EQ(Covers(list, "hostname", "www.wild.org"), "*.wild.org");
}

TEST(Allowlist, RefusesWithTheLine) {
  struct Bad {
    const char* text;
    const char* says;
  };
  for (const Bad& bad :
       {Bad{"ok.example\n300.1.1.1\n", "300.1.1.1"}, Bad{"\n10.0.0.0/33", "10.0.0.0/33"},
        Bad{"\n0.0.0.0/0", "wider"}, Bad{"\n::/0", "wider"}, Bad{"\ncom", "public suffix"},
        Bad{"\nco.uk", "public suffix"}, Bad{"\n= ", "without"}, Bad{"\n=a b", "DNS name"},
        Bad{"\n=*.a.example", "DNS name"}, Bad{"\n=.a.example", "DNS name"},
        Bad{"\na..b", "DNS name"}, Bad{"\nhttps://", "URL"}, Bad{"\n192.0.2.7|443", "a port"},
        Bad{"\n192.0.2.7:443", "a port"}, Bad{"\n[2001:db8::1]:443", "a port"},
        Bad{"\na.example:443", "a port"}}) {
    const Result<Allowlist> list = Allowlist::Parse(bad.text, "allow.txt");
    ASSERT_FALSE(list.ok()) << bad.text;
    EXPECT_EQ(list.error().kind, Kind::kConfig);
    EXPECT_THAT(list.error().what, StartsWith("allow.txt:2: "));
    EXPECT_THAT(list.error().what, HasSubstr(bad.says));
  }
}

TEST(Allowlist, CoversNothingWhenEmpty) {
  EXPECT_EQ(Covers(Allowlist(), "domain", "a.example"), "");
}

}  // namespace
}  // namespace gapferry::policy
