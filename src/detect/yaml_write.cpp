#include <algorithm>

#include "base/bytes.h"
#include "detect/yaml_scalar.h"

namespace gapferry::detect {
namespace {

constexpr std::size_t kYamlIndent = 4;

std::string YamlKeyText(std::string_view key) {
  const bool plain = key[0] != '-' && key[0] != '.' && key[0] != '|' &&
                     std::all_of(key.begin(), key.end(), [](char c) {
                       return IsAsciiAlnum(c) || c == '_' || c == '-' || c == '.' || c == '|';
                     });
  return plain && PlainYamlKind(key) == YamlNode::Kind::kText ? std::string(key) : QuoteYaml(key);
}

void AppendYaml(const YamlNode& node, std::size_t indent, std::string* out);

void AppendYamlItems(const YamlNode& list, std::size_t indent, std::string* out) {
  for (const YamlNode& item : list.items) {
    out->append(indent, ' ') += "- ";
    const std::size_t begin = out->size();
    AppendYaml(item, indent + 2, out);
    // A map begins behind the dash.
    if (item.kind == YamlNode::Kind::kMap) out->erase(begin, indent + 2);
  }
}

void AppendYaml(const YamlNode& node, std::size_t indent, std::string* out) {
  if (node.kind == YamlNode::Kind::kList) return AppendYamlItems(node, indent, out);
  if (node.IsScalar()) {
    *out += node.kind == YamlNode::Kind::kText ? QuoteYaml(node.text) : node.text;
    *out += '\n';
    return;
  }
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    const YamlNode& item = node.items[i];
    out->append(indent, ' ') += YamlKeyText(node.keys[i]) + ':';
    const bool beside = item.IsScalar() || item.items.empty();
    *out += beside ? ' ' : '\n';
    if (beside && !item.IsScalar()) {
      *out += "[]\n";
    } else {
      AppendYaml(item, beside ? 0 : indent + kYamlIndent, out);
    }
  }
}

}  // namespace

const YamlNode* YamlNode::Find(std::string_view key) const {
  const auto found = std::find(keys.begin(), keys.end(), key);
  return found == keys.end() ? nullptr : &items[static_cast<std::size_t>(found - keys.begin())];
}

std::string WriteYaml(const YamlNode& map) {
  std::string text;
  AppendYaml(map, 0, &text);
  return text;
}

}  // namespace gapferry::detect
