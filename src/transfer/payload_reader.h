// transfer/payload_reader.h: the confined half of an import: stored bytes in, records out. It runs
// inside the sandbox and trusts nothing: a payload is signed by someone who may have been taken
// over.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "transfer/payload.h"

namespace gapferry::transfer {

struct ReaderPipes {
  int input = -1;    // the stored payload, until its end
  int output = -1;   // frames
  int scratch = -1;  // an empty private file
};

// Reads everything and writes frames; failures are a frame too. `plain_size` is the signed one.
// Returns the exit code.
[[nodiscard]] int ReadPayload(const ReaderPipes& pipes, std::uint64_t plain_size);

}  // namespace gapferry::transfer
