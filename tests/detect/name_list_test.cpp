#include "detect/name_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "tests/detect/nested.h"

namespace gapferry::detect {
namespace {

using ::testing::ElementsAre;

intel::Indicator Domain(const std::string& name) {
  return {intel::IndicatorKind::kDomain, name};
}
intel::Indicator Host(const std::string& name) {
  return {intel::IndicatorKind::kHostname, name};
}

std::vector<std::string> Listed(const std::vector<intel::Indicator>& values,
                                NameList::Covered covered = NameList::Covered::kLeftOut) {
  NameList names(covered);
  std::vector<std::string> listed;
  for (const Candidate& candidate : fixtures::InNestedOrder(values)) {
    const std::optional<ListedName> name = names.Take(candidate);
    if (!name) continue;
    EXPECT_EQ(name->event.bytes[15], 7);
    listed.push_back((name->below ? "." : "") + std::string(name->name));
  }
  return listed;
}

TEST(NameList, LeavesOutWhatAnotherNameCovers) {
  EXPECT_THAT(Listed({Domain("evil.example"), Domain("a.evil.example"), Host("evil.example"),
                      Host("x.b.evil.example"), Host("notevil.example"), Domain("evil-2.example"),
                      Host("www.host.example"), Domain("x.www.host.example")}),
              ElementsAre(".evil.example", ".evil-2.example", "www.host.example",
                          ".x.www.host.example", "notevil.example"));
}

TEST(NameList, KeepsCoveredNamesForConsumersThatKnowNoNamesBelow) {
  EXPECT_THAT(Listed({Domain("evil.example"), Host("a.evil.example"), Host("evil.example")},
                     NameList::Covered::kKept),
              ElementsAre(".evil.example", "a.evil.example"));
}

// The oracle compares every pair.
TEST(NameList, AgreesWithTheDefinitionOnRandomNames) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::set<std::pair<bool, std::string>> given;
    for (int i = 0; i < 30; ++i) {
      std::string name = "x";
      for (std::size_t labels = random() % 4; labels-- > 0;)
        name = std::string(1, "ab-_"[random() % 4]) + std::string(random() % 2, 'a') + '.' + name;
      given.insert({random() % 2 == 0, name});
    }
    std::vector<intel::Indicator> values;
    std::vector<std::string> expected;
    for (const auto& each : given) {
      const bool below = each.first;
      const std::string& name = each.second;
      values.push_back(below ? Domain(name) : Host(name));
      const bool covered = std::any_of(given.begin(), given.end(), [&](const auto& other) {
        if (!other.first || (below && other.second == name)) return false;
        return other.second == name || name.ends_with('.' + other.second);
      });
      if (!covered) expected.push_back((below ? "." : "") + name);
    }
    std::shuffle(values.begin(), values.end(), random);
    EXPECT_THAT(Listed(values), ::testing::UnorderedElementsAreArray(expected));
  }
}

}  // namespace
}  // namespace gapferry::detect
