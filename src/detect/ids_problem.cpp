#include "detect/ids_problem.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/bytes.h"

namespace gapferry::detect {
namespace {

constexpr std::size_t kShownKeyword = 40;

// Names of bits that rules share, and of counters.
constexpr auto kBitKeywords =
    std::to_array<std::string_view>({"flowbits", "flowint", "hostbits", "xbits"});
// What describes a rule, limits its alerts, or asks for the state of a flow: none of it tells one
// connection from another.
constexpr auto kDescribes =
    std::to_array<std::string_view>({"alert",     "classtype", "detection_filter",
                                     "flow",      "flowbits",  "flowint",
                                     "gid",       "hostbits",  "metadata",
                                     "msg",       "noalert",   "priority",
                                     "reference", "rem",       "requires",
                                     "rev",       "service",   "sid",
                                     "target",    "threshold", "xbits"});
// Keywords that ask for something without a value.
constexpr auto kAskAlone =
    std::to_array<std::string_view>({"ftpbounce", "sameip", "tls_cert_expired"});
// Whose value may begin with "!".
constexpr auto kNegatable =
    std::to_array<std::string_view>({"content", "pcre", "protected_content", "uricontent"});
constexpr auto kAnyAddress = std::to_array<std::string_view>(
    {"any", "0.0.0.0/0", "::/0", "$HOME_NET", "$EXTERNAL_NET", "!$HOME_NET", "!$EXTERNAL_NET"});
constexpr auto kAnyPort =
    std::to_array<std::string_view>({"any", ":", "0:", "1:", ":65535", "0:65535", "1:65535"});

template <typename List>
bool IsOneOf(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

std::vector<std::string> HeaderFields(std::string_view header) {
  std::vector<std::string> fields;
  int depth = 0;
  bool inside = false;
  for (const char c : header) {
    if (c == ' ' && depth == 0) {
      inside = false;
      continue;
    }
    if (!inside) fields.emplace_back();
    inside = true;
    depth += c == '[' ? 1 : c == ']' ? -1 : 0;
    if (c != ' ') fields.back() += c;
  }
  return fields;
}

// Lists of one thing are that thing.
std::string_view Bare(std::string_view field) {
  while (field.starts_with('[') && field.ends_with(']') && field.size() > 2)
    field = field.substr(1, field.size() - 2);
  return field;
}

bool NamesNobody(const IdsRule& rule) {
  const std::vector<std::string> fields = HeaderFields(rule.header);
  if (fields.size() != 7) return true;  // Snort 3 leaves out what is any
  return IsOneOf(kAnyAddress, Bare(fields[2])) && IsOneOf(kAnyPort, Bare(fields[3])) &&
         IsOneOf(kAnyAddress, Bare(fields[5])) && IsOneOf(kAnyPort, Bare(fields[6]));
}

bool LooksAtSomething(const IdsOption& option) {
  const std::string key = AsciiLower(option.key);
  if (IsOneOf(kDescribes, key)) return false;
  if (!option.has_value) return IsOneOf(kAskAlone, key);
  return !IsOneOf(kNegatable, key) || !option.value.starts_with('!');
}

// Words of a value such as "set,a" or "isset, a|b".
std::vector<std::string> BitWords(std::string_view value) {
  std::vector<std::string> words(1);
  for (const char c : value) {
    if (std::string_view(" ,|&\"").find(c) == std::string_view::npos) {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

bool ChangesBits(const IdsRule& rule) {
  constexpr auto kChanges =
      std::to_array<std::string_view>({"set", "setx", "unset", "toggle", "+", "-", "="});
  return std::any_of(rule.options.begin(), rule.options.end(), [&](const IdsOption& option) {
    if (!IsOneOf(kBitKeywords, AsciiLower(option.key))) return false;
    const std::vector<std::string> words = BitWords(option.value);
    return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
      return IsOneOf(kChanges, AsciiLower(word));
    });
  });
}

std::string BitProblem(const IdsRule& rule) {
  bool silent = rule.Has("noalert");
  for (const IdsOption& option : rule.options) {
    if (!IsOneOf(kBitKeywords, AsciiLower(option.key))) continue;
    const std::vector<std::string> words = BitWords(option.value);
    // Of Snort: without the name of a group it forgets the bits of all rules.
    if (!words.empty() && AsciiLower(words[0]) == "reset") return "flowbits reset";
    for (const std::string& word : words) {
      if (AsciiLower(word).starts_with(kReservedBits)) return "reserved flowbit";
      silent = silent || AsciiLower(word) == "noalert";
    }
  }
  return silent && !ChangesBits(rule) ? "noalert without a flowbit that is set" : "";
}

std::string HeaderProblem(const IdsRule& rule) {
  for (std::size_t at = rule.header.find('$'); at != std::string::npos;
       at = rule.header.find('$', at + 1)) {
    std::size_t end = at + 1;
    while (end < rule.header.size() && (IsAsciiAlnum(rule.header[end]) || rule.header[end] == '_'))
      ++end;
    if (!IsIdsVariable(std::string_view(rule.header).substr(at + 1, end - at - 1)))
      return "unknown variable";
  }
  return "";
}

}  // namespace

std::string IdsRuleProblem(const IdsRule& rule, Sensor sensor, policy::Power power) {
  if (rule.action() == "pass") return "pass rule";
  if (BlocksTraffic(rule) && power != policy::Power::kBlocks) return "blocking rule";
  for (const IdsOption& option : rule.options) {
    if (!IsIdsKeyword(sensor, option.key))
      return "keyword " + option.key.substr(0, kShownKeyword) + " is not allowed";
  }
  if (std::string problem = HeaderProblem(rule); !problem.empty()) return problem;
  if (std::string problem = BitProblem(rule); !problem.empty()) return problem;
  const bool looks = std::any_of(rule.options.begin(), rule.options.end(), LooksAtSomething);
  return !looks && NamesNobody(rule) ? "matches everything" : "";
}

}  // namespace gapferry::detect
