// store/state_digest.h: one number that stands for all rows of a state.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/hash.h"

namespace gapferry::store {

// Sum modulo 2^256 of the BLAKE2b-256 of every row, keyed with the stream's key: order does not
// matter, and a row can be taken out again. It finds faults and divergence; it replaces no
// signature.
class StateDigest {
 public:
  StateDigest() = default;
  // Goes on from a value.
  explicit StateDigest(const Digest256& value) { Add(value); }
  void Add(const Digest256& row);
  void Subtract(const Digest256& row);
  // Big-endian.
  [[nodiscard]] Digest256 value() const;

 private:
  std::array<std::uint64_t, 4> limbs_{};  // least significant first
};

constexpr std::size_t kDigestKeyBytes = 32;
[[nodiscard]] inline Digest256 RowDigest(std::string_view record, ByteView key) {
  return Hash256(AsBytes(record), key);
}

}  // namespace gapferry::store
