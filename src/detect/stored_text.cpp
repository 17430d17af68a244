#include "detect/stored_text.h"

#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "base/uuid.h"

namespace gapferry::detect {
namespace {

Error Bad(std::string_view what) {
  return Error::Make(Kind::kMalformed, "{}", what);
}

// The next line without its end; true until there is none.
bool NextLine(std::string_view* rest, std::string_view* line) {
  if (rest->empty()) return false;
  const std::size_t end = std::min(rest->find('\n'), rest->size());
  *line = rest->substr(0, end);
  if (line->ends_with('\r')) line->remove_suffix(1);
  rest->remove_prefix(std::min(end + 1, rest->size()));
  return true;
}

// The key of a line such as "title: x" at the margin; empty for all other lines.
std::string_view TopKey(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return "";
  const std::string_view key = line.substr(0, colon);
  const bool plain = std::all_of(key.begin(), key.end(),
                                 [](char c) { return IsAsciiAlnum(c) || c == '_' || c == '-'; });
  const bool ends = colon + 1 == line.size() || line[colon + 1] == ' ';
  return plain && ends ? key : "";
}

std::string_view Unquoted(std::string_view text) {
  text = AsciiTrim(text);
  if (text.size() >= 2 && (text[0] == '\'' || text[0] == '"') && text.back() == text[0])
    text = text.substr(1, text.size() - 2);
  return text;
}

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<std::uint8_t>(c);
    return (byte < 0x20 && c != '\n' && c != '\r') || byte == 0x7F;
  });
}

// Anchors, aliases and tags begin a value; nothing that Sigma needs does.
bool UsesYamlMachinery(std::string_view line) {
  const std::size_t colon = line.find(": ");
  std::string_view value =
      AsciiTrim(colon == std::string_view::npos ? line : line.substr(colon + 2));
  while (value.starts_with("- "))
    value = AsciiTrim(value.substr(2));
  return value.starts_with('&') || value.starts_with('!') ||
         (value.starts_with('*') && value.size() > 1 && IsAsciiAlnum(value[1]) &&
          colon != std::string_view::npos);
}

}  // namespace

Result<std::string> ReadSigmaId(std::string_view text) {
  if (text.size() > kMaxStoredBytes) return Bad("too long");
  if (HasControl(text)) return Bad("control character");
  std::set<std::string_view> keys;
  std::string id;
  bool condition = false;
  std::string_view line;
  for (std::string_view rest = text; NextLine(&rest, &line);) {
    const std::string_view trimmed = AsciiTrim(line);
    if (trimmed.empty() || trimmed.starts_with('#')) continue;
    if (UsesYamlMachinery(line)) return Bad("anchor or tag");
    condition = condition || trimmed.starts_with("condition:");
    if (line[0] == ' ' || trimmed.starts_with("- ")) continue;
    const std::string_view key = TopKey(line);
    if (key.empty()) return Bad("no single rule");
    if (!keys.insert(key).second) return Bad("key used twice");
    if (key != "id") continue;
    id = Unquoted(line.substr(line.find(':') + 1));
    if (!ParseUuid(id)) return Bad("id is no uuid");
  }
  for (const std::string_view needed : {"title", "logsource", "detection"}) {
    if (!keys.contains(needed)) return Bad(fmt::format("no {}", needed));
  }
  if (!condition) return Bad("no condition");
  return id;
}

std::string WithSigmaId(std::string_view text, std::string_view id) {
  const Result<std::string> before = ReadSigmaId(text);
  const bool renamed = before.ok() && !before->empty() && AsciiLower(*before) != AsciiLower(id);
  const std::string origin =
      renamed ? fmt::format("- id: {}\n      type: derived\n", *before) : std::string();
  bool told = origin.empty();
  std::string changed;
  std::string_view line;
  for (std::string_view rest = text; NextLine(&rest, &line);) {
    if (TopKey(line) == "id") continue;
    changed += line;
    changed += '\n';
    if (TopKey(line) == "title") changed += fmt::format("id: {}\n", id);
    if (TopKey(line) != "related" || told) continue;
    // A list in brackets keeps its form, and the origin is not told.
    told = true;
    if (!AsciiTrim(line.substr(line.find(':') + 1)).empty()) continue;
    const std::size_t indent = std::min(rest.find_first_not_of(' '), std::size_t{8});
    const std::string margin(rest.substr(indent, 1) == "-" ? indent : 4, ' ');
    changed += fmt::format("{}- id: {}\n{}  type: derived\n", margin, *before, margin);
  }
  if (!told) {
    if (!changed.ends_with('\n')) changed += '\n';
    changed += "related:\n    " + origin;
  }
  return changed;
}

}  // namespace gapferry::detect
