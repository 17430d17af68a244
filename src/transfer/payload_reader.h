// transfer/payload_reader.h: the confined half of an import: stored bytes in, records out. It runs
// inside the sandbox and trusts nothing: a payload is signed by someone who may have been taken
// over.
#pragma once

#include <cstdint>
#include <optional>

#include "base/hash.h"
#include "base/result.h"
#include "bundle/age_key.h"
#include "transfer/payload.h"

namespace gapferry::transfer {

struct ReaderPipes {
  int input = -1;    // the stored payload, until its end
  int output = -1;   // frames
  int scratch = -1;  // an empty private file
};

// What the signed manifest says of the payload.
struct Expected {
  std::uint64_t plain_size = 0;
  // Absent: hidden. Then the size and age's authentication of every chunk stand for it.
  std::optional<Digest512> plain_digest;
  bool encrypted = false;
};

// Reads everything and writes frames; failures are a frame too. Returns the exit code.
// `identities` are those that may open an encrypted payload. They are gone, and their memory is
// wiped, before the first byte is decompressed.
[[nodiscard]] int ReadPayload(const ReaderPipes& pipes, const Expected& expected,
                              bundle::AgeIdentities identities = {});

}  // namespace gapferry::transfer
