#include "base/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gapferry {
namespace {

TEST(ConfigMap, NamesLineAndNearestKeyOfAnUnknownOne) {
  auto map = ConfigMap::Parse("state: /var\nclearence: green\n", "x.yml");
  ASSERT_TRUE(map.ok());
  EXPECT_EQ(map->String("state"), "/var");
  EXPECT_EQ(map->String("clearance", "amber"), "amber");
  auto status = map->Finish();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind, Kind::kConfig);
  EXPECT_EQ(status.error().what, "x.yml:2: clearence: unknown key; did you mean \"clearance\"?");
}

TEST(ConfigMap, RefusesAKeyGivenTwice) {
  auto map = ConfigMap::Parse("a: 1\na: 2\n", "x.yml");
  ASSERT_FALSE(map.ok());
  EXPECT_EQ(map.error().what, "x.yml:2: key \"a\" is given twice");
}

TEST(ConfigMap, ReportsAnIntegerOutOfRange) {
  auto map = ConfigMap::Parse("days: 400\n", "x.yml");
  ASSERT_TRUE(map.ok());
  (void)map->Integer("days", 1, 90, 30);
  auto status = map->Finish();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().what, "x.yml:1: days: \"400\" is not a whole number from 1 to 90");
}

TEST(ConfigMap, GivesPlaceOfASyntaxError) {
  auto map = ConfigMap::Parse("a: [1\nb: 2\n", "x.yml");
  ASSERT_FALSE(map.ok());
  EXPECT_EQ(map.error().kind, Kind::kConfig);
  EXPECT_NE(map.error().what.find("x.yml:"), std::string::npos);
}

TEST(ConfigMap, ListsTheKeysThatItKnows) {
  auto map = ConfigMap::Parse("colour: red\n", "x.yml");
  ASSERT_TRUE(map.ok());
  EXPECT_FALSE(map->Has("name"));
  EXPECT_EQ(map->String("name", "none"), "none");
  (void)map->Bool("loud", false);
  auto status = map->Finish();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().what, "x.yml:1: colour: unknown key");
  EXPECT_THAT(status.error().hints, testing::ElementsAre("the keys here are name, loud"));
}

TEST(ConfigMap, ReadsNumbersWithAFractionAndNothingOdder) {
  auto map = ConfigMap::Parse("a: 0.3\nb: 120\nc: -1.5\n", "x.yml");
  ASSERT_TRUE(map.ok());
  EXPECT_EQ(map->Number("a", 0, 1), 0.3);
  EXPECT_EQ(map->Number("b", 0, 120), 120);
  EXPECT_EQ(map->Number("c", -2, 0), -1.5);
  EXPECT_EQ(map->Number("none", 0, 1, 0.5), 0.5);
  EXPECT_TRUE(map->Finish().ok());
  for (const char* odd : {"nan", "inf", "0x10", "1e3", "'1,5'", "'2 '", "''", "1.5.1", "100.1"}) {
    auto wrong = ConfigMap::Parse(fmt::format("\na: {}\n", odd), "x.yml");
    ASSERT_TRUE(wrong.ok());
    (void)wrong->Number("a", 0, 100);
    const auto status = wrong->Finish();
    ASSERT_FALSE(status.ok()) << odd;
    EXPECT_THAT(status.error().what, testing::StartsWith("x.yml:2: a: ")) << odd;
  }
}

// yaml-cpp would read the first and pass over the second in silence.
TEST(ConfigMap, RefusesASecondDocument) {
  auto map = ConfigMap::Parse("a: 1\n---\nb: 2\n", "x.yml");
  ASSERT_FALSE(map.ok());
  EXPECT_EQ(map.error().what,
            "x.yml:2: a second document begins here; `---` may stand only before the first key");
  EXPECT_TRUE(ConfigMap::Parse("---\na: 1\n", "x.yml").ok());
  EXPECT_TRUE(ConfigMap::Parse("", "x.yml").ok());
}

// YAML::LoadAll of yaml-cpp 0.7 never ends here.
TEST(ConfigMap, EndsAtAStrayComma) {
  for (const char* text : {",", "a: 1\n,", "---\n,\n", "# only\n , b\n"}) {
    auto map = ConfigMap::Parse(text, "x.yml");
    ASSERT_FALSE(map.ok()) << text;
    EXPECT_EQ(map.error().kind, Kind::kConfig) << text;
  }
  EXPECT_EQ(ConfigMap::Parse("\n,", "x.yml").error().what,
            "x.yml:2: what stands here belongs to nothing");
}

TEST(ConfigMap, SaysThatTabsDoNotIndent) {
  auto map = ConfigMap::Parse("a:\n\tb: 1\n", "x.yml");
  ASSERT_FALSE(map.ok());
  EXPECT_THAT(map.error().hints,
              testing::ElementsAre("the file holds a tab; YAML is indented with spaces only"));
}

TEST(ConfigMap, NamesTheShapeThatItFound) {
  auto map = ConfigMap::Parse("[a, b]\n", "x.yml");
  ASSERT_FALSE(map.ok());
  EXPECT_EQ(map.error().what, "x.yml:1: expected `key: value` lines, not a list");
}

}  // namespace
}  // namespace gapferry
