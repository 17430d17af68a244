#include "base/config.h"

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

}  // namespace
}  // namespace gapferry
