#include "detect/squid_text.h"

namespace gapferry::detect {
namespace {

// The value of a hexadecimal digit, or -1.
int DigitValue(char c) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const std::size_t place = kDigits.find(c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c);
  return place == std::string_view::npos ? -1 : static_cast<int>(place);
}

// "%%" is a percent sign; "%00", and what is no escape, stay as they are.
std::string Unescaped(std::string_view url) {
  std::string text;
  for (std::size_t at = 0; at < url.size(); ++at) {
    text += url[at];
    if (url[at] != '%') continue;
    const std::string_view rest = url.substr(at + 1);
    if (rest.starts_with('%')) {
      ++at;
      continue;
    }
    if (rest.size() < 2 || DigitValue(rest[0]) < 0 || DigitValue(rest[1]) < 0) continue;
    const int byte = DigitValue(rest[0]) * 16 + DigitValue(rest[1]);
    if (byte == 0) continue;
    text.back() = static_cast<char>(byte);
    at += 2;
  }
  return text;
}

}  // namespace

std::optional<std::string> SquidUrlRegex(std::string_view url) {
  std::string expression = "^";
  for (const char c : Unescaped(url)) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return std::nullopt;
    if (std::string_view("\\^$.|?*+()[]{}").find(c) != std::string_view::npos) expression += '\\';
    expression += c;
  }
  return expression + '$';
}

}  // namespace gapferry::detect
