#include "base/json.h"

#include <gtest/gtest.h>

namespace gapferry {
namespace {

TEST(ParseJson, RefusesDuplicateKeysDepthAndTrailingBytes) {
  EXPECT_TRUE(ParseJson(R"({"a":{"b":[1,2]},"c":{"b":1}})").ok());
  EXPECT_FALSE(ParseJson(R"({"a":1,"a":2})").ok());
  const auto last = ParseJson(R"({"a":1,"b":{"c":1,"c":2},"a":3})", {.twice = true});
  ASSERT_TRUE(last.ok());
  EXPECT_EQ(DumpJson(*last), R"({"a":3,"b":{"c":2}})");
  EXPECT_FALSE(ParseJson(std::string(100, '['), {.twice = true}).ok());
  EXPECT_FALSE(ParseJson("{} {}").ok());
  EXPECT_FALSE(ParseJson(std::string_view("{}\0{}", 5)).ok());
  EXPECT_FALSE(ParseJson(std::string_view("{}\0", 3)).ok());
  EXPECT_FALSE(ParseJson(std::string(100, '[')).ok());
  EXPECT_EQ(ParseJson(std::string(10, ' '), {.max_bytes = 5}).error().kind, Kind::kTooLarge);
}

TEST(ParseJson, SurvivesAMillionOpenBrackets) {
  EXPECT_EQ(ParseJson(std::string(1000000, '['), {.max_bytes = 2000000}).error().kind,
            Kind::kMalformed);
}

TEST(ParseJson, SaysLineAndColumn) {
  auto result = ParseJson("{\n  \"a\": oops\n}");
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().what.substr(0, 17), "line 2, column 8:");
}

}  // namespace
}  // namespace gapferry
