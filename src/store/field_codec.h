// store/field_codec.h: the fields of which an encoded record is made (docs/payload-format.md §3).
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/uuid.h"
#include "intel/event.h"
#include "store/record.h"

namespace gapferry::store {

constexpr std::uint8_t kNoDistribution = 0xFF;

// Integers little-endian, texts and lists with a 32-bit length before them.
class FieldWriter {
 public:
  explicit FieldWriter(std::string* out) : out_(out) {}
  void U8(std::uint8_t value) { out_->push_back(static_cast<char>(value)); }
  void U32(std::size_t value) {
    for (int shift = 0; shift < 32; shift += 8)
      U8(static_cast<std::uint8_t>(value >> shift));
  }
  void I64(std::int64_t value) {
    for (int shift = 0; shift < 64; shift += 8)
      U8(static_cast<std::uint8_t>(value >> shift));
  }
  void Text(std::string_view text) {
    U32(text.size());
    out_->append(text);
  }
  void Id(const Uuid& uuid) { out_->append(AsText(uuid.bytes)); }
  void Level(const std::optional<intel::Distribution>& level) {
    U8(level.value_or(kNoDistribution));
  }
  void Tags(const std::vector<intel::Tag>& tags) {
    U32(tags.size());
    for (const intel::Tag& tag : tags) {
      Text(tag.name);
      Text(tag.colour);
      Text(tag.relationship_type);
      U8(static_cast<std::uint8_t>((tag.local ? 1 : 0) | (tag.exportable ? 0 : 2)));
    }
  }

 private:
  std::string* out_;
};

// Bytes of a stranger: what does not fit makes ok() false, and from then on nothing is read.
class FieldReader {
 public:
  explicit FieldReader(ByteView bytes) : bytes_(bytes) {}
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool done() const { return ok_ && bytes_.empty(); }

  std::uint8_t U8() {
    if (!Need(1)) return 0;
    const std::uint8_t value = bytes_[0];
    bytes_ = bytes_.subspan(1);
    return value;
  }
  std::uint32_t U32() { return static_cast<std::uint32_t>(Integer(4)); }
  std::int64_t I64() { return static_cast<std::int64_t>(Integer(8)); }
  std::int64_t Count() {
    const std::int64_t value = I64();
    if (value < 0) ok_ = false;
    return value;
  }
  void Text(std::string* text) {
    const std::uint32_t size = U32();
    if (!Need(size)) return;
    text->assign(AsText(bytes_.first(size)));
    bytes_ = bytes_.subspan(size);
    if (!IsUtf8(*text)) ok_ = false;
  }
  void Name(std::string* name) {
    Text(name);
    if (!IsSourceName(*name)) ok_ = false;
  }
  void Id(Uuid* uuid) {
    if (!Need(16)) return;
    std::copy_n(bytes_.begin(), 16, uuid->bytes.begin());
    bytes_ = bytes_.subspan(16);
  }
  bool Bool() { return U8Below(2) == 1; }
  std::uint8_t U8Below(std::uint8_t limit) {
    const std::uint8_t value = U8();
    if (value >= limit) ok_ = false;
    return value;
  }
  std::optional<intel::Distribution> Level() {
    const std::uint8_t value = U8();
    if (value == kNoDistribution) return std::nullopt;
    if (value > intel::kInherit) ok_ = false;
    return value;
  }
  void Tags(std::vector<intel::Tag>* tags) {
    const std::uint32_t count = U32();
    if (count > kMaxTags) ok_ = false;
    tags->clear();
    for (std::uint32_t i = 0; ok_ && i < count; ++i) {
      intel::Tag& tag = tags->emplace_back();
      Text(&tag.name);
      Text(&tag.colour);
      Text(&tag.relationship_type);
      const std::uint8_t flags = U8Below(4);
      tag.local = (flags & 1) != 0;
      tag.exportable = (flags & 2) == 0;
    }
  }

 private:
  bool Need(std::size_t size) {
    ok_ = ok_ && bytes_.size() >= size;
    return ok_;
  }
  std::uint64_t Integer(std::size_t size) {
    if (!Need(size)) return 0;
    std::uint64_t value = 0;
    for (std::size_t i = size; i > 0; --i)
      value = value << 8 | bytes_[i - 1];
    bytes_ = bytes_.subspan(size);
    return value;
  }

  ByteView bytes_;
  bool ok_ = true;
};

}  // namespace gapferry::store
