#include "detect/sigma_detection.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "detect/sigma_condition.h"
#include "policy/regex_list.h"

namespace gapferry::detect {
namespace {

constexpr auto kModifiers = std::to_array<std::string_view>(
    {"all",     "base64",    "base64offset", "cased",   "cidr",     "contains",   "day",
     "dotall",  "endswith",  "exists",       "expand",  "fieldref", "gt",         "gte",
     "hour",    "i",         "ignorecase",   "lt",      "lte",      "m",          "minute",
     "month",   "multiline", "neq",          "re",      "s",        "startswith", "utf16",
     "utf16be", "week",      "wide",         "windash", "year"});
constexpr auto kParts = std::to_array<std::string_view>({"contains", "endswith", "startswith"});

Error BadDetection(std::string_view what) {
  return Error::Make(Kind::kMalformed, "{}", what);
}

template <typename List>
bool IsAmong(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

struct YamlLine {
  std::size_t indent = 0;  // of the text, behind a dash where there was one
  bool item = false;       // a dash began it
  std::string_view text;   // without the dash
};
using YamlLines = std::span<const YamlLine>;

// The end of a text in quotes that begins here; npos if it has none.
std::size_t EndOfQuoted(std::string_view text) {
  const char quote = text[0];
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      if (quote == '"' || text.substr(at + 1, 1) != "'") return at;
      ++at;
    }
  }
  return std::string_view::npos;
}

bool IsQuote(std::string_view text) {
  return text.starts_with('\'') || text.starts_with('"');
}

// A value on its line, without quotes and comment; nothing if it goes on elsewhere.
std::optional<std::string> Scalar(std::string_view text) {
  text = AsciiTrim(text);
  if (text.starts_with('#')) return "";
  if (IsQuote(text)) {
    const std::size_t end = EndOfQuoted(text);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view after = AsciiTrim(text.substr(end + 1));
    if (!after.empty() && !after.starts_with('#')) return std::nullopt;
    return std::string(text.substr(1, end - 1));
  }
  if (text.starts_with('|') || text.starts_with('>') || text.starts_with('{')) return std::nullopt;
  return std::string(AsciiTrim(text.substr(0, text.find(" #"))));
}

// "key: value"; nothing if the line is none.
struct YamlEntry {
  std::string key;
  std::string_view value;
};
std::optional<YamlEntry> ReadYamlEntry(std::string_view text) {
  std::size_t colon = 0;
  if (IsQuote(text)) {
    const std::size_t end = EndOfQuoted(text);
    if (end == std::string_view::npos || text.substr(end + 1, 1) != ":") return std::nullopt;
    colon = end + 1;
  } else {
    colon = text.find(": ");
    if (colon == std::string_view::npos && text.ends_with(':')) colon = text.size() - 1;
    if (colon == std::string_view::npos) return std::nullopt;
  }
  std::string_view key = AsciiTrim(text.substr(0, colon));
  if (IsQuote(key)) key = key.substr(1, key.size() - 2);
  const std::string_view rest = text.substr(colon + 1);
  if (!rest.empty() && rest[0] != ' ') return std::nullopt;
  return YamlEntry{std::string(key), AsciiTrim(rest)};
}

std::vector<YamlLine> SplitLines(std::string_view text) {
  std::vector<YamlLine> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (line.ends_with('\r') || line.ends_with(' '))
      line.remove_suffix(1);
    const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
    line.remove_prefix(indent);
    if (line.empty() || line.starts_with('#')) continue;
    YamlLine read{indent, false, line};
    if (line == "-" || line.starts_with("- ")) {
      read.item = true;
      const std::size_t begin = std::min(line.find_first_not_of(' ', 1), line.size());
      read.text = line.substr(begin);
      read.indent += begin;
    }
    lines.push_back(read);
  }
  return lines;
}

// Where a dash stands; of a line without one, its text.
std::size_t Margin(const YamlLine& line) {
  return line.item ? line.indent - 1 : line.indent;
}

// The lines that belong to the entry which lines[0] begins: those further in, and a list's items.
std::size_t EndOfEntry(YamlLines lines) {
  std::size_t end = 1;
  while (end < lines.size() &&
         (lines[end].indent > lines[0].indent && Margin(lines[end]) >= lines[0].indent))
    ++end;
  return end;
}

// Whether one value of an entry is met by every event that has the field.
bool MeetsAll(const std::string& value, const std::vector<std::string>& modifiers) {
  if (IsAmong(modifiers, "re")) {
    const Result<std::string> regex = policy::TranslateRegex("/" + value + "/");
    return regex.ok() && policy::MatchesEverything(*regex);
  }
  if (IsAmong(modifiers, "cidr")) return value.ends_with("/0");
  if (value.find_first_not_of('*') != std::string::npos) return false;
  return !value.empty() || std::any_of(kParts.begin(), kParts.end(), [&](std::string_view part) {
    return IsAmong(modifiers, part);
  });
}

// The values of "[a, 'b']"; nothing if it goes on elsewhere.
std::optional<std::vector<std::string>> FlowValues(std::string_view text) {
  std::vector<std::string> values;
  text.remove_prefix(1);
  while (true) {
    text = AsciiTrim(text);
    if (text.starts_with(']')) return values;
    std::size_t end = 0;
    if (IsQuote(text)) {
      end = EndOfQuoted(text);
      if (end == std::string_view::npos) return std::nullopt;
      values.emplace_back(text.substr(1, end - 1));
      ++end;
    } else {
      end = text.find_first_of(",]");
      if (end == std::string_view::npos) return std::nullopt;
      values.emplace_back(AsciiTrim(text.substr(0, end)));
    }
    text = AsciiTrim(text.substr(end));
    if (text.starts_with(',')) {
      text.remove_prefix(1);
    } else if (!text.starts_with(']')) {
      return std::nullopt;
    }
  }
}

// Values beside a key, or as items below it. `entry` is the line of the key.
Result<std::vector<std::string>> ReadValues(std::string_view beside, YamlLines below) {
  std::vector<std::string> values;
  if (beside.starts_with('[')) {
    auto listed = FlowValues(beside);
    if (!listed || !below.empty()) return BadDetection("detection is not understood");
    return *listed;
  }
  const std::optional<std::string> value = Scalar(beside);
  if (!value || (!value->empty() && !below.empty()))
    return BadDetection("detection is not understood");
  if (below.empty()) return std::vector<std::string>{*value};
  for (const YamlLine& line : below) {
    const std::optional<std::string> each = Scalar(line.text);
    if (!line.item || !each) return BadDetection("detection is not understood");
    values.push_back(*each);
  }
  return values;
}

// True if every event meets it.
Result<bool> ReadField(const std::string& key, std::string_view beside, YamlLines below) {
  std::vector<std::string> modifiers;
  for (std::size_t at = key.find('|'); at != std::string::npos;) {
    const std::size_t next = key.find('|', at + 1);
    modifiers.push_back(key.substr(at + 1, next == std::string::npos ? next : next - at - 1));
    if (!IsAmong(kModifiers, modifiers.back())) return BadDetection("unknown modifier");
    at = next;
  }
  GF_TRY(const std::vector<std::string> values, ReadValues(beside, below));
  const auto meets_all = [&](const std::string& value) { return MeetsAll(value, modifiers); };
  return IsAmong(modifiers, "all") ? std::all_of(values.begin(), values.end(), meets_all)
                                   : std::any_of(values.begin(), values.end(), meets_all);
}

// Fields of which all must be met.
Result<bool> ReadFields(YamlLines lines) {
  bool meets_all = true;
  while (!lines.empty()) {
    const std::size_t end = EndOfEntry(lines);
    const std::optional<YamlEntry> entry = ReadYamlEntry(lines[0].text);
    if (!entry) return BadDetection("detection is not understood");
    GF_TRY(const bool field, ReadField(entry->key, entry->value, lines.subspan(1, end - 1)));
    meets_all = meets_all && field;
    lines = lines.subspan(end);
  }
  return meets_all;
}

// A map of fields, or a list of maps and of words anywhere.
Result<bool> ReadSearch(std::string_view beside, YamlLines below) {
  if (below.empty() || !AsciiTrim(beside).empty()) return ReadField("", beside, below);
  if (!below[0].item) return ReadFields(below);
  bool meets_all = false;
  for (YamlLines rest = below; !rest.empty();) {
    if (!rest[0].item) return BadDetection("detection is not understood");
    std::size_t end = 1;
    while (end < rest.size() && !(rest[end].item && Margin(rest[end]) <= Margin(rest[0])))
      ++end;
    const bool map = ReadYamlEntry(rest[0].text).has_value();
    GF_TRY(const bool item, map ? ReadFields(rest.first(end))
                                : ReadField("", rest[0].text, rest.subspan(1, end - 1)));
    meets_all = meets_all || item;
    rest = rest.subspan(end);
  }
  return meets_all;
}

Status CheckDetection(YamlLines lines) {
  std::map<std::string, bool> searches;
  std::vector<std::string> conditions;
  while (!lines.empty()) {
    std::size_t end = 1;
    while (end < lines.size() && (lines[end].indent > lines[0].indent || lines[end].item))
      ++end;
    const std::optional<YamlEntry> entry = ReadYamlEntry(lines[0].text);
    if (!entry || lines[0].item) return BadDetection("detection is not understood");
    const YamlLines below = lines.subspan(1, end - 1);
    if (entry->key == "condition") {
      GF_TRY(conditions, ReadValues(entry->value, below));
    } else if (entry->key != "timeframe") {
      GF_TRY(const bool meets_all, ReadSearch(entry->value, below));
      if (!searches.emplace(entry->key, meets_all).second) return BadDetection("key used twice");
    }
    lines = lines.subspan(end);
  }
  if (conditions.empty()) return BadDetection("no condition");
  for (const std::string& condition : conditions) {
    GF_TRY(const bool always, EvaluateSigmaCondition(condition, searches));
    if (always) return BadDetection("matches everything");
  }
  return Ok();
}

Status CheckLogsource(YamlLines lines) {
  constexpr auto kNames = std::to_array<std::string_view>({"category", "product", "service"});
  const bool names = std::any_of(lines.begin(), lines.end(), [&](const YamlLine& line) {
    const std::optional<YamlEntry> entry = ReadYamlEntry(line.text);
    return entry && IsAmong(kNames, entry->key) && !entry->value.empty();
  });
  return names ? Ok() : Status(BadDetection("logsource names no source"));
}

Status CheckWord(const YamlEntry& entry) {
  constexpr auto kStatuses = std::to_array<std::string_view>(
      {"stable", "test", "experimental", "deprecated", "unsupported"});
  constexpr auto kLevels =
      std::to_array<std::string_view>({"informational", "low", "medium", "high", "critical"});
  const std::string value = Scalar(entry.value).value_or("");
  if (entry.key == "status" && !IsAmong(kStatuses, value)) return BadDetection("unknown status");
  if (entry.key == "level" && !IsAmong(kLevels, value)) return BadDetection("unknown level");
  return Ok();
}

}  // namespace

Status CheckSigmaDetection(std::string_view text) {
  const std::vector<YamlLine> all = SplitLines(text);
  for (YamlLines lines = all; !lines.empty();) {
    std::size_t end = 1;
    while (end < lines.size() && (lines[end].indent > 0 || lines[end].item))
      ++end;
    const std::optional<YamlEntry> entry = ReadYamlEntry(lines[0].text);
    const YamlLines below = lines.subspan(1, end - 1);
    lines = lines.subspan(end);
    if (!entry) continue;
    if (entry->key == "detection") GF_CHECK(CheckDetection(below));
    if (entry->key == "logsource") GF_CHECK(CheckLogsource(below));
    GF_CHECK(CheckWord(*entry));
  }
  return Ok();
}

}  // namespace gapferry::detect
