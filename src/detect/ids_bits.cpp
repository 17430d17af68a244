#include "detect/ids_bits.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/bytes.h"

namespace gapferry::detect {
namespace {

constexpr auto kBitKeywords =
    std::to_array<std::string_view>({"flowbits", "flowint", "hostbits", "xbits"});
constexpr auto kChanges =
    std::to_array<std::string_view>({"set", "setx", "unset", "toggle", "+", "-", "="});

bool UsesBits(const IdsOption& option) {
  return std::find(kBitKeywords.begin(), kBitKeywords.end(), AsciiLower(option.key)) !=
         kBitKeywords.end();
}

// The parts of a value between commas, trimmed.
std::vector<std::string_view> BitFields(std::string_view value) {
  std::vector<std::string_view> fields;
  while (true) {
    const std::size_t end = std::min(value.find(','), value.size());
    fields.push_back(AsciiTrim(value.substr(0, end)));
    if (end == value.size()) return fields;
    value.remove_prefix(end + 1);
  }
}

// Of the field that says what is done with the bit; of flowint it stands behind the name.
std::string BitVerb(const IdsOption& option) {
  const std::vector<std::string_view> fields = BitFields(option.value);
  const std::size_t at = AsciiLower(option.key) == "flowint" ? 1 : 0;
  return at < fields.size() ? AsciiLower(fields[at]) : "";
}

bool HoldsNames(Sensor sensor, std::string_view key, const std::vector<std::string_view>& fields,
                std::size_t at) {
  // A counter may be compared with another one.
  if (key == "flowint")
    return at == 0 || (at == 2 && !fields[at].empty() && !IsAsciiDigit(fields[at][0]));
  if (key != "flowbits") return at == 1;
  // Snort's bits may have a group, and all or any of it be asked for.
  const bool group = sensor == Sensor::kSnort && fields.size() == 3 && at == 1;
  const std::string name = AsciiLower(fields[at]);
  return at > 0 && !(group && (name == "all" || name == "any"));
}

// Of names such as "a|b" or "a&b".
std::string Prefixed(std::string_view names) {
  std::string text;
  bool inside = false;
  for (const char c : names) {
    const bool between = std::string_view("|& ").find(c) != std::string_view::npos;
    if (!between && !inside) text += kStoredBits;
    inside = !between;
    text += c;
  }
  return text;
}

bool IsChange(std::string_view verb) {
  return std::find(kChanges.begin(), kChanges.end(), verb) != kChanges.end();
}

// A named group of pcre that begins so, and what Suricata reads behind the expression, set
// variables: of the flow ("flow") or of the packet ("pkt").
bool SetsVariable(const IdsOption& option, const std::string& of) {
  if (AsciiLower(option.key) != "pcre") return false;
  const std::string_view value = option.value;
  const std::size_t end = value.rfind('/');
  return value.find("P<" + of) != std::string_view::npos ||
         (end != std::string_view::npos && value.find(of + ':', end) != std::string_view::npos);
}

bool OnlySets(const IdsRule& rule) {
  bool sets = false;
  for (const IdsOption& option : rule.options) {
    if (AsciiLower(option.key) != "flowbits") continue;
    const std::string verb = BitVerb(option);
    if (verb == "isset" || verb == "isnotset") return false;
    sets = sets || IsChange(verb);
  }
  return sets;
}

}  // namespace

std::string BitProblem(const IdsRule& rule) {
  bool silent = rule.Has("noalert");
  bool changes = false;
  for (const IdsOption& option : rule.options) {
    if (SetsVariable(option, "flow")) return "flow variable";
    if (!UsesBits(option)) continue;
    if (option.value.find('"') != std::string::npos) return "bit in quotes";
    const std::string verb = BitVerb(option);
    // Of Snort: without the name of a group it forgets the bits of all rules.
    if (verb == "reset") return "flowbits reset";
    silent = silent || verb == "noalert";
    changes = changes || IsChange(verb);
  }
  return silent && !changes ? "noalert without a flowbit that is set" : "";
}

bool TakesPrecedence(const IdsRule& rule) {
  bool silent = rule.Has("noalert");
  bool sets_flowbit = false;
  bool others = false;
  for (const IdsOption& option : rule.options) {
    const bool flowbit = AsciiLower(option.key) == "flowbits";
    const std::string verb = UsesBits(option) ? BitVerb(option) : "";
    silent = silent || verb == "noalert";
    sets_flowbit = sets_flowbit || (flowbit && IsChange(verb));
    others = others || (UsesBits(option) && !flowbit) || SetsVariable(option, "pkt");
  }
  return sets_flowbit && others && !silent;
}

void GiveBitsOfTheirOwn(Sensor sensor, IdsRule* rule) {
  for (IdsOption& option : rule->options) {
    if (!UsesBits(option)) continue;
    const std::string key = AsciiLower(option.key);
    const std::vector<std::string_view> fields = BitFields(option.value);
    std::string value;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      value += i == 0 ? "" : ",";
      value += HoldsNames(sensor, key, fields, i) ? Prefixed(fields[i]) : std::string(fields[i]);
    }
    option.value = std::move(value);
  }
  if (sensor == Sensor::kSuricata && OnlySets(*rule))
    rule->options.push_back({"flowbits", std::string(kNeverSet), true});
}

}  // namespace gapferry::detect
