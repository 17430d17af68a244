#include "base/hash.h"

#include <cstdlib>

namespace gapferry {

void InitCrypto() {
  if (sodium_init() < 0) std::abort();
}

Blake2b::Blake2b(std::size_t output_size, ByteView key) {
  if (crypto_generichash_init(&state_, key.empty() ? nullptr : key.data(), key.size(),
                              output_size) != 0) {
    std::abort();
  }
}

Blake2b& Blake2b::Update(ByteView bytes) {
  crypto_generichash_update(&state_, bytes.data(), bytes.size());
  return *this;
}

Digest512 Blake2b::Finish512() {
  Digest512 digest;
  crypto_generichash_final(&state_, digest.data(), digest.size());
  return digest;
}

Digest256 Blake2b::Finish256() {
  Digest256 digest;
  crypto_generichash_final(&state_, digest.data(), digest.size());
  return digest;
}

Digest512 Hash512(ByteView bytes) {
  return Blake2b(64).Update(bytes).Finish512();
}
Digest256 Hash256(ByteView bytes, ByteView key) {
  return Blake2b(32, key).Update(bytes).Finish256();
}

Fingerprint FingerprintOf(ByteView bytes) {
  // That of the authors' test vectors.
  constexpr std::array<std::uint8_t, crypto_shorthash_siphashx24_KEYBYTES> kKey = {
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  static_assert(crypto_shorthash_siphashx24_BYTES == std::tuple_size_v<Fingerprint>);
  Fingerprint fingerprint;
  crypto_shorthash_siphashx24(fingerprint.data(), bytes.data(), bytes.size(), kKey.data());
  return fingerprint;
}

}  // namespace gapferry
