#include "detect/name_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace gapferry::detect {
namespace {

using ::testing::ElementsAre;

Candidate Name(intel::IndicatorKind kind, const std::string& name) {
  Candidate candidate;
  candidate.kind = kind;
  candidate.value = name;
  candidate.mentions.emplace_back().event_uuid.bytes.fill(7);
  return candidate;
}
Candidate Domain(const std::string& name) {
  return Name(intel::IndicatorKind::kDomain, name);
}
Candidate Host(const std::string& name) {
  return Name(intel::IndicatorKind::kHostname, name);
}

std::vector<std::string> Listed(const std::vector<Candidate>& candidates,
                                NameList::Covered covered = NameList::Covered::kLeftOut) {
  NameList names(::testing::TempDir(), covered);
  for (const Candidate& candidate : candidates)
    EXPECT_TRUE(names.Add(candidate).ok());
  std::vector<std::string> listed;
  EXPECT_TRUE(names
                  .ForEach([&](const ListedName& name) -> Status {
                    EXPECT_EQ(name.event.bytes[15], 7);
                    listed.push_back((name.below ? "." : "") + name.name);
                    return Ok();
                  })
                  .ok());
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
    std::vector<Candidate> candidates;
    std::vector<std::string> expected;
    for (const auto& each : given) {
      const bool below = each.first;
      const std::string& name = each.second;
      candidates.push_back(below ? Domain(name) : Host(name));
      const bool covered = std::any_of(given.begin(), given.end(), [&](const auto& other) {
        if (!other.first || (below && other.second == name)) return false;
        return other.second == name || name.ends_with('.' + other.second);
      });
      if (!covered) expected.push_back((below ? "." : "") + name);
    }
    std::shuffle(candidates.begin(), candidates.end(), random);
    EXPECT_THAT(Listed(candidates), ::testing::UnorderedElementsAreArray(expected));
  }
}

}  // namespace
}  // namespace gapferry::detect
