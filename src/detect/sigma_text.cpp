#include "detect/sigma_text.h"

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
  return yaml + "level: " + level + "\nmisp:\n    event_uuid: " + event_uuid + '\n';
}

}  // namespace gapferry::detect
