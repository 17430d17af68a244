// exporter/written.h: which number of a stream lies whole on a medium. A number is spent before
// its medium is written, so that none ever gets two contents; one whose writing failed stays a gap,
// and no later delta may start from it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
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

// Who signed a number when it was written. What `sign` adds later, on any machine, is not known
// here.
struct Signing {
  std::vector<std::string> keys;  // ids
  std::uint64_t threshold = 1;    // of the root it was written under

  [[nodiscard]] std::uint64_t missing() const {
    return threshold > keys.size() ? threshold - keys.size() : 0;
  }
};
struct WrittenNumber {
  std::int64_t epoch = 0;
  std::int64_t seq = 0;
  Time created = 0;     // a heartbeat repeats a number at a later time
  bool rebase = false;  // its full is where later deltas start
  Signing signing;
};
// In a transaction of its own.
[[nodiscard]] Status MarkWritten(store::Store* mirror, const Uuid& stream,
                                 const WrittenNumber& written);

// Of the row that LastWritten gave. Nothing if it was written before this was kept.
[[nodiscard]] Result<std::optional<Signing>> SigningOf(store::Store* mirror, const Uuid& stream,
                                                       const store::LedgerRow& row);

}  // namespace gapferry::exporter
