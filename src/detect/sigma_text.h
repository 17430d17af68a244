// detect/sigma_text.h: the text of one Sigma rule (specification 2.1.0, SigmaHQ's conventions).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gapferry::detect {

// A value in which nothing is a wildcard: `*` and `?` are escaped, and backslashes where they would
// otherwise escape something.
[[nodiscard]] std::string SigmaEscape(std::string_view value);
// A quoted YAML scalar on one line: single quotes, unless something in it must be escaped for
// readers that take it for a line break or refuse it. Control characters of ASCII become spaces.
[[nodiscard]] std::string YamlQuote(std::string_view text);
// Words without capitals get one, as the titles of SigmaHQ's rules have.
[[nodiscard]] std::string SigmaTitleCase(std::string_view text);
// At most `limit` bytes, whole UTF-8 sequences, no control character, no dot at the end.
[[nodiscard]] std::string SigmaPhrase(std::string_view text, std::size_t limit);

struct SigmaRule {
  std::string title;
  std::string id;
  std::string status;
  std::string description;
  std::string author;
  std::string date;      // YYYY-MM-DD
  std::string modified;  // or empty
  std::vector<std::string> tags;
  std::vector<std::pair<std::string, std::string>> logsource;  // product, category, …
  // Field with its modifiers, and values already escaped. They are alternatives.
  std::vector<std::pair<std::string, std::vector<std::string>>> fields;
  std::vector<std::string> false_positives;
  std::string level;
  std::string event_uuid;                 // or empty
  std::vector<std::string> placeholders;  // that are filled from lists

  [[nodiscard]] std::string ToYaml() const;
};

}  // namespace gapferry::detect
