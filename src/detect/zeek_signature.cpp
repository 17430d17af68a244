#include "detect/zeek_signature.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>

#include "base/bytes.h"
#include "detect/narrow.h"
#include "intel/value.h"
#include "policy/regex_list.h"

namespace gapferry::detect {
namespace {

constexpr std::int64_t kMaxPort = 65535;

Error BadSignature(std::string_view what) {
  return Error::Make(Kind::kMalformed, "{}", what);
}

// What is left of one line.
class LineWords {
 public:
  explicit LineWords(std::string_view line) : rest_(AsciiTrim(line)) {}

  [[nodiscard]] bool AtEnd() const { return rest_.empty() || rest_.starts_with('#'); }
  [[nodiscard]] bool Sees(std::string_view sign) const { return rest_.starts_with(sign); }
  bool Take(std::string_view sign) {
    if (!Sees(sign)) return false;
    Drop(sign.size());
    return true;
  }
  // Letters, digits and what else stands within names, numbers and addresses.
  std::string_view Word() {
    std::size_t end = 0;
    while (end < rest_.size() && (IsAsciiAlnum(rest_[end]) || Within(rest_[end])))
      ++end;
    const std::string_view word = rest_.substr(0, end);
    Drop(end);
    return word;
  }
  // Between quotes, where a backslash protects; nothing if there is no such text.
  bool Text() {
    if (!rest_.starts_with('"')) return false;
    const std::size_t end = Closing('"');
    if (end == std::string_view::npos) return false;
    Drop(end + 1);
    return true;
  }
  // "/…/" with the letter after it; empty if there is none. A slash within needs a backslash.
  std::string_view Pattern() {
    if (!rest_.starts_with('/')) return "";
    std::size_t end = Closing('/');
    if (end == std::string_view::npos) return "";
    if (rest_.substr(end + 1, 1) == "i") ++end;
    const std::string_view pattern = rest_.substr(0, end + 1);
    Drop(end + 1);
    return pattern;
  }

 private:
  static bool Within(char c) { return std::string_view("_-.:").find(c) != std::string_view::npos; }
  [[nodiscard]] std::size_t Closing(char quote) const {
    for (std::size_t at = 1; at < rest_.size(); ++at) {
      if (rest_[at] == '\\') {
        ++at;
      } else if (rest_[at] == quote) {
        return at;
      }
    }
    return std::string_view::npos;
  }
  void Drop(std::size_t bytes) { rest_ = AsciiTrim(rest_.substr(bytes)); }

  std::string_view rest_;
};

bool IsInteger(std::string_view word, std::int64_t most) {
  std::int64_t number = 0;
  int base = 10;
  if (word.starts_with("0x")) {
    word.remove_prefix(2);
    base = 16;
  }
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number, base);
  return error == std::errc() && end == word.data() + word.size() && !word.empty() && number >= 0 &&
         number <= most;
}

// 80, or 80-90.
bool IsRange(std::string_view word, std::int64_t most) {
  const std::size_t dash = word.find('-');
  if (dash == std::string_view::npos) return IsInteger(word, most);
  return IsInteger(word.substr(0, dash), most) && IsInteger(word.substr(dash + 1), most);
}

bool TakeComparison(LineWords* words) {
  constexpr auto kSigns = std::to_array<std::string_view>({"==", "!=", "<=", ">=", "<", ">"});
  return std::any_of(kSigns.begin(), kSigns.end(),
                     [&](std::string_view sign) { return words->Take(sign); });
}

// 192.0.2.0/24, or [2001:db8::]/32.
std::optional<intel::Network> TakeNetwork(LineWords* words) {
  const bool bracket = words->Take("[");
  std::string text(words->Word());
  if (bracket && !words->Take("]")) return std::nullopt;
  if (words->Take("/")) text += "/" + std::string(words->Word());
  if ((text.find(':') != std::string::npos) != bracket) return std::nullopt;
  return intel::ParseNetwork(text);
}

bool TakeNumbers(LineWords* words, std::int64_t most) {
  do {
    if (!IsRange(words->Word(), most)) return false;
  } while (words->Take(","));
  return true;
}

// "== 192.0.2.0/24,…"; `narrow` becomes whether these are few addresses.
bool TakeNetworks(LineWords* words, bool* narrow) {
  const bool equal = words->Sees("==");
  if (!TakeComparison(words)) return false;
  std::vector<intel::Network> networks;
  do {
    const std::optional<intel::Network> network = TakeNetwork(words);
    if (!network) return false;
    networks.push_back(*network);
  } while (words->Take(","));
  *narrow = *narrow || (equal && AreNarrow(networks));
  return true;
}

template <typename List>
bool TakeSome(LineWords* words, const List& known) {
  do {
    const std::string_view word = words->Word();
    if (std::find(known.begin(), known.end(), word) == known.end()) return false;
  } while (words->Take(","));
  return true;
}

// header ip[10:1] & 0xff == 5,7-9
bool TakeHeader(LineWords* words) {
  constexpr auto kHeaders =
      std::to_array<std::string_view>({"icmp", "icmp6", "ip", "ip6", "tcp", "udp"});
  const std::string_view header = words->Word();
  if (std::find(kHeaders.begin(), kHeaders.end(), header) == kHeaders.end()) return false;
  if (!words->Take("[")) return false;
  const std::string_view place = words->Word();
  const std::size_t colon = place.find(':');
  if (colon == std::string_view::npos || !IsInteger(place.substr(0, colon), kMaxPort)) return false;
  constexpr auto kSizes = std::to_array<std::string_view>({"1", "2", "4"});
  if (std::find(kSizes.begin(), kSizes.end(), place.substr(colon + 1)) == kSizes.end())
    return false;
  if (!words->Take("]")) return false;
  if (words->Take("&") && !IsInteger(words->Word(), UINT32_MAX)) return false;
  return TakeComparison(words) && TakeNumbers(words, UINT32_MAX);
}

struct Signature {
  std::string name;
  bool looks = false;  // for something that few connections have
  std::vector<std::string> needs;
};

// One line within a signature.
class Condition {
 public:
  Condition(std::string_view line, Signature* signature) : words_(line), signature_(signature) {}

  Status Read() {
    const std::string key(words_.Word());
    if (key == "eval") return BadSignature("eval");
    if (IsPattern(key)) return ReadPattern(key);
    const std::optional<bool> good = ReadPlain(key);
    if (!good) return BadSignature("unknown keyword");
    if (!*good || !words_.AtEnd()) return BadSignature("bad " + key);
    return Ok();
  }

 private:
  static bool IsPattern(std::string_view key) {
    constexpr auto kPatterns = std::to_array<std::string_view>(
        {"file-magic", "finger", "ftp", "http-reply-body", "http-reply-header", "http-request",
         "http-request-body", "http-request-header", "payload"});
    return std::find(kPatterns.begin(), kPatterns.end(), key) != kPatterns.end();
  }

  Status ReadPattern(const std::string& key) {
    const std::string_view pattern = words_.Pattern();
    if (pattern.size() < 3 || !words_.AtEnd()) return BadSignature("bad " + key);
    const Result<std::string> regex = policy::TranslateRegex(pattern);
    if (!regex.ok()) return BadSignature("bad regular expression");
    const std::string_view expression = pattern.substr(1, pattern.rfind('/') - 1);
    signature_->looks = signature_->looks || LongestLiteral(expression) >= kShortestContent;
    return Ok();
  }

  // Nothing for a keyword that is none.
  std::optional<bool> ReadPlain(std::string_view key) {
    if (key == "event" || key == "enable") return words_.Text();
    if (key == "file-mime") {
      const bool text = words_.Text();
      return text && (!words_.Take(",") || IsInteger(words_.Word(), INT32_MAX));
    }
    if (key == "ip-proto") return ReadProtocol();
    if (key == "tcp-state" || key == "udp-state") {
      constexpr auto kStates =
          std::to_array<std::string_view>({"established", "originator", "responder", "stateless"});
      return TakeSome(&words_, kStates);
    }
    if (key == "requires-signature" || key == "requires-reverse-signature") {
      words_.Take("!");
      signature_->needs.emplace_back(words_.Word());
      return !signature_->needs.back().empty();
    }
    return ReadPacket(key);
  }

  std::optional<bool> ReadPacket(std::string_view key) {
    if (key == "same-ip") return signature_->looks = true;
    if (key == "header") return TakeHeader(&words_);
    if (key == "dst-ip" || key == "src-ip") return TakeNetworks(&words_, &signature_->looks);
    if (key == "dst-port" || key == "src-port")
      return TakeComparison(&words_) && TakeNumbers(&words_, kMaxPort);
    if (key == "payload-size")
      return TakeComparison(&words_) && IsInteger(words_.Word(), UINT32_MAX);
    return std::nullopt;
  }

  bool ReadProtocol() {
    constexpr auto kProtocols =
        std::to_array<std::string_view>({"icmp", "icmp6", "ip", "ip6", "tcp", "udp"});
    if (!TakeComparison(&words_)) return false;
    do {
      const std::string_view word = words_.Word();
      if (!IsInteger(word, 255) &&
          std::find(kProtocols.begin(), kProtocols.end(), word) == kProtocols.end())
        return false;
    } while (words_.Take(","));
    return true;
  }

  LineWords words_;
  Signature* signature_;
};

Result<std::string> ReadName(std::string_view line) {
  const std::string_view word = line.substr(0, line.find_first_of(" \t"));
  std::string_view name = AsciiTrim(line.substr(word.size()));
  if (word != "signature" || !name.ends_with('{')) return BadSignature("no signature");
  name = AsciiTrim(name.substr(0, name.size() - 1));
  const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return IsAsciiAlnum(c) || c == '_' || c == '-' || c == ':';
  });
  if (!plain) return BadSignature("signature without name");
  return std::string(name);
}

bool HasControlInSignature(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<std::uint8_t>(c);
    return (byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte == 0x7F;
  });
}

}  // namespace

Result<std::vector<std::string>> ReadZeekSignatures(std::string_view text) {
  if (text.size() > kMaxSignatureBytes) return BadSignature("too long");
  if (HasControlInSignature(text)) return BadSignature("control character");
  std::vector<Signature> signatures;
  bool open = false;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = AsciiTrim(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty() || line.starts_with('#')) continue;
    if (!open) {
      GF_TRY(std::string name, ReadName(line));
      signatures.push_back({std::move(name), false, {}});
      open = true;
    } else if (line == "}") {
      if (!signatures.back().looks) return BadSignature("looks for too little");
      open = false;
    } else {
      GF_CHECK(Condition(line, &signatures.back()).Read());
    }
  }
  if (open) return BadSignature("signature without end");
  if (signatures.empty()) return BadSignature("no signature");
  std::set<std::string> names;
  for (const Signature& signature : signatures) {
    if (!names.insert(signature.name).second) return BadSignature("name used twice");
  }
  std::vector<std::string> ordered;
  for (const Signature& signature : signatures) {
    for (const std::string& need : signature.needs) {
      if (!names.contains(need)) return BadSignature("requires an unknown signature");
    }
    ordered.push_back(signature.name);
  }
  return ordered;
}

}  // namespace gapferry::detect
