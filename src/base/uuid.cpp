#include "base/uuid.h"

#include <algorithm>

#include "base/hash.h"

namespace gapferry {
namespace {

Uuid StampVersion4(Uuid uuid) {
  uuid.bytes[6] = static_cast<std::uint8_t>((uuid.bytes[6] & 0x0F) | 0x40);
  uuid.bytes[8] = static_cast<std::uint8_t>((uuid.bytes[8] & 0x3F) | 0x80);
  return uuid;
}

constexpr bool IsDashPosition(std::size_t i) {
  return i == 8 || i == 13 || i == 18 || i == 23;
}

}  // namespace

void Uuid::AppendTo(std::string* text) const {
  std::array<char, 36> form{};
  char* out = form.data();
  std::size_t at = 0;
  for (const std::size_t length : {4U, 2U, 2U, 2U, 6U}) {
    if (at > 0) *out++ = '-';
    out = HexEncodeTo(ByteView(bytes).subspan(at, length), out);
    at += length;
  }
  text->append(form.data(), form.size());
}

std::string Uuid::ToString() const {
  std::string text;
  text.reserve(36);
  AppendTo(&text);
  return text;
}

std::optional<Uuid> ParseUuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  std::string hex;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (IsDashPosition(i)) {
      if (text[i] != '-') return std::nullopt;
    } else {
      hex.push_back(text[i]);
    }
  }
  const std::optional<Bytes> bytes = HexDecode(AsciiLower(hex));
  if (!bytes) return std::nullopt;
  Uuid uuid;
  std::copy(bytes->begin(), bytes->end(), uuid.bytes.begin());
  return uuid;
}

Uuid NewUuid() {
  Uuid uuid;
  randombytes_buf(uuid.bytes.data(), uuid.bytes.size());
  return StampVersion4(uuid);
}

Uuid UuidFromContent(ByteView content) {
  const Digest256 digest = Hash256(content);
  Uuid uuid;
  std::copy_n(digest.begin(), uuid.bytes.size(), uuid.bytes.begin());
  return StampVersion4(uuid);
}

}  // namespace gapferry
