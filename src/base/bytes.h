// base/bytes.h: bytes, and the two text forms they travel in.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gapferry {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline ByteView AsBytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view AsText(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Lower-case hexadecimal. Decoding accepts exactly what encoding writes: even length, lower case.
[[nodiscard]] std::string HexEncode(ByteView bytes);
// Writes two digits a byte to `out`, which has room for them, and returns the end.
char* HexEncodeTo(ByteView bytes, char* out);
[[nodiscard]] std::optional<Bytes> HexDecode(std::string_view hex);

// Standard base64 with padding (RFC 4648 §4). Decoding is canonical: no white space, no missing
// padding, and the bits that padding leaves over must be zero, so that no two texts decode to the
// same bytes.
[[nodiscard]] std::string Base64Encode(ByteView bytes);
[[nodiscard]] std::optional<Bytes> Base64Decode(std::string_view text);

// True if every sequence is well-formed UTF-8 (RFC 3629: no overlong form, no surrogate, at most
// U+10FFFF).
[[nodiscard]] bool IsUtf8(std::string_view text);

// ASCII only, and independent of the locale.
[[nodiscard]] std::string AsciiLower(std::string_view text);
// True if `text` begins with `lower`, which is in lower case, in whatever case `text` is.
[[nodiscard]] bool StartsLike(std::string_view text, std::string_view lower);
[[nodiscard]] std::string_view AsciiTrim(std::string_view text);
[[nodiscard]] constexpr bool IsAsciiDigit(char c) {
  return c >= '0' && c <= '9';
}
[[nodiscard]] constexpr bool IsAsciiHex(char c) {
  return IsAsciiDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
[[nodiscard]] constexpr bool IsAsciiAlnum(char c) {
  return IsAsciiDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace gapferry
