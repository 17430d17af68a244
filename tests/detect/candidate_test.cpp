#include "detect/candidate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "base/hash.h"
#include "tests/detect/nested.h"

namespace gapferry::detect {
namespace {

using intel::IndicatorKind;
using ::testing::ElementsAre;

std::vector<std::string> Ordered(const std::vector<intel::Indicator>& values) {
  std::vector<std::string> ordered;
  for (const Candidate& candidate : fixtures::InNestedOrder(values))
    ordered.push_back(fmt::format("{} {}", IndicatorKindName(candidate.kind), candidate.value));
  return ordered;
}

TEST(CandidateSorter, GivesAddressesByNumberAndNamesByTheTree) {
  EXPECT_THAT(Ordered({{IndicatorKind::kUrl, "http://a.example/"},
                       {IndicatorKind::kHostname, "b.example"},
                       {IndicatorKind::kDomain, "b.example"},
                       {IndicatorKind::kDomain, "x.b.example"},
                       {IndicatorKind::kDomain, "a-b.example"},
                       {IndicatorKind::kHostname, "a.org"},
                       {IndicatorKind::kAddress, "100.0.0.1"},
                       {IndicatorKind::kAddress, "2001:db8::1"},
                       {IndicatorKind::kNetwork, "9.0.0.0/8"},
                       {IndicatorKind::kAddress, "9.0.0.0"},
                       {IndicatorKind::kNetwork, "9.0.0.0/16"}}),
              ElementsAre("network 9.0.0.0/8", "network 9.0.0.0/16", "address 9.0.0.0",
                          "address 100.0.0.1", "address 2001:db8::1", "domain a-b.example",
                          "domain b.example", "hostname b.example", "domain x.b.example",
                          "hostname a.org", "url http://a.example/"));
}

TEST(CandidateSorter, GivesEveryByteOfAValueBack) {
  const std::string value("a\0b\0\0\xFF\x01", 7);
  const std::vector<Candidate> candidates =
      fixtures::InNestedOrder({{IndicatorKind::kFilename, value},
                               {IndicatorKind::kFilename, value + '\0'},
                               {IndicatorKind::kFilename, ""}});
  ASSERT_EQ(candidates.size(), 3U);
  EXPECT_EQ(candidates[0].value, "");
  EXPECT_EQ(candidates[1].value, value);
  EXPECT_EQ(candidates[2].value, value + '\0');
}

TEST(CandidateSorter, GivesAddressesTheirBytes) {
  const std::vector<Candidate> candidates = fixtures::InNestedOrder(
      {{IndicatorKind::kAddress, "192.0.2.7"}, {IndicatorKind::kNetwork, "2001:db8::/32"}});
  ASSERT_EQ(candidates.size(), 2U);
  EXPECT_EQ(candidates[0].network.ToString(), "192.0.2.7");
  EXPECT_EQ(candidates[1].network.ToString(), "2001:db8::/32");
}

TEST(CandidateSorter, RefusesAnAddressThatIsNone) {
  auto sorter = CandidateSorter::Create(std::filesystem::temp_directory_path(), false);
  ASSERT_TRUE(sorter.ok());
  EXPECT_FALSE(sorter->Add({IndicatorKind::kAddress, "010.1.2.3"}, Mention{}, 1, 0).ok());
}

// What one destination sees of one value, as text.
std::string Seen(const Candidate& candidate) {
  std::string text =
      fmt::format("{} {} {} {} {}:", candidate.value, candidate.mention_count,
                  intel::TlpName(candidate.tlp), candidate.threat_level, candidate.warninglist);
  for (const Mention& mention : candidate.mentions)
    text += fmt::format(" {}/{}", mention.event, mention.port);
  for (const Ports* ports : {&candidate.from_ports, &candidate.to_ports}) {
    text += ports->any ? " any" : " ports";
    for (const auto& [port, mentions] : ports->mentions)
      text += fmt::format(" {}*{}", port, mentions);
  }
  return text + (candidate.from ? " from" : "") + (candidate.to ? " to" : "");
}

using AllSeen = std::map<std::size_t, std::vector<std::string>>;  // by destination

// Rows of a few values for five destinations, two of which ignore ports. Destinations that see the
// same share one candidate; alone, each sees what it sees beside the others.
TEST(CandidateSorter, EachDestinationSeesItsOwnMentionsOnly) {
  constexpr std::size_t kDestinations = 5;
  constexpr DestinationMask kIgnorePorts = 0b10010;
  struct Given {
    intel::Indicator indicator;
    Mention mention;
    DestinationMask mask = 0;
    std::uint32_t warninglist = 0;
  };
  const auto see = [&](const std::vector<Given>& rows, DestinationMask visible) {
    auto sorter = CandidateSorter::Create(std::filesystem::temp_directory_path(), false);
    EXPECT_TRUE(sorter.ok());
    sorter->IgnorePorts(kIgnorePorts);
    EXPECT_EQ(sorter->AddWarninglist("a list"), 1U);
    for (const Given& row : rows) {
      if ((row.mask & visible) != 0) {
        EXPECT_TRUE(
            sorter->Add(row.indicator, row.mention, row.mask & visible, row.warninglist).ok());
      }
    }
    AllSeen seen;
    EXPECT_TRUE(sorter
                    ->ForEachValue(kDestinations,
                                   [&](std::size_t place, const Candidate& candidate) -> Status {
                                     seen[place].push_back(Seen(candidate));
                                     return Ok();
                                   })
                    .ok());
    return seen;
  };
  std::mt19937 random(3);
  for (int round = 0; round < 50; ++round) {
    std::vector<Given> rows;
    for (std::uint32_t i = 0; i < 60; ++i) {
      Given& row = rows.emplace_back();
      row.indicator = {IndicatorKind::kAddress, fmt::format("198.51.100.{}", random() % 5)};
      row.mention.event = i;
      row.mention.type = random() % 2 == 0 ? "ip-src" : "ip-dst|port";
      row.mention.tlp = static_cast<intel::Tlp>(random() % intel::kTlpLevels);
      row.mention.threat_level = static_cast<std::uint8_t>(1 + random() % 4);
      row.mention.port = static_cast<std::uint16_t>(random() % 3);
      // Most rows are for all, as in life.
      row.mask = random() % 4 == 0 ? 1 + random() % 31 : 31;
      row.warninglist = random() % 8 == 0 ? 1 : 0;
    }
    AllSeen alone;
    for (std::size_t place = 0; place < kDestinations; ++place) {
      AllSeen seen = see(rows, DestinationMask{1} << place);
      if (seen.contains(place)) alone[place] = seen[place];
      EXPECT_LE(seen.size(), 1U);
    }
    EXPECT_EQ(see(rows, 31), alone);
    // The oracle for one destination: count what it may see.
    for (const auto& [place, seen] : alone) {
      std::map<std::string, std::size_t> mentions;
      for (const Given& row : rows)
        mentions[row.indicator.value] += row.mask >> place & 1;
      std::vector<std::string> expected;
      for (const auto& [value, count] : mentions) {
        if (count > 0) expected.push_back(fmt::format("{} {} ", value, count));
      }
      ASSERT_EQ(seen.size(), expected.size());
      for (std::size_t i = 0; i < seen.size(); ++i)
        EXPECT_TRUE(seen[i].starts_with(expected[i])) << seen[i] << " / " << expected[i];
    }
  }
}

TEST(CandidateSorter, GivesValuesOfAnEventBytewise) {
  auto sorter = CandidateSorter::Create(std::filesystem::temp_directory_path(), true);
  ASSERT_TRUE(sorter.ok());
  Mention mention;
  mention.type = "text";
  const auto add = [&](EventNumber event, IndicatorKind kind, const std::string& value) {
    mention.event = event;
    EXPECT_TRUE(sorter->Add({kind, value}, mention, event == 1 ? 3 : 1, 0).ok());
  };
  add(1, IndicatorKind::kHostname, "a.example");
  add(0, IndicatorKind::kAddress, "9.0.0.1");
  add(0, IndicatorKind::kAddress, "100.0.0.1");
  add(1, IndicatorKind::kDomain, "b.example");
  add(1, IndicatorKind::kDomain, "b.example");
  add(0, IndicatorKind::kDomain, "b.example");
  const auto seen = [&](std::size_t destination) {
    std::vector<std::string> values;
    const auto visit = [&](EventNumber event, const Candidate& candidate) -> Status {
      values.push_back(fmt::format("{} {} {}", event, candidate.value, candidate.mention_count));
      return Ok();
    };
    EXPECT_TRUE(sorter->ForEachEvent(destination, visit).ok());
    return values;
  };
  EXPECT_THAT(seen(0), ElementsAre("0 100.0.0.1 1", "0 9.0.0.1 1", "0 b.example 1", "1 b.example 2",
                                   "1 a.example 1"));
  EXPECT_THAT(seen(1), ElementsAre("1 b.example 2", "1 a.example 1"));
}

}  // namespace
}  // namespace gapferry::detect
