#include "bundle/age_header.h"

#include <algorithm>

namespace gapferry::bundle {
namespace {

constexpr std::string_view kVersionLine = "age-encryption.org/v1";
constexpr std::string_view kAnyVersion = "age-encryption.org/";
constexpr std::string_view kArmor = "-----BEGIN AGE ENCRYPTED FILE-----";
constexpr std::string_view kStanzaStart = "-> ";
constexpr std::string_view kMacStart = "---";
constexpr std::size_t kColumns = 64;  // of a full line of a body
constexpr std::size_t kLongestVersionLine = 128;

Status CheckVersion(std::string_view line) {
  if (line == kVersionLine) return Ok();
  if (line.starts_with(kArmor)) {
    return Error::Make(Kind::kUnsupported,
                       "an age file in ASCII armor; only the binary form is read");
  }
  if (line.starts_with(kAnyVersion) && !line.ends_with('\r')) {
    return Error::Make(Kind::kUnsupported, "an age file of another version than {}", kVersionLine);
  }
  return Error::Make(Kind::kMalformed, "no age file: it does not begin with {}", kVersionLine);
}

bool IsVisible(char c) {
  return c > ' ' && c < '\x7f';
}

// Takes lines off the front of a header.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  [[nodiscard]] bool NextStartsWith(std::string_view start) const {
    return rest_.starts_with(start);
  }
  Result<std::string_view> Next() {
    ++number_;
    const std::size_t end = rest_.find('\n');
    if (end == std::string_view::npos) return Fail("is not ended");
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return line;
  }
  [[nodiscard]] Error Fail(std::string_view reason) const {
    return Error::Make(Kind::kMalformed, "line {} of the age header {}", number_, reason);
  }

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

Result<std::vector<std::string>> ReadArguments(Lines* lines) {
  GF_TRY(std::string_view line, lines->Next());
  if (!line.starts_with(kStanzaStart)) return lines->Fail("begins neither a recipient nor the end");
  line.remove_prefix(kStanzaStart.size());
  std::vector<std::string> arguments;
  for (bool more = true; more;) {
    const std::size_t space = line.find(' ');
    const std::string_view argument = line.substr(0, space);
    if (argument.empty() || !std::all_of(argument.begin(), argument.end(), IsVisible))
      return lines->Fail("has an argument that is empty or not visible ASCII");
    arguments.emplace_back(argument);
    more = space != std::string_view::npos;
    if (more) line.remove_prefix(space + 1);
  }
  return arguments;
}

// Full lines of 64 columns, then a shorter one, which may be empty.
Result<Bytes> ReadBody(Lines* lines) {
  Bytes body;
  for (bool more = true; more;) {
    GF_TRY(const std::string_view line, lines->Next());
    const auto bytes = line.size() <= kColumns ? ParseAgeBase64(line) : std::nullopt;
    if (!bytes) return lines->Fail("is no canonical base64 of at most 64 columns");
    body.insert(body.end(), bytes->begin(), bytes->end());
    more = line.size() == kColumns;
  }
  return body;
}

Result<std::array<std::uint8_t, 32>> ReadMac(Lines* lines) {
  GF_TRY(std::string_view line, lines->Next());
  line.remove_prefix(kMacStart.size());
  std::array<std::uint8_t, 32> mac{};
  const auto bytes =
      line.starts_with(' ') ? ParseAgeBase64(line.substr(1)) : std::optional<Bytes>();
  if (!bytes || bytes->size() != mac.size())
    return lines->Fail("is not --- and an authentication code of 32 bytes in base64");
  std::copy(bytes->begin(), bytes->end(), mac.begin());
  return mac;
}

}  // namespace

std::string AgeBase64(ByteView bytes) {
  std::string text = Base64Encode(bytes);
  text.erase(std::find(text.begin(), text.end(), '='), text.end());
  return text;
}

std::optional<Bytes> ParseAgeBase64(std::string_view text) {
  if (text.find('=') != std::string_view::npos) return std::nullopt;
  std::string padded(text);
  padded.resize((text.size() + 3) / 4 * 4, '=');
  return Base64Decode(padded);
}

std::string AgeMacInput(const std::vector<AgeStanza>& stanzas) {
  std::string text(kVersionLine);
  text += '\n';
  for (const AgeStanza& stanza : stanzas) {
    text += "->";
    for (const std::string& argument : stanza.arguments)
      text.append(" ").append(argument);
    text += '\n';
    const std::string body = AgeBase64(stanza.body);
    for (std::size_t at = 0; at <= body.size(); at += kColumns)
      text.append(body, at, kColumns).append("\n");
  }
  return text.append(kMacStart);
}

std::string SerializeAgeHeader(const AgeHeader& header) {
  return AgeMacInput(header.stanzas) + " " + AgeBase64(header.mac) + "\n";
}

Result<AgeHeader> ParseAgeHeader(std::string_view text) {
  if (text.size() > kMaxAgeHeaderBytes) {
    return Error::Make(Kind::kTooLarge, "an age header of {} bytes; the limit is {}", text.size(),
                       kMaxAgeHeaderBytes);
  }
  Lines lines(text);
  GF_TRY(const std::string_view version, lines.Next());
  GF_CHECK(CheckVersion(version));
  AgeHeader header;
  while (!lines.NextStartsWith(kMacStart)) {
    if (header.stanzas.size() == kMaxAgeStanzas) {
      return Error::Make(Kind::kTooLarge, "an age header with more than {} recipients",
                         kMaxAgeStanzas);
    }
    AgeStanza& stanza = header.stanzas.emplace_back();
    GF_TRY(stanza.arguments, ReadArguments(&lines));
    GF_TRY(stanza.body, ReadBody(&lines));
  }
  GF_TRY(header.mac, ReadMac(&lines));
  if (!lines.empty()) return lines.Fail("is not the last one");
  if (header.stanzas.empty()) return lines.Fail("ends a header without recipients");
  return header;
}

Result<std::size_t> AgeHeaderReader::Take(ByteView bytes) {
  std::size_t taken = 0;
  while (!complete_ && taken < bytes.size()) {
    const char c = static_cast<char>(bytes[taken++]);
    text_.push_back(c);
    const bool first_line = line_ == 0;
    if (first_line && (c == '\n' || text_.size() == kLongestVersionLine)) {
      GF_CHECK(CheckVersion(std::string_view(text_).substr(0, text_.size() - 1)));
    }
    if (c == '\n') {
      // No other line begins with dashes: base64 has none, and a stanza begins with one only.
      complete_ = !first_line && std::string_view(text_).substr(line_).starts_with(kMacStart);
      line_ = text_.size();
    }
    if (text_.size() > kMaxAgeHeaderBytes) {
      return Error::Make(Kind::kTooLarge, "an age header of more than {} bytes",
                         kMaxAgeHeaderBytes);
    }
  }
  return taken;
}

}  // namespace gapferry::bundle
