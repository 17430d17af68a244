#include "detect/network_list.h"

#include <algorithm>

namespace gapferry::detect {
namespace {

bool Holds(const intel::Network& outer, const intel::Network& inner) {
  if (outer.v6 != inner.v6 || outer.prefix > inner.prefix) return false;
  for (unsigned bit = 0; bit < outer.prefix; bit += 8) {
    const unsigned kept = std::min(outer.prefix - bit, 8U);
    const unsigned mask = (0xFF00U >> kept) & 0xFFU;
    if (((outer.bytes[bit / 8] ^ inner.bytes[bit / 8]) & mask) != 0) return false;
  }
  return true;
}

}  // namespace

std::size_t FamilyOf(const Candidate& candidate) {
  return candidate.network.v6 ? 1 : 0;
}

bool NetworkList::Takes(intel::IndicatorKind kind) {
  return kind == intel::IndicatorKind::kAddress || kind == intel::IndicatorKind::kNetwork;
}

std::optional<ListedNetwork> NetworkList::Take(const Candidate& candidate) {
  if (covering_ && Holds(*covering_, candidate.network)) return std::nullopt;
  covering_ = candidate.network;
  return ListedNetwork{candidate.network, candidate.mentions[0].event_uuid};
}

}  // namespace gapferry::detect
