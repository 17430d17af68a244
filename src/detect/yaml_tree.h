// detect/yaml_tree.h: the part of YAML that Sigma rules are written in, read into a tree, and
// written anew.
//
// Read are: one document of block mappings and block sequences; scalars without quotes, in single
// and in double quotes, each over one line or several; literal and folded text; sequences of
// scalars in brackets on one line; comments; one "---" before all. Refused are anchors, aliases,
// tags, directives, further documents, mappings in braces, keys that are no text or that come
// twice, tabs, control characters and line breaks of Unicode, and what readers of YAML 1.1 and 1.2
// take for different things (`on`, `012`, `1:30`). So what was checked is what every reader of the
// text written anew finds there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gapferry::detect {

constexpr std::size_t kMaxYamlBytes = 65535;
constexpr int kMaxYamlDepth = 8;
constexpr std::size_t kMaxYamlKeyBytes = 256;

struct YamlNode {
  enum class Kind : std::uint8_t { kText, kNull, kBool, kInt, kFloat, kDate, kList, kMap };

  Kind kind = Kind::kNull;
  std::size_t line = 0;  // of the text it was read from, from 1
  std::string text;      // of a scalar: without quotes and escapes; "true", "false", "null"
  std::vector<std::string> keys;  // of a map: one for each of the items
  std::vector<YamlNode> items;

  [[nodiscard]] bool IsScalar() const { return kind != Kind::kList && kind != Kind::kMap; }
  [[nodiscard]] const YamlNode* Find(std::string_view key) const;  // in a map, or nullptr
};

// The document is a map. Error: kMalformed, "line 7: an anchor".
[[nodiscard]] Result<YamlNode> ReadYaml(std::string_view text);

// One spelling for each tree: texts always in quotes, everything else never. What is written reads
// back as the same tree.
[[nodiscard]] std::string WriteYaml(const YamlNode& map);

}  // namespace gapferry::detect
