// base/uuid.h: RFC 4122 UUIDs. MISP keys everything that crosses instances by them.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace gapferry {

struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  friend auto operator<=>(const Uuid&, const Uuid&) = default;
  [[nodiscard]] bool IsNil() const { return *this == Uuid{}; }
  // 8-4-4-4-12, lower case.
  [[nodiscard]] std::string ToString() const;
  void AppendTo(std::string* text) const;
};

// Accepts the 8-4-4-4-12 form in either case, and nothing else.
[[nodiscard]] std::optional<Uuid> ParseUuid(std::string_view text);
// A random version 4 UUID.
[[nodiscard]] Uuid NewUuid();
// The same bytes always give the same UUID. Stamped as version 4, because SigmaHQ's validator
// demands that version (reference/formats.md §4) and nothing depends on the difference.
[[nodiscard]] Uuid UuidFromContent(ByteView content);

}  // namespace gapferry

template <>
struct std::hash<gapferry::Uuid> {
  std::size_t operator()(const gapferry::Uuid& uuid) const noexcept {
    std::size_t folded = 0;
    for (std::size_t i = 0; i < sizeof(folded); ++i)
      folded = folded << 8 | (uuid.bytes[i] ^ uuid.bytes[i + 8]);
    return folded;
  }
};
