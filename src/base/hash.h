// base/hash.h: BLAKE2b, the one hash of gapferry that anybody relies on (RFC 7693; `b2sum` prints
// the 512-bit form).
#pragma once

#include <sodium.h>

#include <array>
#include <string>

#include "base/bytes.h"

namespace gapferry {

using Digest256 = std::array<std::uint8_t, 32>;
using Digest512 = std::array<std::uint8_t, 64>;

// Must succeed before anything of libsodium is used; safe to call again.
void InitCrypto();

// Feeds bytes in any portions. Copying forks the state.
class Blake2b {
 public:
  // `output_size` 1 … 64 bytes; `key` at most 64 bytes, empty for none.
  explicit Blake2b(std::size_t output_size, ByteView key = {});
  Blake2b& Update(ByteView bytes);
  Blake2b& Update(std::string_view text) { return Update(AsBytes(text)); }
  [[nodiscard]] Digest512 Finish512();
  [[nodiscard]] Digest256 Finish256();

 private:
  crypto_generichash_state state_;
};

[[nodiscard]] Digest512 Hash512(ByteView bytes);
[[nodiscard]] Digest256 Hash256(ByteView bytes, ByteView key = {});

// SipHash-2-4 of 128 bits (Aumasson and Bernstein, 2012) with a fixed key, at twice the speed:
// whether what we wrote is still what it was. Never where somebody could gain by making two texts
// alike.
using Fingerprint = std::array<std::uint8_t, 16>;
[[nodiscard]] Fingerprint FingerprintOf(ByteView bytes);

}  // namespace gapferry
