// bundle/age_header.h: the text that begins an age file: who can open it. Format: C2SP age.md,
// "Header". Canonical only: what parses here serialises to the same bytes.
//
//   age-encryption.org/v1
//   -> X25519 <share>
//   <wrapped file key>
//   --- <MAC>
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace gapferry::bundle {

// A header of ours has 100 bytes a recipient. Foreign stanzas may stand in between; a post-quantum
// one has 1.6 KB.
constexpr std::size_t kMaxAgeHeaderBytes = 64 << 10;
constexpr std::size_t kMaxAgeStanzas = 128;

// Base64 as age writes it: canonical, without padding. Empty for an empty text.
[[nodiscard]] std::string AgeBase64(ByteView bytes);
[[nodiscard]] std::optional<Bytes> ParseAgeBase64(std::string_view text);

// One way to the file key. Arguments are at least one, of visible ASCII, the first names the kind.
struct AgeStanza {
  std::vector<std::string> arguments;
  Bytes body;

  friend bool operator==(const AgeStanza&, const AgeStanza&) = default;
};

struct AgeHeader {
  std::vector<AgeStanza> stanzas;      // at least one
  std::array<std::uint8_t, 32> mac{};  // of AgeMacInput

  friend bool operator==(const AgeHeader&, const AgeHeader&) = default;
};

// What the MAC covers: everything up to and with "---".
[[nodiscard]] std::string AgeMacInput(const std::vector<AgeStanza>& stanzas);
[[nodiscard]] std::string SerializeAgeHeader(const AgeHeader& header);

// Parses exactly one header with its last line end.
// Errors: kMalformed with the line; kUnsupported for armor and for another version of age;
// kTooLarge.
[[nodiscard]] Result<AgeHeader> ParseAgeHeader(std::string_view text);

// Finds the end of a header that comes in pieces.
class AgeHeaderReader {
 public:
  // Takes what belongs to the header and returns how much that was. Errors: kTooLarge; kMalformed
  // and kUnsupported for a file that does not begin like one of age.
  [[nodiscard]] Result<std::size_t> Take(ByteView bytes);
  [[nodiscard]] bool complete() const { return complete_; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::size_t line_ = 0;  // where the current line begins
  bool complete_ = false;
};

}  // namespace gapferry::bundle
