#include "detect/sigma_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"

namespace gapferry::detect {
namespace {

constexpr std::string_view kIndent = "    ";

void AppendItem(std::string_view indent, std::string_view value, std::string* yaml) {
  yaml->append(indent);
  *yaml += "- ";
  *yaml += value;
  *yaml += '\n';
}

void AppendList(std::string_view key, const std::vector<std::string>& values, std::string* yaml) {
  if (values.empty()) return;
  *yaml += key;
  *yaml += ":\n";
  for (const std::string& value : values)
    AppendItem(kIndent, value, yaml);
}

// Bytes at `at` that YAML 1.1 takes for a line break or for no printable character although they
// are UTF-8; 0: none. `code` is then their code point.
std::size_t OddBytes(std::string_view text, std::size_t at, unsigned* code) {
  const auto byte = [&](std::size_t i) {
    return at + i < text.size() ? static_cast<std::uint8_t>(text[at + i]) : 0U;
  };
  if (byte(0) == 0xC2 && byte(1) >= 0x80 && byte(1) < 0xA0) {
    *code = byte(1);
    return 2;
  }
  if (byte(0) != 0xE2 && byte(0) != 0xEF) return 0;
  *code = (byte(0) & 0xFU) << 12 | (byte(1) & 0x3FU) << 6 | (byte(2) & 0x3FU);
  const bool odd = *code == 0x2028 || *code == 0x2029 || *code == 0xFEFF || *code >= 0xFFFE;
  return odd ? 3 : 0;
}

bool IsOdd(std::string_view text) {
  unsigned code = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (OddBytes(text, at, &code) > 0) return true;
  }
  return false;
}

std::string DoubleQuote(std::string_view text) {
  std::string quoted = "\"";
  for (std::size_t at = 0; at < text.size(); ++at) {
    unsigned code = 0;
    const std::size_t bytes = OddBytes(text, at, &code);
    const auto byte = static_cast<std::uint8_t>(text[at]);
    if (bytes > 0) {
      quoted += fmt::format("\\u{:04X}", code);
      at += bytes - 1;
    } else if (byte < 0x20 || byte == 0x7F) {
      quoted += ' ';
    } else {
      if (byte == '"' || byte == '\\') quoted += '\\';
      quoted += text[at];
    }
  }
  return quoted + '"';
}

}  // namespace

std::string SigmaEscape(std::string_view value) {
  std::string escaped;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c == '*' || c == '?') {
      escaped += '\\';
      escaped += c;
      continue;
    }
    escaped += c;
    if (c != '\\') continue;
    // A lone backslash before plain text stands for itself.
    const bool last = i + 1 == value.size();
    const bool doubled = last || value[i + 1] == '\\' || value[i + 1] == '*' ||
                         value[i + 1] == '?' || (i > 0 && value[i - 1] == '\\');
    if (doubled) escaped += '\\';
  }
  return escaped;
}

std::string YamlQuote(std::string_view text) {
  if (IsOdd(text)) return DoubleQuote(text);
  std::string quoted = "'";
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte < 0x20 || byte == 0x7F) {
      quoted += ' ';
    } else {
      quoted += c;
      if (c == '\'') quoted += c;
    }
  }
  return quoted + "'";
}

std::string SigmaPhrase(std::string_view text, std::size_t limit) {
  const bool utf8 = IsUtf8(text);
  std::string phrase;
  for (const char c : text.substr(0, limit)) {
    const auto byte = static_cast<std::uint8_t>(c);
    phrase += byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !utf8) ? ' ' : c;
  }
  while (!IsUtf8(phrase))
    phrase.pop_back();
  while (!phrase.empty() && (phrase.back() == '.' || phrase.back() == ' '))
    phrase.pop_back();
  return phrase;
}

std::string SigmaTitleCase(std::string_view text) {
  std::string title(text);
  for (std::size_t start = 0; start < title.size();) {
    const std::size_t end = std::min(title.find(' ', start), title.size());
    const auto word = std::string_view(title).substr(start, end - start);
    const bool lower = std::none_of(word.begin(), word.end(), [](char c) {
      return (c >= 'A' && c <= 'Z') || static_cast<std::uint8_t>(c) >= 0x80;
    });
    const std::size_t letter = word.find_first_of("abcdefghijklmnopqrstuvwxyz");
    if (lower && letter != std::string_view::npos) {
      char& first = title[start + letter];
      first = static_cast<char>(first - 'a' + 'A');
    }
    start = end + 1;
  }
  return title;
}

std::string SigmaRule::ToYaml() const {
  std::string yaml = "title: " + YamlQuote(title) + "\nid: " + id + "\nstatus: " + status +
                     "\ndescription: " + YamlQuote(description) + "\nauthor: " + YamlQuote(author) +
                     "\ndate: " + YamlQuote(date) + '\n';
  if (!modified.empty()) yaml += "modified: " + YamlQuote(modified) + '\n';
  AppendList("tags", tags, &yaml);
  yaml += "logsource:\n";
  for (const auto& [key, value] : logsource)
    yaml += std::string(kIndent) + key + ": " + value + '\n';
  yaml += "detection:\n    selection:\n";
  for (const auto& [field, values] : fields) {
    yaml += "        - " + field + ':';
    if (values.size() == 1) {
      yaml += ' ' + YamlQuote(values[0]) + '\n';
      continue;
    }
    yaml += '\n';
    for (const std::string& value : values)
      AppendItem("              ", YamlQuote(value), &yaml);
  }
  yaml += "    condition: selection\n";
  std::vector<std::string> quoted;
  for (const std::string& cause : false_positives)
    quoted.push_back(YamlQuote(cause));
  AppendList("falsepositives", quoted, &yaml);
  yaml += "level: " + level + "\nmisp:\n";
  if (!event_uuid.empty()) yaml += "    event_uuid: " + event_uuid + '\n';
  if (placeholders.empty()) return yaml;
  yaml += "    placeholders:\n";
  for (const std::string& placeholder : placeholders)
    AppendItem("        ", placeholder, &yaml);
  return yaml;
}

}  // namespace gapferry::detect
