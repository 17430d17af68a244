#include "detect/yaml_scalar.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <charconv>
#include <chrono>

#include "base/bytes.h"

namespace gapferry::detect {
namespace {

using YamlKind = YamlNode::Kind;

// What both versions call a number. Longer ones are whole numbers to some and rounded by others.
constexpr const char* kYamlInt = "[-+]?(?:0|[1-9][0-9]{0,17})|0x[0-9a-fA-F]{1,15}";
constexpr const char* kYamlFloat = "[-+]?[0-9]{1,17}\\.[0-9]{1,17}";
// What one of the versions does not call a text: the resolvers of PyYAML, and the core schema.
constexpr const char* kYamlDoubtful =
    "(?:yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)|=|<<"
    "|[-+]?0b[01_]+|[-+]?[0-9][0-9_]*|0o[0-7]+|[-+]?0x[0-9a-fA-F_]+"
    "|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\\.[0-9_]*)?"
    "|[-+]?(?:[0-9][0-9_]*(?:\\.[0-9_]*)?|\\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?"
    "|[-+]?\\.(?:inf|Inf|INF)|\\.(?:nan|NaN|NAN)"
    "|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \\t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}.*";

bool YamlMatch(std::string_view text, const RE2& regex) {
  return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), regex);
}

// "2024-02-30" is none.
bool IsYamlDay(std::string_view text) {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  std::from_chars(text.data(), text.data() + 4, year);
  std::from_chars(text.data() + 5, text.data() + 7, month);
  std::from_chars(text.data() + 8, text.data() + 10, day);
  return year > 0 && std::chrono::year_month_day(std::chrono::year(year), std::chrono::month(month),
                                                 std::chrono::day(day))
                         .ok();
}

void AppendUtf8(char32_t code, std::string* out) {
  const auto more = [&](int shift) {
    *out += static_cast<char>(0x80U | (static_cast<unsigned>(code >> shift) & 0x3FU));
  };
  if (code < 0x80) {
    *out += static_cast<char>(code);
  } else if (code < 0x800) {
    *out += static_cast<char>(0xC0U | static_cast<unsigned>(code >> 6));
    more(0);
  } else if (code < 0x10000) {
    *out += static_cast<char>(0xE0U | static_cast<unsigned>(code >> 12));
    more(6);
    more(0);
  } else {
    *out += static_cast<char>(0xF0U | static_cast<unsigned>(code >> 18));
    more(12);
    more(6);
    more(0);
  }
}

// The character that `\x41`, `\u0041` and `\U00000041` stand for; nothing for a control character
// and for what is no character. `at` stands behind the letter and is moved to the last digit.
std::optional<char32_t> EscapedYamlCode(std::string_view part, std::size_t digits,
                                        std::size_t* at) {
  const std::string_view hex = part.substr(*at + 1, digits);
  std::uint32_t code = 0;
  const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), code, 16);
  if (hex.size() != digits || error != std::errc() || end != hex.data() + digits)
    return std::nullopt;
  const bool control = code < 0x20 || (code >= 0x7F && code < 0xA0);
  const bool none =
      (code >= 0xD800 && code < 0xE000) || code > 0x10FFFF || (code & 0xFFFEU) == 0xFFFE;
  if (control || none) return std::nullopt;
  *at += digits;
  return static_cast<char32_t>(code);
}

bool AppendYamlEscape(std::string_view part, std::size_t* at, std::string* out) {
  if (*at >= part.size()) return false;
  const char letter = part[*at];
  std::optional<char32_t> code;
  switch (letter) {
    case '\\':
    case '"':
    case '/':
      code = static_cast<char32_t>(letter);
      break;
    case 'n':
      code = U'\n';
      break;
    case 'r':
      code = U'\r';
      break;
    case 't':
      code = U'\t';
      break;
    case 'x':
      code = EscapedYamlCode(part, 2, at);
      break;
    case 'u':
      code = EscapedYamlCode(part, 4, at);
      break;
    case 'U':
      code = EscapedYamlCode(part, 8, at);
      break;
    default:
      break;
  }
  if (code) AppendUtf8(*code, out);
  return code.has_value();
}

std::string YamlEscapeOf(char32_t code) {
  if (code == U'\n') return "\\n";
  if (code == U'\r') return "\\r";
  if (code == U'\t') return "\\t";
  return fmt::format("\\u{:04X}", static_cast<std::uint32_t>(code));
}

}  // namespace

std::optional<YamlKind> PlainYamlKind(std::string_view text) {
  static const RE2 integer(kYamlInt);
  static const RE2 fraction(kYamlFloat);
  static const RE2 date("[0-9]{4}-[0-9]{2}-[0-9]{2}");
  static const RE2 doubtful(kYamlDoubtful);
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL")
    return YamlKind::kNull;
  for (const std::string_view word : {"true", "True", "TRUE", "false", "False", "FALSE"}) {
    if (text == word) return YamlKind::kBool;
  }
  if (YamlMatch(text, integer)) return YamlKind::kInt;
  if (YamlMatch(text, fraction)) return YamlKind::kFloat;
  if (YamlMatch(text, date)) return IsYamlDay(text) ? std::optional(YamlKind::kDate) : std::nullopt;
  if (YamlMatch(text, doubtful)) return std::nullopt;
  return YamlKind::kText;
}

std::size_t FindYamlQuote(std::string_view text, char quote) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      if (quote == '"' || text.substr(at + 1, 1) != "'") return at;
      ++at;
    }
  }
  return std::string_view::npos;
}

std::string FoldYaml(const std::vector<std::string>& parts) {
  std::string text = parts[0];
  for (std::size_t i = 1; i < parts.size(); ++i) {
    std::size_t breaks = 0;
    for (; parts[i].empty() && i + 1 < parts.size(); ++i)
      ++breaks;
    text += breaks == 0 ? " " : std::string(breaks, '\n');
    text += parts[i];
  }
  return text;
}

std::optional<std::string> UnquoteYaml(std::string_view part, char quote) {
  std::string text;
  for (std::size_t at = 0; at < part.size(); ++at) {
    if (quote == '\'') {
      text += part[at];
      if (part[at] == '\'') ++at;
    } else if (part[at] != '\\') {
      text += part[at];
    } else if (!AppendYamlEscape(part, &++at, &text)) {
      return std::nullopt;
    }
  }
  return text;
}

char32_t OddYamlCharacter(std::string_view text, std::size_t at, std::size_t* bytes) {
  const auto byte = [&](std::size_t i) {
    return at + i < text.size() ? static_cast<std::uint8_t>(text[at + i]) : 0U;
  };
  *bytes = 1;
  if (byte(0) < 0x20 || byte(0) == 0x7F) return static_cast<char32_t>(byte(0));
  if (byte(0) == 0xC2 && byte(1) < 0xA0) {
    *bytes = 2;
    return static_cast<char32_t>(byte(1));
  }
  if (byte(0) != 0xE2 && byte(0) != 0xEF) return 0;
  const unsigned code = (byte(0) & 0xFU) << 12 | (byte(1) & 0x3FU) << 6 | (byte(2) & 0x3FU);
  const bool odd = code == 0x2028 || code == 0x2029 || code == 0xFEFF || code >= 0xFFFE;
  *bytes = 3;
  return odd ? static_cast<char32_t>(code) : 0;
}

std::string QuoteYaml(std::string_view text) {
  std::string escaped;
  std::string single;
  bool odd = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::size_t bytes = 1;
    if (const char32_t code = OddYamlCharacter(text, at, &bytes); code != 0) {
      odd = true;
      escaped += YamlEscapeOf(code);
      at += bytes - 1;
      continue;
    }
    if (text[at] == '"' || text[at] == '\\') escaped += '\\';
    escaped += text[at];
    if (text[at] == '\'') single += '\'';
    single += text[at];
  }
  return odd ? '"' + escaped + '"' : '\'' + single + '\'';
}

}  // namespace gapferry::detect
