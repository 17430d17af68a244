// transfer/payload_writer.h: rows → SQLite file → zstd → age, if there are recipients → chunks. The
// same rows in the same order give the same bytes, up to the encryption, which adds its randomness.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "base/result.h"
#include "bundle/age_key.h"
#include "bundle/manifest.h"
#include "store/record.h"
#include "transfer/payload.h"

namespace gapferry::transfer {

struct PayloadSummary {
  Digest256 state_digest{};  // of the rows put: the state's, if it is a full
  std::uint64_t rows = 0;
  std::uint64_t tombstones = 0;
};

class PayloadWriter {
 public:
  // Writes a new database at `path`, which must not exist.
  [[nodiscard]] static Result<PayloadWriter> Create(const std::filesystem::path& path,
                                                    const PayloadMeta& meta);
  PayloadWriter(PayloadWriter&&) noexcept;
  PayloadWriter& operator=(PayloadWriter&&) noexcept;
  ~PayloadWriter();

  // In the order of store::RowReader. `digest` is the row's store::RowDigest.
  [[nodiscard]] Status Put(const store::Record& record, const Digest256& digest);
  // A key that must vanish, in any order; only the key of `key` is looked at.
  [[nodiscard]] Status PutTombstone(const store::Record& key);
  [[nodiscard]] Result<PayloadSummary> Finish();

 private:
  struct State;
  explicit PayloadWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Called with the plain bytes packed since the last call.
using PackProgress = std::function<void(std::uint64_t)>;

// Compresses the file at `plain` into `stored_fd`, encrypted if there are `recipients`, and returns
// sizes, hashes, the chunk table and the recipients as the manifest lists them.
[[nodiscard]] Result<bundle::Payload> Pack(const std::filesystem::path& plain, int stored_fd,
                                           const std::vector<bundle::AgeRecipient>& recipients,
                                           const PackProgress& progress = {});

}  // namespace gapferry::transfer
