#include "detect/reach.h"

#include <algorithm>
#include <array>

namespace gapferry::detect {
namespace {

struct FormatReach {
  std::string_view format;
  Reach reach;
};

constexpr Reach kWhole{};
constexpr Reach kNames{true, false, false};
constexpr Reach kNetworks{false, true, false};
constexpr Reach kBoth{true, true, false};
constexpr Reach kBothAndPaths{true, true, true};

constexpr auto kReaches = std::to_array<FormatReach>({
    {"csv", kWhole},
    {"dnsmasq", kNames},
    {"ecs", kWhole},
    {"edl", kNetworks},  // names: as its option says
    {"hosts", kWhole},
    {"ipset", kNetworks},
    {"misp-csv", kWhole},
    {"misp-feed", kWhole},
    {"navigator", kWhole},
    {"nftables", kNetworks},
    {"rpz", kBoth},
    {"sigma", kBothAndPaths},
    {"snort-reputation", kNetworks},
    {"snort2", kBoth},
    {"snort3", kBoth},
    {"splunk", kNetworks},  // CIDR of its transforms.conf
    {"squid", kBoth},
    {"stix", kNetworks},  // ISSUBSET
    {"stored-rules", kWhole},
    {"suricata", kBoth},
    {"unbound", kNames},
    {"wazuh", kNetworks},
    {"yara", kWhole},
    {"zeek", kNetworks},  // Intel::DOMAIN is the very name
});

const FormatReach* Find(std::string_view format) {
  const auto* found = std::find_if(kReaches.begin(), kReaches.end(),
                                   [&](const FormatReach& one) { return one.format == format; });
  return found == kReaches.end() ? nullptr : found;
}

}  // namespace

Reach ReachOf(const Destination& destination) {
  const FormatReach* found = Find(destination.format);
  Reach reach = found == nullptr ? kWhole : found->reach;
  if (destination.format == "edl") reach.below = destination.net.edl.below != "none";
  return reach;
}

bool KnowsReach(std::string_view format) {
  return Find(format) != nullptr;
}

}  // namespace gapferry::detect
