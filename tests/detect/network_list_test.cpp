#include "detect/network_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "tests/detect/nested.h"

namespace gapferry::detect {
namespace {

std::vector<std::string> Listed(const std::vector<std::string>& values) {
  std::vector<intel::Indicator> indicators;
  for (const std::string& value : values) {
    indicators.push_back({value.find('/') == std::string::npos ? intel::IndicatorKind::kAddress
                                                               : intel::IndicatorKind::kNetwork,
                          value});
  }
  NetworkList networks;
  std::vector<std::string> listed;
  for (const Candidate& candidate : fixtures::InNestedOrder(indicators)) {
    const std::optional<ListedNetwork> taken = networks.Take(candidate);
    if (taken) listed.push_back(taken->network.ToString());
  }
  return listed;
}

TEST(NetworkList, SortsByNumberAndLeavesOutWhatLiesWithin) {
  EXPECT_THAT(Listed({"2001:db8::/32", "198.51.100.7", "198.51.100.0/24", "9.0.0.1",
                      "198.51.101.0/32", "2001:db8:1::1", "100.0.0.0/8", "198.51.100.0/25"}),
              ::testing::ElementsAre("9.0.0.1", "100.0.0.0/8", "198.51.100.0/24", "198.51.101.0",
                                     "2001:db8::/32"));
}

// Every address is in the list exactly if it was in what was given.
TEST(NetworkList, HoldsTheSameAddresses) {
  std::mt19937 random(11);
  const auto holds = [](const std::vector<std::string>& list, std::uint32_t host) {
    for (const std::string& text : list) {
      const auto network = intel::ParseNetwork(text);
      const std::uint32_t base = network->bytes[3];
      const unsigned spare = 32U - network->prefix;
      if (host >> spare == base >> spare) return true;
    }
    return false;
  };
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> given;
    for (int i = 0; i < 20; ++i) {
      const unsigned prefix = 25 + static_cast<unsigned>(random() % 8);
      const unsigned spare = 32U - prefix;
      const auto host = static_cast<unsigned>(random() % 256) >> spare << spare;
      given.push_back(prefix == 32 ? fmt::format("192.0.2.{}", host)
                                   : fmt::format("192.0.2.{}/{}", host, prefix));
    }
    const std::vector<std::string> listed = Listed(given);
    for (std::uint32_t host = 0; host < 256; ++host)
      EXPECT_EQ(holds(listed, host), holds(given, host)) << host;
    EXPECT_EQ(std::set<std::string>(listed.begin(), listed.end()).size(), listed.size());
  }
}

}  // namespace
}  // namespace gapferry::detect
