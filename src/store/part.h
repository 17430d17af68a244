// store/part.h: what a site holds of one event, warninglist or source, row by row: enough to say
// what has changed since any earlier number, without the rows themselves.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/record.h"

namespace gapferry::store {

struct PartRow {
  RecordKind kind = RecordKind::kEvent;
  bool gone = false;                         // was there, and must vanish
  intel::Tlp exposure = intel::Tlp::kClear;  // what a receiver's decision about this row rests on
  Uuid id;                                   // kObject … kReport, kSighting; nil for heads
  std::string entry;                         // kWarninglistEntry
  Digest256 digest{};                        // RowDigest; zero if gone
  std::uint64_t seq = 0;                     // the number under which it last changed

  friend bool operator==(const PartRow&, const PartRow&) = default;
};
// The order in which rows travel.
[[nodiscard]] bool TravelsBefore(const PartRow& left, const PartRow& right);

// Rows in the order of travel, each once.
[[nodiscard]] std::string EncodePartRows(const std::vector<PartRow>& rows);
// Accepts what EncodePartRows writes. Error: kDamaged.
[[nodiscard]] Result<std::vector<PartRow>> DecodePartRows(ByteView bytes);

struct PartChange {
  std::vector<PartRow> rows;  // of both, those that are no longer there as gone
  bool changed = false;
};
// `before` as the site holds it, `now` as it should be: live rows in the order of travel, their seq
// ignored. A row that is new, gone, back, or different in digest or exposure gets `seq`. `digest`
// loses what was and gains what is.
[[nodiscard]] PartChange MergePart(std::vector<PartRow> before, std::vector<PartRow> now,
                                   std::uint64_t seq, StateDigest* digest);

}  // namespace gapferry::store
