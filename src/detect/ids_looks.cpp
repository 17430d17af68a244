#include "detect/ids_looks.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "detect/narrow.h"
#include "intel/value.h"

namespace gapferry::detect {
namespace {

constexpr auto kContents =
    std::to_array<std::string_view>({"content", "protected_content", "uricontent"});
// Whose value is a text as a content is.
constexpr auto kTexts = std::to_array<std::string_view>(
    {"dce_iface", "filemagic", "filename", "md5", "sd_pattern", "sha256", "sha512",
     "ssh.protoversion", "ssh.softwareversion", "tls.fingerprint", "tls.issuerdn", "tls.subject"});
// Whose value names something that few packets have: what is wrong with one, a function of a
// machine's protocol, a program.
constexpr auto kNamed = std::to_array<std::string_view>(
    {"app-layer-event", "appid", "appids", "asn1", "cip_service", "decode-event", "dnp3_func",
     "dnp3_obj", "enip_command", "engine-event", "iec104_asdu_func", "mms_func", "modbus",
     "modbus_func", "rpc", "s7commplus_func", "stream-event"});
constexpr auto kAlone =
    std::to_array<std::string_view>({"ftpbounce", "sameip", "tls_cert_expired"});

template <typename List>
bool IsLookKey(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// Bytes that a content such as "GET |2F 2f|\;" stands for. What follows the second quote are
// options of Snort 3.
std::size_t ContentBytes(std::string_view value) {
  if (!value.starts_with('"')) return 0;
  std::size_t bytes = 0;
  std::size_t digits = 0;
  bool hex = false;
  for (std::size_t at = 1; at < value.size() && value[at] != '"'; ++at) {
    if (value[at] == '|') {
      hex = !hex;
    } else if (hex) {
      digits += IsAsciiAlnum(value[at]) ? 1U : 0U;
    } else {
      at += value[at] == '\\' ? 1U : 0U;
      ++bytes;
    }
  }
  return bytes + digits / 2;
}

std::size_t TextBytes(std::string_view value) {
  return value.starts_with('"') ? ContentBytes(value) : value.size();
}

// "/…/i" in quotes, as both engines have it.
std::size_t ExpressionBytes(std::string_view value) {
  const std::size_t begin = value.find('/');
  const std::size_t end = value.rfind('/');
  if ((!value.starts_with("\"/") && !value.starts_with("\"m/")) || begin == end) return 0;
  // With x, spaces mean nothing.
  if (value.find('x', end) != std::string_view::npos) return 0;
  return LongestLiteral(value.substr(begin + 1, end - begin - 1));
}

bool LooksFor(const IdsOption& option) {
  const std::string key = AsciiLower(option.key);
  if (!option.has_value) return IsLookKey(kAlone, key);
  if (option.value.empty() || option.value.starts_with('!')) return false;
  if (IsLookKey(kContents, key)) return ContentBytes(option.value) >= kShortestContent;
  if (key == "pcre") return ExpressionBytes(option.value) >= kShortestContent;
  if (IsLookKey(kTexts, key)) return TextBytes(option.value) >= kShortestContent;
  return IsLookKey(kNamed, key);
}

// Of a header; a list in brackets is one, without its spaces.
std::vector<std::string> HeaderFields(std::string_view header) {
  std::vector<std::string> fields;
  int depth = 0;
  bool inside = false;
  for (const char c : header) {
    if (c == ' ' && depth == 0) {
      inside = false;
      continue;
    }
    if (!inside) fields.emplace_back();
    inside = true;
    depth += c == '[' ? 1 : c == ']' ? -1 : 0;
    if (c != ' ') fields.back() += c;
  }
  return fields;
}

// The addresses of a field that each must be one network or its negation; nothing if one is
// something else.
std::optional<std::vector<intel::Network>> NetworksOf(std::string field) {
  if (field.find("![") != std::string::npos) return std::nullopt;
  std::erase_if(field, [](char c) { return c == '[' || c == ']'; });
  std::vector<intel::Network> networks;
  for (std::string_view rest = field; !rest.empty();) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    // What is taken out makes a list no wider.
    if (word.starts_with('!')) continue;
    const std::optional<intel::Network> network = intel::ParseNetwork(word);
    if (!network) return std::nullopt;
    networks.push_back(*network);
  }
  return networks;
}

bool IsNarrow(const std::string& field) {
  const auto networks = NetworksOf(field);
  return networks && AreNarrow(*networks);
}

}  // namespace

bool LooksForSomething(const IdsRule& rule) {
  if (std::any_of(rule.options.begin(), rule.options.end(), LooksFor)) return true;
  const std::vector<std::string> fields = HeaderFields(rule.header);
  // Snort 3 leaves out what is any.
  return fields.size() == 7 && (IsNarrow(fields[2]) || IsNarrow(fields[5]));
}

}  // namespace gapferry::detect
