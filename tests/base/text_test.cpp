#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/console.h"
#include "base/hash.h"
#include "base/suggest.h"
#include "base/uuid.h"

namespace gapferry {
namespace {

TEST(Printable, ShowsControlAndBidirectionalCharactersAsHex) {
  EXPECT_EQ(Printable("a\x1b[2Jb"), "a\\x1b[2Jb");
  EXPECT_EQ(Printable("x\xE2\x80\xAEy"), "x\\xe2\\x80\\xaey");
  EXPECT_EQ(Printable("\xC2\x9B"), "\\xc2\\x9b");
  EXPECT_EQ(Printable("\xFF"), "\\xff");
  EXPECT_EQ(Printable("häß €"), "häß €");
}

std::string StderrOf(Console::Options options, void (Console::*tell)(std::string_view)) {
  Console console(options);
  testing::internal::CaptureStderr();
  (console.*tell)("a source lies");
  return testing::internal::GetCapturedStderr();
}

TEST(Console, QuietLeavesOutNotesAndNoWarning) {
  EXPECT_EQ(StderrOf({}, &Console::Note), "a source lies\n");
  EXPECT_EQ(StderrOf({.quiet = true}, &Console::Note), "");
  EXPECT_EQ(StderrOf({}, &Console::Warn), "warning: a source lies\n");
  EXPECT_EQ(StderrOf({.quiet = true}, &Console::Warn), "warning: a source lies\n");
  EXPECT_EQ(StderrOf({.json = true, .quiet = true}, &Console::Warn),
            "{\"message_type\":\"warning\",\"message\":\"a source lies\"}\n");
}

// `date -u -d @1709210096 +%FT%TZ`
TEST(Clock, FormatsAndParsesALeapDay) {
  EXPECT_EQ(FormatTime(1709210096), "2024-02-29T12:34:56Z");
  EXPECT_EQ(ParseTime("2024-02-29T12:34:56Z"), 1709210096);
  EXPECT_FALSE(ParseTime("2023-02-29T12:34:56Z"));
  EXPECT_FALSE(ParseTime("2024-02-29T12:34:56"));
  EXPECT_EQ(FormatTime(0), "1970-01-01T00:00:00Z");
}

TEST(Uuid, ParsesEitherCaseAndWritesLower) {
  EXPECT_EQ(ParseUuid("F29541E6-7962-5c61-8f6c-2c86de7ca13e")->ToString(),
            "f29541e6-7962-5c61-8f6c-2c86de7ca13e");
  EXPECT_FALSE(ParseUuid("f29541e6-7962-5c61-8f6c-2c86de7ca13"));
  EXPECT_FALSE(ParseUuid("f29541e6079625c6108f6c02c86de7ca13e0"));
  EXPECT_NE(NewUuid(), NewUuid());
}

// `printf abc | b2sum`
TEST(Blake2b, AgreesWithB2sum) {
  EXPECT_EQ(HexEncode(Hash512(AsBytes("abc"))).substr(0, 32), "ba80a53f981c4d0d6a2797b69f12f6e9");
}

TEST(DidYouMean, FindsATransposition) {
  EXPECT_EQ(DidYouMean("verfiy", {"verify", "inspect"}), "; did you mean \"verify\"?");
  EXPECT_EQ(DidYouMean("xyz", {"verify", "inspect"}), "");
}

}  // namespace
}  // namespace gapferry
