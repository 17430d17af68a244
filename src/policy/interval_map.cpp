#include "policy/interval_map.h"

#include <algorithm>

namespace gapferry::policy {
namespace {

std::uint64_t BigEndian(const std::uint8_t* bytes, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i)
    value = value << 8 | bytes[i];
  return value;
}

// The lowest `bits` bits set, for 0 … 64.
std::uint64_t LowBits(unsigned bits) {
  return bits == 0 ? 0 : std::numeric_limits<std::uint64_t>::max() >> (64 - bits);
}

}  // namespace

Range<std::uint32_t> V4Range(const intel::Network& network) {
  const auto first = static_cast<std::uint32_t>(BigEndian(network.bytes.data(), 4));
  const unsigned host_bits = 32U - network.prefix;
  return {first, first | static_cast<std::uint32_t>(LowBits(host_bits))};
}

Range<V6Key> V6Range(const intel::Network& network) {
  const V6Key first = {BigEndian(network.bytes.data(), 8), BigEndian(network.bytes.data() + 8, 8)};
  const unsigned host_bits = 128U - network.prefix;
  V6Key last = first;
  last.low |= LowBits(std::min(host_bits, 64U));
  last.high |= LowBits(host_bits > 64 ? host_bits - 64 : 0);
  return {first, last};
}

}  // namespace gapferry::policy
