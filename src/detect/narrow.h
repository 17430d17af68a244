// detect/narrow.h: whether what a stranger's rule names tells little of the traffic from the rest,
// or fires on whatever passes. For Suricata, Snort and Zeek.
#pragma once

#include <string_view>
#include <vector>

#include "intel/value.h"

namespace gapferry::detect {

// Shorter texts are in most traffic: "GET", 16 03 01.
constexpr std::size_t kShortestContent = 4;

// Whether these are networks that a rule may have, and together no more than a /8 (IPv6: a /16); of
// private and other reserved ones, where all traffic of a site may be, no more than a /24 (a /64).
[[nodiscard]] bool AreNarrow(const std::vector<intel::Network>& networks);

// Bytes of the longest text that whatever matches this expression, without its slashes, must have.
// Rather too few: what it does not understand counts as nothing.
[[nodiscard]] std::size_t LongestLiteral(std::string_view expression);

}  // namespace gapferry::detect
