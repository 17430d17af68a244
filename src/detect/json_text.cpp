#include "detect/json_text.h"

#include <fmt/format.h>

#include <iterator>

namespace gapferry::detect {
namespace {

bool NeedsEscape(char c) {
  return c == '"' || c == '\\' || static_cast<std::uint8_t>(c) < 0x20;
}

void AppendEscaped(char c, std::string* out) {
  switch (c) {
    case '"':
    case '\\':
      *out += '\\';
      *out += c;
      return;
    case '\n':
      *out += "\\n";
      return;
    case '\r':
      *out += "\\r";
      return;
    case '\t':
      *out += "\\t";
      return;
    default:
      fmt::format_to(std::back_inserter(*out), "\\u{:04x}", static_cast<unsigned>(c));
  }
}

}  // namespace

void AppendJson(std::string_view text, std::string* out) {
  *out += '"';
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!NeedsEscape(text[i])) continue;
    *out += text.substr(plain, i - plain);
    AppendEscaped(text[i], out);
    plain = i + 1;
  }
  *out += text.substr(plain);
  *out += '"';
}

std::string* JsonMembers::Raw(std::string_view key) {
  if (!first_) *out_ += ',';
  first_ = false;
  *out_ += '"';
  *out_ += key;
  *out_ += "\":";
  return out_;
}

void JsonMembers::Text(std::string_view key, std::string_view value) {
  AppendJson(value, Raw(key));
}

void JsonMembers::TextIfAny(std::string_view key, std::string_view value) {
  if (!value.empty()) Text(key, value);
}

void JsonMembers::Flag(std::string_view key, bool value) {
  *Raw(key) += value ? "true" : "false";
}

void JsonMembers::Number(std::string_view key, std::int64_t value) {
  fmt::format_to(std::back_inserter(*Raw(key)), "{}", value);
}

}  // namespace gapferry::detect
