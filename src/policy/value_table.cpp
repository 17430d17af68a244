#include "policy/value_table.h"

#include <algorithm>
#include <cstring>

#include "base/hash.h"

namespace gapferry::policy {
namespace {

constexpr std::size_t kLeastSlots = 64;
constexpr std::size_t kChunkBytes = 7;  // below the prime

// Spreads a hash over all 64 bits: the upper half is the tag, the lower half the place.
std::uint64_t Mix(std::uint64_t hash) {
  hash *= 0x9E3779B97F4A7C15U;
  return hash ^ hash >> 32;
}
std::uint32_t Tag(std::uint64_t mixed) {
  return static_cast<std::uint32_t>(mixed >> 32);
}

}  // namespace

ValueTable::ValueTable(HashBy by) : by_(by), slots_(kLeastSlots) {
  InitCrypto();
  ::randombytes_buf(&multiplier_, sizeof(multiplier_));
  multiplier_ = multiplier_ % (kPrime - 512) + 256;  // above any byte, below the prime
}

std::uint64_t ValueTable::Hash(std::string_view key) const {
  std::uint64_t hash = 0;
  if (by_ == HashBy::kByte) {
    for (std::size_t at = key.size(); at-- > 0;)
      hash = Step(hash, static_cast<std::uint8_t>(key[at]));
    return hash;
  }
  // The length first: a short last chunk is filled up with zeros.
  hash = key.size();
  for (std::size_t at = 0; at < key.size(); at += kChunkBytes) {
    std::uint64_t chunk = 0;
    std::memcpy(&chunk, key.data() + at, std::min(kChunkBytes, key.size() - at));
    hash = Step(hash, chunk);
  }
  return hash;
}

std::string_view ValueTable::Key(const Slot& slot) const {
  const std::size_t at = slot.key - 1;
  const std::size_t size = static_cast<std::size_t>(static_cast<std::uint8_t>(arena_[at])) |
                           static_cast<std::size_t>(static_cast<std::uint8_t>(arena_[at + 1])) << 8;
  return std::string_view(arena_).substr(at + 2, size);
}

std::size_t ValueTable::IndexFor(std::uint64_t hash, std::string_view key) const {
  const std::uint64_t mixed = Mix(hash);
  const std::size_t mask = slots_.size() - 1;
  std::size_t index = static_cast<std::size_t>(mixed) & mask;
  while (slots_[index].key != 0 && (slots_[index].tag != Tag(mixed) || Key(slots_[index]) != key))
    index = (index + 1) & mask;
  return index;
}

const ValueTable::Slot* ValueTable::Probe(std::uint64_t hash, std::string_view key) const {
  const Slot& slot = slots_[IndexFor(hash, key)];
  return slot.key == 0 ? nullptr : &slot;
}

std::optional<ValueTable::Entry> ValueTable::Find(std::string_view key) const {
  const Slot* slot = Probe(Hash(key), key);
  if (slot == nullptr) return std::nullopt;
  return slot->entry;
}

ValueTable::Entry* ValueTable::Insert(std::string_view key) {
  if (key.size() > kMaxKeyBytes || arena_.size() + key.size() + 3 > kMaxArenaBytes) return nullptr;
  if (2 * (used_ + 1) > slots_.size()) Grow();
  const std::uint64_t hash = Hash(key);
  Slot& slot = slots_[IndexFor(hash, key)];
  if (slot.key == 0) {
    slot.key = static_cast<std::uint32_t>(arena_.size() + 1);
    slot.tag = Tag(Mix(hash));
    arena_.push_back(static_cast<char>(key.size() & 0xFF));
    arena_.push_back(static_cast<char>(key.size() >> 8));
    arena_.append(key);
    ++used_;
  }
  return &slot.entry;
}

void ValueTable::Grow() {
  std::vector<Slot> old(2 * slots_.size());
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.key == 0) continue;
    slots_[IndexFor(Hash(Key(slot)), Key(slot))] = slot;
  }
}

}  // namespace gapferry::policy
