// detect/yaml_scalar.h: scalars of YAML as yaml_tree.h needs them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "detect/yaml_tree.h"

namespace gapferry::detect {

// What a scalar without quotes is; nothing if readers of YAML 1.1 and 1.2 differ about it, or if it
// is a date that there is not.
[[nodiscard]] std::optional<YamlNode::Kind> PlainYamlKind(std::string_view text);

// Where the text in these quotes ends: the place of the closing one, or npos. `text` stands behind
// the opening one.
[[nodiscard]] std::size_t FindYamlQuote(std::string_view text, char quote);

// The parts of one scalar, one for each line and without the space around the breaks, as one text:
// a break is a space, and each empty part between others is a break.
[[nodiscard]] std::string FoldYaml(const std::vector<std::string>& parts);

// Without the escapes of these quotes; nothing for an escape that is not read.
[[nodiscard]] std::optional<std::string> UnquoteYaml(std::string_view part, char quote);

// In single quotes; in double ones if something must be escaped.
[[nodiscard]] std::string QuoteYaml(std::string_view text);

// A character that a text may only have as an escape; 0: none. `text` is UTF-8, and `at` begins a
// character. `bytes` is then its length.
[[nodiscard]] char32_t OddYamlCharacter(std::string_view text, std::size_t at, std::size_t* bytes);

}  // namespace gapferry::detect
