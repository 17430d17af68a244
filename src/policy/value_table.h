// policy/value_table.h: a flat hash table from values to set numbers. Hashed by byte it finds a
// name and all its parents in one pass over the text; hashed by chunks it is faster for long
// values. Open addressing over 16-byte slots; the polynomial hash modulo 2^61-1 is keyed at random,
// so that nobody can prepare values that collide.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gapferry::policy {

class ValueTable {
 public:
  struct Entry {
    std::uint32_t exact = 0;  // for the value itself
    std::uint32_t below = 0;  // for the name and all below it
  };
  static constexpr std::size_t kMaxKeyBytes = 0xFFFF;
  static constexpr std::size_t kMaxArenaBytes = 0xFFFF'FFFF;

  enum class HashBy : std::uint8_t { kByte, kChunk };

  explicit ValueTable(HashBy by = HashBy::kByte);

  // The entry of `key`, new if need be; nullptr if the table is full (4 GiB of keys).
  [[nodiscard]] Entry* Insert(std::string_view key);
  [[nodiscard]] std::optional<Entry> Find(std::string_view key) const;
  // Calls found(entry, is_whole) for the name and each parent that the table holds, nearest to the
  // root first. Only for a table that is hashed by byte.
  template <typename Found>
  void FindSuffixes(std::string_view name, Found found) const {
    std::uint64_t hash = 0;
    for (std::size_t at = name.size(); at-- > 0;) {
      hash = Step(hash, static_cast<std::uint8_t>(name[at]));
      if (at > 0 && name[at - 1] != '.') continue;
      const Slot* slot = Probe(hash, name.substr(at));
      if (slot != nullptr) found(slot->entry, at == 0);
    }
  }
  [[nodiscard]] std::size_t size() const { return used_; }
  [[nodiscard]] std::size_t memory() const {
    return slots_.capacity() * sizeof(Slot) + arena_.capacity();
  }

 private:
  struct Slot {
    std::uint32_t key = 0;  // offset into arena_ + 1; 0: free
    std::uint32_t tag = 0;  // of the hash
    Entry entry;
  };
  static constexpr std::uint64_t kPrime = (std::uint64_t{1} << 61) - 1;

  [[nodiscard]] std::uint64_t Step(std::uint64_t hash, std::uint64_t digit) const {
    __extension__ using Wide = unsigned __int128;
    const Wide product = Wide{hash} * multiplier_ + digit + 1;
    const std::uint64_t folded =
        static_cast<std::uint64_t>(product & kPrime) + static_cast<std::uint64_t>(product >> 61);
    return folded >= kPrime ? folded - kPrime : folded;
  }
  [[nodiscard]] std::uint64_t Hash(std::string_view key) const;
  [[nodiscard]] std::string_view Key(const Slot& slot) const;
  [[nodiscard]] std::size_t IndexFor(std::uint64_t hash, std::string_view key) const;
  [[nodiscard]] const Slot* Probe(std::uint64_t hash, std::string_view key) const;
  void Grow();

  HashBy by_;
  std::uint64_t multiplier_;
  std::vector<Slot> slots_;
  std::size_t used_ = 0;
  std::string arena_;  // keys, each after its length in two bytes
};

}  // namespace gapferry::policy
