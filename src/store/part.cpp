#include "store/part.h"

#include <algorithm>
#include <tuple>

namespace gapferry::store {
namespace {

constexpr std::uint8_t kGoneBit = 0x80;

bool HasId(RecordKind kind) {
  return kind == RecordKind::kObject || kind == RecordKind::kAttribute ||
         kind == RecordKind::kReference || kind == RecordKind::kReport ||
         kind == RecordKind::kSighting;
}

// Seven bits a byte, the lowest first, the top bit set on all but the last.
void PutNumber(std::uint64_t number, std::string* out) {
  for (; number >= 0x80; number >>= 7)
    out->push_back(static_cast<char>(number | 0x80));
  out->push_back(static_cast<char>(number));
}

class Input {
 public:
  explicit Input(ByteView bytes) : bytes_(bytes) {}
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool more() const { return ok_ && !bytes_.empty(); }

  ByteView Take(std::uint64_t size) {
    if (size > bytes_.size()) {
      ok_ = false;
      return {};
    }
    const ByteView taken = bytes_.first(static_cast<std::size_t>(size));
    bytes_ = bytes_.subspan(static_cast<std::size_t>(size));
    return taken;
  }
  std::uint8_t Byte() {
    const ByteView taken = Take(1);
    return taken.empty() ? std::uint8_t{0} : taken[0];
  }
  std::uint64_t Number() {
    std::uint64_t number = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::uint8_t byte = Byte();
      number |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return number;
    }
    ok_ = false;
    return 0;
  }
  void Copy(std::span<std::uint8_t> to) {
    const ByteView taken = Take(to.size());
    if (ok_) std::copy(taken.begin(), taken.end(), to.begin());
  }
  void Fail() { ok_ = false; }

 private:
  ByteView bytes_;
  bool ok_ = true;
};

PartRow DecodeRow(Input* input) {
  PartRow row;
  const std::uint8_t kind = input->Byte();
  if (kind < 1 || kind > kRecordKinds) input->Fail();
  row.kind = static_cast<RecordKind>(kind);
  const std::uint8_t flags = input->Byte();
  row.gone = (flags & kGoneBit) != 0;
  if ((flags & ~kGoneBit) >= intel::kTlpLevels) input->Fail();
  row.exposure = static_cast<intel::Tlp>(flags & ~kGoneBit);
  if (HasId(row.kind)) input->Copy(row.id.bytes);
  if (row.kind == RecordKind::kWarninglistEntry) row.entry = AsText(input->Take(input->Number()));
  if (!row.gone) input->Copy(row.digest);
  row.seq = input->Number();
  return row;
}

class Merger {
 public:
  Merger(std::uint64_t seq, StateDigest* digest) : seq_(seq), digest_(*digest) {}

  void OnlyBefore(PartRow row) {
    if (!row.gone) {
      digest_.Subtract(row.digest);
      row = {row.kind, true, row.exposure, row.id, std::move(row.entry), {}, seq_};
      change_.changed = true;
    }
    change_.rows.push_back(std::move(row));
  }
  void OnlyNow(PartRow row) {
    digest_.Add(row.digest);
    row.seq = seq_;
    change_.changed = true;
    change_.rows.push_back(std::move(row));
  }
  void Both(PartRow before, PartRow now) {
    if (!before.gone && before.digest == now.digest && before.exposure == now.exposure) {
      change_.rows.push_back(std::move(before));
      return;
    }
    if (!before.gone) digest_.Subtract(before.digest);
    OnlyNow(std::move(now));
  }
  [[nodiscard]] PartChange Finish() { return std::move(change_); }

 private:
  std::uint64_t seq_;
  StateDigest& digest_;
  PartChange change_;
};

}  // namespace

bool TravelsBefore(const PartRow& left, const PartRow& right) {
  return std::tie(left.kind, left.id.bytes, left.entry) <
         std::tie(right.kind, right.id.bytes, right.entry);
}

std::string EncodePartRows(const std::vector<PartRow>& rows) {
  std::string out;
  constexpr std::size_t kUsualRow = 52;
  out.reserve(rows.size() * kUsualRow);
  for (const PartRow& row : rows) {
    out.push_back(static_cast<char>(row.kind));
    out.push_back(static_cast<char>(static_cast<std::uint8_t>(row.exposure) |
                                    (row.gone ? kGoneBit : std::uint8_t{0})));
    if (HasId(row.kind)) out.append(AsText(row.id.bytes));
    if (row.kind == RecordKind::kWarninglistEntry) {
      PutNumber(row.entry.size(), &out);
      out.append(row.entry);
    }
    if (!row.gone) out.append(AsText(row.digest));
    PutNumber(row.seq, &out);
  }
  return out;
}

Result<std::vector<PartRow>> DecodePartRows(ByteView bytes) {
  std::vector<PartRow> rows;
  Input input(bytes);
  while (input.more()) {
    rows.push_back(DecodeRow(&input));
    const std::size_t count = rows.size();
    if (count > 1 && !TravelsBefore(rows[count - 2], rows[count - 1])) input.Fail();
  }
  if (input.ok()) return rows;
  return Error::Make(Kind::kDamaged, "the record of what a site holds cannot be read");
}

PartChange MergePart(std::vector<PartRow> before, std::vector<PartRow> now, std::uint64_t seq,
                     StateDigest* digest) {
  Merger merger(seq, digest);
  auto old = before.begin();
  auto current = now.begin();
  while (old != before.end() || current != now.end()) {
    if (current == now.end() || (old != before.end() && TravelsBefore(*old, *current))) {
      merger.OnlyBefore(std::move(*old++));
    } else if (old == before.end() || TravelsBefore(*current, *old)) {
      merger.OnlyNow(std::move(*current++));
    } else {
      merger.Both(std::move(*old++), std::move(*current++));
    }
  }
  return merger.Finish();
}

}  // namespace gapferry::store
