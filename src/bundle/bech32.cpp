#include "bundle/bech32.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "bundle/guarded.h"

namespace gapferry::bundle {
namespace {

constexpr std::string_view kAlphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr std::size_t kDataSymbols = 52;  // of 5 bits each: 32 bytes and 4 bits of zero
constexpr std::size_t kChecksumSymbols = 6;
constexpr std::size_t kSymbols = kDataSymbols + kChecksumSymbols;
using Symbols = Wiped<kSymbols>;

// One step of the checksum of BIP 173: a BCH code over GF(32).
std::uint32_t Step(std::uint32_t sum, std::uint8_t symbol) {
  constexpr std::array<std::uint32_t, 5> kGenerator{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
                                                    0x2a1462b3};
  const std::uint32_t top = sum >> 25;
  sum = (sum & 0x1ffffff) << 5 ^ symbol;
  for (std::size_t i = 0; i < kGenerator.size(); ++i) {
    if ((top >> i & 1) != 0) sum ^= kGenerator[i];
  }
  return sum;
}

// Over the prefix in lower case and the symbols.
std::uint32_t Checksum(std::string_view prefix, ByteView symbols) {
  const std::string lower = AsciiLower(prefix);
  std::uint32_t sum = 1;
  for (const char c : lower)
    sum = Step(sum, static_cast<std::uint8_t>(static_cast<std::uint8_t>(c) >> 5));
  sum = Step(sum, 0);
  for (const char c : lower)
    sum = Step(sum, static_cast<std::uint8_t>(static_cast<std::uint8_t>(c) & 31));
  for (const std::uint8_t symbol : symbols)
    sum = Step(sum, symbol);
  return sum;
}

void SplitBits(Bech32Bytes bytes, Symbols* symbols) {
  std::uint32_t bits = 0;
  std::uint32_t have = 0;
  std::size_t next = 0;
  for (const std::uint8_t byte : bytes) {
    bits = (bits << 8 | byte) & 0xfff;
    for (have += 8; have >= 5; have -= 5)
      symbols->span()[next++] = static_cast<std::uint8_t>(bits >> (have - 5) & 31);
  }
  symbols->span()[next] = static_cast<std::uint8_t>(bits << (5 - have) & 31);
}

// False if the bits that are left over are not zero.
bool JoinBits(const Symbols& symbols, std::span<std::uint8_t, 32> bytes) {
  std::uint32_t bits = 0;
  std::uint32_t have = 0;
  std::size_t next = 0;
  for (const std::uint8_t symbol : symbols.view().first(kDataSymbols)) {
    bits = (bits << 5 | symbol) & 0xfff;
    have += 5;
    if (have < 8) continue;
    have -= 8;
    bytes[next++] = static_cast<std::uint8_t>(bits >> have);
  }
  return (bits & ((1U << have) - 1)) == 0;
}

}  // namespace

std::string Bech32Encode(std::string_view prefix, Bech32Bytes bytes) {
  Symbols symbols;
  SplitBits(bytes, &symbols);
  // The checksum makes the sum over all 58 symbols one.
  const std::uint32_t sum = Checksum(prefix, symbols.view()) ^ 1;
  for (std::size_t i = 0; i < kChecksumSymbols; ++i) {
    symbols.span()[kDataSymbols + i] =
        static_cast<std::uint8_t>(sum >> (5 * (kChecksumSymbols - 1 - i)) & 31);
  }
  const bool upper = AsciiLower(prefix) != prefix;
  std::string text;
  // In one piece, so that no outgrown copy of a secret stays behind.
  text.reserve(prefix.size() + 1 + kSymbols);
  text.append(prefix).push_back('1');
  for (const std::uint8_t symbol : symbols.view()) {
    const char c = kAlphabet[symbol];
    text.push_back(upper && c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c);
  }
  return text;
}

Status Bech32Decode(std::string_view prefix, std::string_view text,
                    std::span<std::uint8_t, 32> bytes) {
  if (!text.starts_with(prefix) || !text.substr(prefix.size()).starts_with('1'))
    return Error::Make(Kind::kMalformed, "it does not begin with {}1", prefix);
  text.remove_prefix(prefix.size() + 1);
  if (text.size() != kSymbols) {
    return Error::Make(Kind::kMalformed, "{} characters after {}1, not {}", text.size(), prefix,
                       kSymbols);
  }
  const bool upper = AsciiLower(prefix) != prefix;
  Symbols symbols;
  for (std::size_t i = 0; i < kSymbols; ++i) {
    const bool wrong_case =
        upper ? text[i] >= 'a' && text[i] <= 'z' : text[i] >= 'A' && text[i] <= 'Z';
    const char lower = upper && text[i] >= 'A' && text[i] <= 'Z'
                           ? static_cast<char>(text[i] - 'A' + 'a')
                           : text[i];
    const std::size_t value = wrong_case ? std::string_view::npos : kAlphabet.find(lower);
    if (value == std::string_view::npos) {
      return Error::Make(Kind::kMalformed, "character {} is none that keys are written with",
                         prefix.size() + 2 + i);
    }
    symbols.span()[i] = static_cast<std::uint8_t>(value);
  }
  if (Checksum(prefix, symbols.view()) != 1)
    return Error::Make(Kind::kMalformed, "its checksum does not fit: a character is mistyped");
  if (!JoinBits(symbols, bytes))
    return Error::Make(Kind::kMalformed, "its last character has bits that mean nothing");
  return Ok();
}

}  // namespace gapferry::bundle
