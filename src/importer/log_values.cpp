#include "importer/log_values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "base/bytes.h"
#include "base/json.h"

namespace gapferry::importer {
namespace {

using intel::IndicatorKind;

constexpr auto npos = std::string_view::npos;
constexpr std::size_t kMaxJsonDepth = 64;
constexpr std::size_t kMaxQuoted = 2048;  // a user agent or a path
constexpr std::size_t kMaxUrl = 8192;
constexpr int kMaxUrlsInUrl = 8;  // further ones within it are passed over

bool IsSeparator(char c) {
  const auto byte = static_cast<std::uint8_t>(c);
  return byte <= 0x20 || byte == 0x7F ||
         std::string_view("\"'`<>()[]{},;|=^*!?&#$+~\\/").find(c) != npos;
}

bool EndsUrl(char c) {
  const auto byte = static_cast<std::uint8_t>(c);
  return byte <= 0x20 || byte == 0x7F || std::string_view("\"'`<>|{}\\").find(c) != npos;
}

bool IsNumber(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsAsciiDigit);
}

IndicatorKind HashOf(std::size_t digits) {
  constexpr auto kHashes =
      std::to_array<std::pair<std::size_t, IndicatorKind>>({{32, IndicatorKind::kMd5},
                                                            {40, IndicatorKind::kSha1},
                                                            {56, IndicatorKind::kSha224},
                                                            {64, IndicatorKind::kSha256},
                                                            {96, IndicatorKind::kSha384},
                                                            {128, IndicatorKind::kSha512}});
  for (const auto& [length, kind] : kHashes) {
    if (length == digits) return kind;
  }
  return IndicatorKind::kOther;
}

// 0 for what is none.
std::uint16_t PortOf(std::string_view text) {
  std::uint16_t port = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && stop == text.data() + text.size() ? port : 0;
}

std::uint16_t FieldPort(const Json& value) {
  if (value.is_string()) return PortOf(value.get_ref<const std::string&>());
  if (!value.is_number_unsigned() || value > 0xFFFF) return 0;
  return value.get<std::uint16_t>();
}

// The port of a URL's host, where its scheme says one.
std::uint16_t UrlPort(const intel::Url& url) {
  if (url.port != 0) return url.port;
  return url.scheme == "http" ? 80 : url.scheme == "https" ? 443 : 0;
}

// Of the name of a field, what it shares with that of its other half: "dest_" of dest_ip and
// dest_port, "destination." of destination.address and destination.port, "id.resp" of Zeek's
// id.resp_h and id.resp_p.
std::optional<std::string> StemOf(std::string_view key, std::span<const std::string_view> ends) {
  std::string stem = AsciiLower(key);
  for (const std::string_view end : ends) {
    if (!stem.ends_with(end)) continue;
    stem.resize(stem.size() - end.size());
    return stem;
  }
  return std::nullopt;
}
constexpr auto kAddressEnds = std::to_array<std::string_view>({"ip", "address", "addr", "_h"});
constexpr auto kPortEnds = std::to_array<std::string_view>({"port", "_p"});

// As people write what nobody should click: "hxxps://evil[.]example".
std::string Rearmed(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  while (!text.empty()) {
    if (text.starts_with("[.]")) {
      plain += '.';
      text.remove_prefix(3);
    } else if (text.starts_with("hxxp")) {
      plain += "http";
      text.remove_prefix(4);
    } else {
      plain += text.front();
      text.remove_prefix(1);
    }
  }
  return plain;
}

// "203.0.113.7.443", as tcpdump writes an address and its port, without the port; else "".
std::string_view WithoutPort(std::string_view text) {
  constexpr auto kDotsWithPort = 4;
  const std::size_t dot = text.rfind('.');
  if (std::count(text.begin(), text.end(), '.') != kDotsWithPort || dot + 6 < text.size())
    return "";
  return IsNumber(text.substr(dot + 1)) ? text.substr(0, dot) : "";
}

class Reader {
 public:
  void Text(std::string_view text) {
    Plain(text);
    if (text.find("[.]") != npos || text.find("hxxp") != npos) Plain(Rearmed(text));
  }

  // A line of columns: what stands between two tabs stands alone.
  void Columns(std::string_view text) {
    if (text.find('\t') == npos) return;
    for (std::size_t at = 0; at <= text.size();) {
      const std::size_t end = std::min(text.find('\t', at), text.size());
      Whole(text.substr(at, end - at));
      at = end + 1;
    }
  }

  // A string that stands alone may be a user agent or the path of a file.
  void Whole(std::string_view text) {
    if (text.empty() || text.size() > kMaxQuoted) return;
    Add(IndicatorKind::kUserAgent, std::string(text));
    const std::size_t name = text.find_last_of("/\\");
    Add(IndicatorKind::kFilename, std::string(name == npos ? text : text.substr(name + 1)));
  }

  void Value(const Json& value) {
    if (value.is_string()) {
      const auto& text = value.get_ref<const std::string&>();
      Text(text);
      Whole(text);
    } else if (value.is_structured()) {
      if (value.is_object()) FieldPorts(value);
      for (const Json& inner : value)
        Value(inner);
    }
  }

  std::vector<LogValue> Take() {
    for (LogValue& value : found_) {
      if (value.kind != IndicatorKind::kAddress) continue;
      const auto ports = ports_.find(value.value);
      if (ports != ports_.end()) value.ports.assign(ports->second.begin(), ports->second.end());
    }
    return std::move(found_);
  }

 private:
  void Plain(std::string_view text) {
    Urls(text);
    DnsLabels(text);
    Words(text);
    Quoted(text);
  }

  void Add(IndicatorKind kind, std::string value) {
    if (value.empty()) return;
    if (known_.emplace(kind, value).second) found_.push_back({{kind, std::move(value)}, {}});
  }

  // Nothing for 0, or if `text` is no address.
  void AddPort(std::string_view text, std::uint16_t port) {
    if (port == 0) return;
    if (const auto address = intel::NormaliseAddress(text)) ports_[*address].insert(port);
  }

  void FieldPorts(const Json& object) {
    std::map<std::string, std::uint16_t> ports;
    for (const auto& [key, value] : object.items()) {
      const auto stem = StemOf(key, kPortEnds);
      if (stem) ports.emplace(*stem, FieldPort(value));
    }
    if (ports.empty()) return;
    for (const auto& [key, value] : object.items()) {
      const auto stem = value.is_string() ? StemOf(key, kAddressEnds) : std::nullopt;
      const auto port = stem ? ports.find(*stem) : ports.end();
      if (port != ports.end()) AddPort(value.get_ref<const std::string&>(), port->second);
    }
  }

  void Urls(std::string_view text) {
    std::size_t outer_end = 0;
    int within = 0;
    for (std::size_t at = text.find("://"); at != npos; at = text.find("://", at + 3)) {
      within = at < outer_end ? within + 1 : 0;
      if (within > kMaxUrlsInUrl) continue;
      std::size_t begin = at;
      while (begin > 0 && IsAsciiAlnum(text[begin - 1]))
        --begin;
      std::size_t end = at;
      while (end < text.size() && end - begin < kMaxUrl && !EndsUrl(text[end]))
        ++end;
      if (within == 0) outer_end = end;
      std::string_view url = text.substr(begin, end - begin);
      AddUrl(url);
      // Punctuation after it, unless it belongs to it.
      while (!url.empty() && std::string_view(".,;:)]").find(url.back()) != npos)
        url.remove_suffix(1);
      AddUrl(url);
    }
  }

  void AddUrl(std::string_view text) {
    const auto url = intel::ParseUrl(text);
    if (!url) return;
    if (url->host_is_address) AddPort(url->host, UrlPort(*url));
    Add(IndicatorKind::kUrl, url->ToString());
  }

  // "(4)evil(7)example(0)", as the DNS server of Windows writes a name.
  void DnsLabels(std::string_view text) {
    constexpr std::size_t kMostDigits = 2;
    std::string name;
    for (std::size_t open = text.find('('); open != npos; open = text.find('(', open + 1)) {
      const std::size_t digits = text.substr(open + 1, kMostDigits + 1).find(')');
      if (digits == npos) {
        name.clear();
        continue;
      }
      const std::size_t close = open + 1 + digits;
      const std::string_view length = text.substr(open + 1, digits);
      const std::size_t next = std::min(text.find('(', close), text.size());
      if (length == "0") {
        AddName(name);
        name.clear();
      } else if (IsNumber(length)) {
        name += (name.empty() ? "" : ".") + std::string(text.substr(close + 1, next - close - 1));
      } else {
        name.clear();
      }
      if (name.size() > 255) name.clear();
    }
  }

  void Words(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
      std::size_t end = at;
      while (end < text.size() && !IsSeparator(text[end]))
        ++end;
      const std::string_view word = text.substr(at, end - at);
      if (!word.empty()) Word(word);
      // "[2001:db8::1]:443"
      if (text.substr(end).starts_with("]:"))
        AddPort(word, PortOf(text.substr(end + 2).substr(0, DigitsAt(text, end + 2))));
      at = end + 1;
    }
  }

  static std::size_t DigitsAt(std::string_view text, std::size_t at) {
    std::size_t digits = 0;
    while (at + digits < text.size() && digits < 6 && IsAsciiDigit(text[at + digits]))
      ++digits;
    return digits;
  }

  void Word(std::string_view word) {
    if (word.size() < 3 || word.size() > 512) return;
    if (word.find('@') != npos) return AddEmail(word);
    const auto colons = std::count(word.begin(), word.end(), ':');
    if (colons > 1) {
      if (AddAddress(word) || AddFingerprint(word)) return;
    }
    if (colons > 0) {
      // host:port, key:value
      std::string_view before;
      for (std::size_t at = 0; at <= word.size();) {
        const std::size_t end = std::min(word.find(':', at), word.size());
        const std::string_view part = word.substr(at, end - at);
        if (IsNumber(part)) AddPort(before, PortOf(part));
        if (!part.empty()) Part(part);
        before = part;
        at = end + 1;
      }
      return;
    }
    Part(word);
  }

  void Part(std::string_view part) {
    const bool hex = std::all_of(part.begin(), part.end(), IsAsciiHex);
    if (const IndicatorKind kind = HashOf(part.size()); hex && kind != IndicatorKind::kOther)
      return Add(kind, AsciiLower(part));
    if (part.find('.') == npos || AddAddress(part)) return;
    AddName(part);
    Add(IndicatorKind::kFilename, std::string(part));
  }

  bool AddAddress(std::string_view text) {
    while (text.ends_with('.') || text.ends_with(':'))
      text.remove_suffix(1);
    auto address = intel::NormaliseAddress(text);
    if (!address) {
      const std::string_view alone = WithoutPort(text);
      address = intel::NormaliseAddress(alone);
      if (address) AddPort(alone, PortOf(text.substr(alone.size() + 1)));
    }
    if (!address) return false;
    Add(IndicatorKind::kAddress, *std::move(address));
    return true;
  }

  // SHA-1 of a certificate: twenty bytes with colons between them.
  bool AddFingerprint(std::string_view text) {
    if (text.size() != 59) return false;
    std::string digits(text);
    std::erase(digits, ':');
    if (digits.size() != 40 || !std::all_of(digits.begin(), digits.end(), IsAsciiHex)) return false;
    Add(IndicatorKind::kSha1, AsciiLower(digits));
    return true;
  }

  void AddName(std::string_view text) {
    auto name = intel::NormaliseName(intel::WithoutWildcard(text));
    if (name && name->find('.') != npos) Add(IndicatorKind::kHostname, *std::move(name));
  }

  void AddEmail(std::string_view text) {
    while (!text.empty() && std::string_view(".:").find(text.back()) != npos)
      text.remove_suffix(1);
    const intel::Normalised email = intel::Normalise("email", text);
    if (email.ok() && email.count == 1) Add(email.indicators[0].kind, email.indicators[0].value);
  }

  void Quoted(std::string_view text) {
    for (std::size_t open = text.find('"'); open != npos;) {
      const std::size_t close = text.find('"', open + 1);
      if (close == npos) return;
      Whole(text.substr(open + 1, close - open - 1));
      open = close;
    }
  }

  std::vector<LogValue> found_;
  std::map<std::string, std::set<std::uint16_t>> ports_;  // by address
  std::set<std::pair<IndicatorKind, std::string>> known_;
};

}  // namespace

std::vector<LogValue> ReadLogLine(std::string_view line) {
  Reader reader;
  if (AsciiTrim(line).starts_with('{')) {
    const Result<Json> json = ParseJson(line, {kMaxLogLine + 2, kMaxJsonDepth, /*twice=*/true});
    if (json.ok()) {
      reader.Value(*json);
      return reader.Take();
    }
  }
  reader.Text(line);
  reader.Columns(line);
  return reader.Take();
}

}  // namespace gapferry::importer
