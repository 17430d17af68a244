// policy/substring_index.h: which of many texts stand anywhere in a value. A bitmap of the first
// three bytes rules out nearly every place; the others are narrowed down in the sorted texts, so
// that no set of entries makes a look-up slower than (length of value) × (longest entry).
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gapferry::policy {

// What may stand beside a hit. A host name as entry means that host, not every name that ends in
// the same letters (mcafee.com is not in howtoactivatemcafee.com).
enum class Bound : std::uint8_t { kAnywhere, kName, kAddress };

class SubstringIndex {
 public:
  static constexpr std::size_t kLeast = 3;

  // `text` in lower case, at least kLeast bytes.
  void Add(std::string text, Bound bound, std::uint16_t list);
  void Build();

  // Calls found(list) for each hit, ASCII letters compared without case; a list can come up more
  // than once.
  template <typename Found>
  void Match(std::string_view value, Found found) const {
    if (entries_.empty() || value.size() < kLeast) return;
    std::uint32_t gram = Lower(value[0]) << 8 | Lower(value[1]);
    for (std::size_t at = 0; at + kLeast <= value.size(); ++at) {
      gram = (gram << 8 | Lower(value[at + 2])) & 0xFF'FFFF;
      if (!may_start_.test(Fold(gram))) continue;
      MatchAt(value, at, found);
    }
  }
  [[nodiscard]] std::size_t memory() const;

 private:
  struct Entry {
    std::string text;
    Bound bound;
    std::uint16_t list;
  };

  [[nodiscard]] static std::uint32_t Lower(char c) {
    const auto byte = static_cast<std::uint8_t>(c);
    return byte >= 'A' && byte <= 'Z' ? byte + 32U : byte;
  }
  [[nodiscard]] static std::size_t Fold(std::uint32_t gram) { return (gram * 0x9E3779B1U) >> 16; }
  [[nodiscard]] static bool Bounded(std::string_view value, std::size_t at, std::size_t end,
                                    Bound bound);
  // Entries in [*low, *high) share `depth` bytes; narrows to those whose next byte is `byte`.
  void Narrow(std::size_t* low, std::size_t* high, std::size_t depth, std::uint8_t byte) const;

  template <typename Found>
  void MatchAt(std::string_view value, std::size_t at, Found& found) const {
    std::size_t low = 0;
    std::size_t high = entries_.size();
    for (std::size_t depth = 0; at + depth < value.size() && low < high; ++depth) {
      Narrow(&low, &high, depth, static_cast<std::uint8_t>(Lower(value[at + depth])));
      // Of texts with a common beginning the shortest sorts first.
      for (; low < high && entries_[low].text.size() == depth + 1; ++low) {
        if (Bounded(value, at, at + depth + 1, entries_[low].bound)) found(entries_[low].list);
      }
    }
  }

  std::vector<Entry> entries_;
  std::bitset<1U << 16> may_start_;
};

}  // namespace gapferry::policy
