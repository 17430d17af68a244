#include "store/state_digest.h"

namespace gapferry::store {
namespace {

// ISO C++ has no 128-bit integer; both compilers do.
__extension__ using Wide = unsigned __int128;

}  // namespace

void StateDigest::Add(const Digest256& row) {
  Wide carry = 0;
  for (std::size_t limb = 0; limb < limbs_.size(); ++limb) {
    std::uint64_t part = 0;
    for (std::size_t i = 0; i < 8; ++i)
      part = part << 8 | row[(3 - limb) * 8 + i];
    carry += static_cast<Wide>(limbs_[limb]) + part;
    limbs_[limb] = static_cast<std::uint64_t>(carry);
    carry >>= 64;
  }
}

void StateDigest::Subtract(const Digest256& row) {
  // Two's complement: adding the inverse and one is subtracting, modulo 2^256.
  Digest256 inverse;
  for (std::size_t i = 0; i < row.size(); ++i)
    inverse[i] = static_cast<std::uint8_t>(~row[i]);
  Digest256 one{};
  one.back() = 1;
  Add(inverse);
  Add(one);
}

Digest256 StateDigest::value() const {
  Digest256 value;
  for (std::size_t limb = 0; limb < limbs_.size(); ++limb) {
    for (std::size_t i = 0; i < 8; ++i) {
      value[(3 - limb) * 8 + i] = static_cast<std::uint8_t>(limbs_[limb] >> (56 - 8 * i));
    }
  }
  return value;
}

}  // namespace gapferry::store
