#include "policy/substring_index.h"

#include <algorithm>
#include <tuple>

#include "base/bytes.h"

namespace gapferry::policy {
namespace {

bool IsLabelByte(char c) {
  return IsAsciiAlnum(c) || c == '-' || c == '_';
}

}  // namespace

void SubstringIndex::Add(std::string text, Bound bound, std::uint16_t list) {
  entries_.push_back({std::move(text), bound, list});
}

void SubstringIndex::Build() {
  const auto key = [](const Entry& entry) {
    return std::tuple(std::string_view(entry.text), entry.list);
  };
  std::sort(entries_.begin(), entries_.end(),
            [&](const Entry& a, const Entry& b) { return key(a) < key(b); });
  const auto last = std::unique(entries_.begin(), entries_.end(),
                                [&](const Entry& a, const Entry& b) { return key(a) == key(b); });
  entries_.erase(last, entries_.end());
  entries_.shrink_to_fit();
  for (const Entry& entry : entries_) {
    may_start_.set(
        Fold(Lower(entry.text[0]) << 16 | Lower(entry.text[1]) << 8 | Lower(entry.text[2])));
  }
}

bool SubstringIndex::Bounded(std::string_view value, std::size_t at, std::size_t end, Bound bound) {
  if (bound == Bound::kAnywhere) return true;
  if (at > 0) {
    const char before = value[at - 1];
    if (IsLabelByte(before)) return false;
    if (bound == Bound::kAddress && (before == '.' || before == ':')) return false;
  }
  if (end == value.size()) return true;
  const char after = value[end];
  if (IsLabelByte(after)) return false;
  return after != '.' || end + 1 == value.size() || !IsLabelByte(value[end + 1]);
}

void SubstringIndex::Narrow(std::size_t* low, std::size_t* high, std::size_t depth,
                            std::uint8_t byte) const {
  const auto begin = entries_.begin();
  const auto at = [](std::size_t offset) { return static_cast<std::ptrdiff_t>(offset); };
  const auto before = [depth](const Entry& entry, std::uint8_t wanted) {
    return static_cast<std::uint8_t>(entry.text[depth]) < wanted;
  };
  const auto after = [depth](std::uint8_t wanted, const Entry& entry) {
    return wanted < static_cast<std::uint8_t>(entry.text[depth]);
  };
  const auto first = std::lower_bound(begin + at(*low), begin + at(*high), byte, before);
  const auto last = std::upper_bound(first, begin + at(*high), byte, after);
  *low = static_cast<std::size_t>(first - begin);
  *high = static_cast<std::size_t>(last - begin);
}

std::size_t SubstringIndex::memory() const {
  std::size_t bytes = sizeof(*this) + entries_.capacity() * sizeof(Entry);
  for (const Entry& entry : entries_)
    bytes += entry.text.capacity();
  return bytes;
}

}  // namespace gapferry::policy
