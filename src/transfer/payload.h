// transfer/payload.h: what writer and reader of a payload agree on. Format: docs/payload-format.md.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/uuid.h"

namespace gapferry::transfer {

constexpr std::uint32_t kPayloadApplicationId = 0x47465031;  // "GFP1"
constexpr std::uint32_t kPayloadVersion = 1;
constexpr std::uint32_t kPayloadPageSize = 4096;

// The level beyond which time rises faster than size falls (docs/performance.md).
constexpr int kZstdLevel = 3;
// No frame of ours needs a larger window than 8 MiB; the reader refuses one.
constexpr int kZstdMaxWindowLog = 23;

// What the payload says of itself; it must agree with the signed manifest.
struct PayloadMeta {
  Uuid stream;
  std::int64_t epoch = 0;
  std::int64_t seq = 0;
  Bytes digest_key;  // of the stream's state digest

  friend bool operator==(const PayloadMeta&, const PayloadMeta&) = default;
};

}  // namespace gapferry::transfer
