// detect/network_list.h: the addresses and networks that an artifact lists, without those that lie
// within another one: nftables and Squid refuse or complain about overlaps.
#pragma once

#include <optional>

#include "base/uuid.h"
#include "detect/candidate.h"

namespace gapferry::detect {

struct ListedNetwork {
  intel::Network network;  // an address is a network of full length
  Uuid event;              // one that names it
};

// Place of a family among two of them: IPv4, IPv6.
[[nodiscard]] std::size_t FamilyOf(const Candidate& candidate);

class NetworkList {
 public:
  // kAddress and kNetwork.
  [[nodiscard]] static bool Takes(intel::IndicatorKind kind);
  // Wants those of one destination in the order of ValueOrder::kNested. nullopt: it lies within
  // another one.
  [[nodiscard]] std::optional<ListedNetwork> Take(const Candidate& candidate);

 private:
  std::optional<intel::Network> covering_;
};

}  // namespace gapferry::detect
