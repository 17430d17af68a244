#include "policy/additions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gapferry::policy {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string Refusal(std::string_view text) {
  const auto read = Additions::Parse(text, "additions.txt");
  return read.ok() ? "accepted" : read.error().what;
}

TEST(Additions, AreATypeAndAValueALine) {
  const auto read = Additions::Parse(
      "# ours\n"
      "domain  EVIL[.]example.   # seen in the proxy log\r\n"
      "\n"
      "\tip-dst\t198.51.100.7\n"
      "url hxxp://evil.example/a#top\n"
      "user-agent Mozilla/5.0 (bad;#1)\n"
      "ip-dst|port 192.0.2.1|443",
      "additions.txt");
  ASSERT_TRUE(read.ok()) << read.error().what;
  std::vector<std::string> seen;
  for (const Addition& entry : read->entries())
    seen.push_back(fmt::format("{} {} {} {}", entry.line, entry.type, entry.value, entry.comment));
  EXPECT_THAT(seen, testing::ElementsAre("2 domain evil.example seen in the proxy log",
                                         "4 ip-dst 198.51.100.7 ", HasSubstr("5 url http://evil."),
                                         "6 user-agent Mozilla/5.0 (bad;#1) ",
                                         HasSubstr("7 ip-dst|port 192.0.2.1|443")));
  EXPECT_EQ(read->Where(read->entries()[1]), "additions.txt:4");
}

TEST(Additions, CountOnceHoweverTheyAreWritten) {
  const auto read = Additions::Parse("domain evil.example\ndomain EVIL.example.\n", "a");
  ASSERT_TRUE(read.ok());
  ASSERT_EQ(read->entries().size(), 1U);
  EXPECT_EQ(read->entries()[0].line, 1U);
}

TEST(Additions, MayStandInQuotes) {
  const auto read = Additions::Parse(
      R"(user-agent "Bot #1"  # a worm
user-agent "\"quoted\" #2 \\ \x"
user-agent Mozilla "x" #3
domain "evil.example"
)",
      "a");
  ASSERT_TRUE(read.ok()) << read.error().what;
  std::vector<std::string> seen;
  for (const Addition& entry : read->entries())
    seen.push_back(fmt::format("{}|{}", entry.value, entry.comment));
  EXPECT_THAT(seen, testing::ElementsAre("Bot #1|a worm", R"("quoted" #2 \ \x|)",
                                         R"(Mozilla "x"|3)", "evil.example|"));
  EXPECT_EQ(Refusal("user-agent \"a\n"), "additions.txt:1: a quote is never closed");
  EXPECT_EQ(Refusal("user-agent \"a\" b\n"), "additions.txt:1: text after the closing quote");
  EXPECT_EQ(Refusal("user-agent \"\"\n"), "additions.txt:1: user-agent without a value");
}

TEST(Additions, SayWhichLineIsWrongAndWhy) {
  EXPECT_EQ(Refusal("domain a.example\ndomian b.example\n"),
            "additions.txt:2: \"domian\" is no attribute type of MISP; did you mean \"domain\"?");
  EXPECT_EQ(Refusal("domain\n"), "additions.txt:1: domain without a value");
  EXPECT_EQ(Refusal("domain # no value\n"), "additions.txt:1: domain without a value");
  EXPECT_THAT(Refusal("evil.example\n"), HasSubstr("\"evil.example\" is no attribute type"));
  EXPECT_THAT(Refusal("md5 1234\n"), HasSubstr("1234 is no md5: "));
  EXPECT_THAT(Refusal("ip-dst 1.2.3\n"), HasSubstr("1.2.3 is no ip-dst: "));
  EXPECT_THAT(Refusal("domain co.uk\n"), HasSubstr("co.uk is a public suffix"));
  EXPECT_THAT(Refusal("ip-dst 0.0.0.0/0\n"), HasSubstr("0.0.0.0/0 is so wide"));
  EXPECT_THAT(Refusal("ip-src 8.0.0.0/7\n"), HasSubstr("is so wide"));
  EXPECT_THAT(Refusal("ip-src 2000::/3\n"), HasSubstr("is so wide"));
  for (const char* none : {"127.0.0.1", "0.0.0.0", "::1", "::"})
    EXPECT_THAT(Refusal(fmt::format("ip-dst {}\n", none)), HasSubstr("this machine itself"))
        << none;
  for (const char* many : {"224.0.0.1", "255.255.255.255", "ff02::1"})
    EXPECT_THAT(Refusal(fmt::format("ip-dst {}\n", many)), HasSubstr("multicast")) << many;
  EXPECT_TRUE(
      Additions::Parse("ip-dst 10.0.0.5\nip-src 11.0.0.0/8\nip-dst 2001:db8::/32\n", "a").ok());
  EXPECT_THAT(Refusal("user-agent a\tb\x01\n"), StartsWith("additions.txt:1: "));
  EXPECT_THAT(Refusal("mutex \xff\n"), StartsWith("additions.txt:1: "));
}

TEST(Additions, HaveLimits) {
  EXPECT_THAT(Refusal("mutex " + std::string(9000, 'a')), HasSubstr("bytes, more than 8192"));
  std::string text;
  for (std::size_t i = 0; i <= Additions::kMaxEntries; ++i)
    text += fmt::format("mutex m{}\n", i);
  EXPECT_EQ(Refusal(text), "additions.txt:100001: more than 100000 entries");
}

// One a test: what is added, what is allowed, and what follows at a destination that blocks or not.
class AdditionsAndAllowlist : public testing::Test {
 protected:
  static std::string Conflict(std::string_view added, std::string_view allowed, bool blocking) {
    const auto additions = Additions::Parse(added, "additions.txt");
    const auto allowlist = Allowlist::Parse(allowed, "allowlist.txt");
    EXPECT_TRUE(additions.ok() && allowlist.ok());
    const Status status = additions->CheckAgainst(*allowlist, blocking);
    return status.ok() ? "none" : status.error().what;
  }
};

TEST_F(AdditionsAndAllowlist, CannotBothName) {
  EXPECT_EQ(
      Conflict("# x\ndomain a.evil.example\n", "other.example\n\nevil.example # ours\n", false),
      "additions.txt:2: a.evil.example is added here, and on the allowlist at "
      "allowlist.txt:3");
  EXPECT_THAT(Conflict("url http://evil.example/x", "evil.example", false),
              HasSubstr("allowlist.txt:1"));
  EXPECT_THAT(Conflict("domain|ip other.example|192.0.2.9", "x.example\n192.0.2.0/24", false),
              HasSubstr("allowlist.txt:2"));
  EXPECT_EQ(Conflict("domain evil.example", "=www.evil.example", false), "none");
}

TEST_F(AdditionsAndAllowlist, WhatBlocksMustNotBlockWhatIsAllowed) {
  EXPECT_THAT(Conflict("domain evil.example", "=www.evil.example", true),
              HasSubstr("allowlist.txt:1"));
  EXPECT_THAT(Conflict("ip-dst 192.0.2.0/24", "192.0.2.7", true), HasSubstr("allowlist.txt:1"));
  EXPECT_EQ(Conflict("ip-dst 192.0.2.0/24", "192.0.2.7", false), "none");
  EXPECT_EQ(Conflict("domain evil.example", "evil.test", true), "none");
}

}  // namespace
}  // namespace gapferry::policy
