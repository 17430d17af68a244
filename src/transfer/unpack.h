// transfer/unpack.h: stored bytes → age → zstd → the database, the way back of Pack. Runs confined.
#pragma once

#include "base/result.h"
#include "bundle/age_key.h"
#include "transfer/payload_reader.h"

namespace gapferry::transfer {

// Reads `stored` to its end and writes the plain bytes to `scratch`, never more than expected. The
// identities are gone before the first byte is decompressed.
// Errors: kTooLarge; kMalformed and kUnsupported for what is no payload; those of AgeDecryptor.
[[nodiscard]] Status Unpack(int stored, int scratch, const Expected& expected,
                            bundle::AgeIdentities identities);

}  // namespace gapferry::transfer
