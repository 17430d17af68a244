// exporter/written.h: which number of a stream lies whole on a medium. A number is spent before
// its medium is written, so that none ever gets two contents; one whose writing failed stays a gap,
// and no later delta may start from it.
#pragma once

#include <optional>
#include <vector>

#include "store/store.h"

namespace gapferry::exporter {

// The newest row of `ledger` (all of the stream, by number) that was written. Of a mirror from
// before this was kept, the newest at all.
[[nodiscard]] Result<std::optional<store::LedgerRow>> LastWritten(
    store::Store* mirror, const Uuid& stream, const std::vector<store::LedgerRow>& ledger);

// Before a number is spent, within the caller's transaction: from now on it counts as unwritten
// until MarkWritten says otherwise.
[[nodiscard]] Status KeepLastWritten(store::Store* mirror, const store::StreamRow& stream);

struct WrittenNumber {
  std::int64_t epoch = 0;
  std::int64_t seq = 0;
  Time created = 0;     // a heartbeat repeats a number at a later time
  bool rebase = false;  // its full is where later deltas start
};
// In a transaction of its own.
[[nodiscard]] Status MarkWritten(store::Store* mirror, const Uuid& stream,
                                 const WrittenNumber& written);

}  // namespace gapferry::exporter
