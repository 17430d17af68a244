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

}  // namespace gapferry
