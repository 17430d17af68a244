#include "detect/suricata_rule.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/clock.h"

namespace gapferry::detect {
namespace {

constexpr std::size_t kMaxMessage = 200;

std::string UnderscoreDate(Time time) {
  std::string date = FormatDate(time);
  std::replace(date.begin(), date.end(), '-', '_');
  return date;
}

}  // namespace

std::string SuricataContent(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  bool hex = false;
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    const bool plain =
        byte >= 0x20 && byte < 0x7F && std::string_view("\";:\\|").find(c) == std::string::npos;
    if (plain) {
      if (hex) text += '|';
      text += c;
    } else {
      text += hex ? ' ' : '|';
      text += kDigits[byte >> 4];
      text += kDigits[byte & 0xF];
    }
    hex = !plain;
  }
  if (hex) text += '|';
  return text;
}

std::string SuricataMessage(std::string_view text, std::size_t limit) {
  const bool utf8 = IsUtf8(text);
  std::string message;
  for (char c : text.substr(0, limit)) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (c == '"') c = '\'';
    if (c == ';') c = ',';
    if (c == '\\') c = '/';
    if (byte >= 0x80 && !utf8) c = '?';
    if (byte < 0x20 || byte == 0x7F) c = ' ';
    message += c;
  }
  // The cut may have fallen into a sequence.
  while (!IsUtf8(message))
    message.pop_back();
  return message;
}

std::string SuricataWord(std::string_view text, std::size_t limit) {
  std::string word;
  for (const char c : text.substr(0, limit))
    word += IsAsciiAlnum(c) || std::string_view("._+-").find(c) != std::string::npos ? c : '_';
  return word;
}

std::string SuricataRule::Content() const {
  std::string content = header + '\n' + message + '\n' + match + '\n' + classtype + '\n' +
                        std::to_string(priority) + '\n';
  for (const auto& [key, value] : metadata)
    content += key + ' ' + value + '\n';
  return content;
}

std::string SuricataRule::Line(const StableId& id) const {
  std::string line = header + " (msg:\"" + SuricataMessage(message, kMaxMessage) + "\"; " + match +
                     "classtype:" + classtype + "; priority:" + std::to_string(priority) +
                     "; metadata:";
  for (const auto& [key, value] : metadata)
    line += key + ' ' + value + ", ";
  line += "created_at " + UnderscoreDate(id.first) + ", updated_at " + UnderscoreDate(id.changed);
  return line + "; sid:" + std::to_string(id.id) + "; rev:" + std::to_string(id.rev) + ";)\n";
}

}  // namespace gapferry::detect
