#include "collect/http_pause.h"

#include <gtest/gtest.h>

namespace gapferry::collect {
namespace {

constexpr Time kNow = 784111777;  // the date of RFC 9110 §5.6.7

TEST(RetryAfter, IsSecondsOrADate) {
  EXPECT_EQ(ParseRetryAfter("0", kNow), std::chrono::seconds(0));
  EXPECT_EQ(ParseRetryAfter(" 120 ", kNow), std::chrono::seconds(120));
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:49:37 GMT", kNow), std::chrono::seconds(0));
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:50:37 GMT", kNow), std::chrono::seconds(60));
  EXPECT_EQ(ParseRetryAfter("Sat, 05 Nov 1994 08:49:37 GMT", kNow), std::chrono::seconds(0))
      << "a time that is over is no pause";
}

TEST(RetryAfter, IsNothingElse) {
  for (const char* wrong :
       {"", "-1", "+1", "1.5", "soon", "1 s", "99999999999999999999", "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Abc 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"})
    EXPECT_EQ(ParseRetryAfter(wrong, kNow), std::nullopt) << wrong;
}

TEST(Backoff, DoublesWithinABoundAndIsSpread) {
  for (int attempt = 1; attempt < 12; ++attempt) {
    const auto least = Backoff(attempt, 0);
    const auto most = Backoff(attempt, 1);
    EXPECT_LT(least, most);
    EXPECT_LE(most, std::chrono::seconds(75));
    EXPECT_GE(Backoff(attempt + 1, 0), least);
  }
  EXPECT_EQ(Backoff(1, 0.5), std::chrono::seconds(1));
  EXPECT_EQ(Backoff(3, 0.5), std::chrono::seconds(4));
}

TEST(IsPassing, IsWhatMayBeBetterNextTime) {
  for (const int status : {408, 429, 500, 502, 503, 504})
    EXPECT_TRUE(IsPassing(status)) << status;
  for (const int status : {200, 302, 304, 400, 401, 403, 404, 405, 410, 501, 505})
    EXPECT_FALSE(IsPassing(status)) << status;
}

}  // namespace
}  // namespace gapferry::collect
