#include "detect/spelling.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/bytes.h"
#include "base/json.h"
#include "detect/rpz_text.h"
#include "detect/sigma_fields.h"
#include "detect/sigma_text.h"
#include "detect/squid_text.h"
#include "detect/stix_pattern.h"
#include "detect/suricata_match.h"
#include "detect/suricata_rule.h"

namespace gapferry::detect {
namespace {

using intel::Indicator;
using intel::IndicatorKind;
using Bounds = Spelling::Bounds;

// Files that also hold text of events, where a value may be mentioned by the way.
constexpr auto kWithText = std::to_array<std::string_view>(
    {"csv", "ecs", "misp-csv", "misp-feed", "sigma", "splunk", "stix", "yara"});

std::string Replaced(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

// Without the quotes around it.
std::string Inner(const std::string& quoted) {
  return quoted.substr(1, quoted.size() - 2);
}

// A rule for one value says so in its message.
void AddMessage(const Indicator& indicator, std::vector<Spelling>* spellings) {
  constexpr std::size_t kShown = 100;  // as RuleOf
  const std::string value = SuricataMessage(indicator.value, kShown);
  for (const char* end : {":", "\""}) {
    spellings->push_back({fmt::format("MISP {} {}{}", intel::IndicatorKindName(indicator.kind),
                                      value, indicator.value.size() > kShown ? "" : end),
                          Bounds::kCell, ""});
  }
  // A list of networks in the head of a rule.
  if (indicator.kind == IndicatorKind::kNetwork)
    spellings->push_back({indicator.value, Bounds::kWord, ""});
}

void AddSets(const SuricataOptions& options, const Indicator& indicator,
             std::vector<Spelling>* spellings) {
  Candidate candidate;
  candidate.kind = indicator.kind;
  candidate.value = indicator.value;
  candidate.mentions.emplace_back();
  candidate.from = candidate.to = true;
  candidate.from_ports.any = candidate.to_ports.any = true;
  for (const ListEntry& entry : ListEntries(options, candidate)) {
    // The path of a URL says more than its host, which other URLs may have too.
    if (entry.list.starts_with("url-host")) continue;
    const std::string file = options.prefix + '-' + entry.list;
    std::string line = entry.line.substr(0, entry.line.size() - 1);
    if (ListEnding(options, entry.list) == ".lst") {
      spellings->push_back({std::move(line), Bounds::kLine, file});
    } else {
      spellings->push_back({line.substr(0, line.find(",\"event\"")), Bounds::kStart, file});
    }
  }
  spellings->push_back({indicator.value + ',', Bounds::kStart, options.prefix + "-iprep"});
}

// As rules write it, and as lists for lookups do, whose lines have the wildcards in them.
std::vector<std::string> SigmaForms(const Indicator& indicator) {
  std::set<std::string> texts;
  for (const SigmaSource& source : SigmaSources()) {
    for (const SigmaField& field : FieldsOf(source)) {
      if (field.kind == indicator.kind)
        texts.insert(SigmaText(field.form, indicator.kind, indicator.value));
    }
  }
  std::vector<std::string> forms;
  for (const std::string& text : texts) {
    for (const std::string& one : {SigmaEscape(text), text}) {
      forms.push_back(one);
      forms.push_back('*' + one);
      forms.push_back('*' + one + '*');
      forms.push_back("*." + one);
    }
  }
  return forms;
}

// A line of a CDB list begins with its key, in quotes if it has a colon. Of a network, the first of
// the keys that it is written as.
void AddWazuh(const Indicator& indicator, std::vector<Spelling>* spellings) {
  spellings->push_back({indicator.value + ':', Bounds::kStart, "misp-"});
  spellings->push_back({'"' + indicator.value + "\":", Bounds::kStart, "misp-"});
  const auto network = intel::ParseNetwork(indicator.value);
  if (indicator.kind != IndicatorKind::kNetwork || !network || network->v6) return;
  std::string key;
  const std::size_t octets = (network->prefix + std::size_t{7}) / 8;
  for (std::size_t i = 0; i < octets; ++i)
    key += (i == 0 ? "" : ".") + std::to_string(network->bytes[i]);
  spellings->push_back({key + (octets < 4 ? ".:" : ":"), Bounds::kStart, "misp-networks"});
}

// Zeek's reader undoes \xHH.
std::string ZeekBytes(const std::string& value) {
  std::string text;
  for (const char c : value) {
    const auto byte = static_cast<std::uint8_t>(c);
    const bool plain = byte >= 0x20 && byte < 0x7F && c != '\\';
    text += plain ? std::string(1, c) : fmt::format("\\x{:02x}", byte);
  }
  return text;
}

bool IsWordByte(char c) {
  return IsAsciiAlnum(c) || c == '-' || c == '_' || static_cast<std::uint8_t>(c) >= 0x80;
}

// Neither a longer name, address or number, nor the host of a URL or a mail address.
bool IsWord(std::string_view line, std::size_t at, std::size_t size) {
  const std::string_view before = line.substr(0, at);
  const std::string_view after = line.substr(at + size);
  if (!before.empty()) {
    const char last = before.back();
    if (IsWordByte(last) || last == '@' || before.ends_with("//")) return false;
    if ((last == '.' || last == ':') && before.size() > 1 && IsWordByte(before[before.size() - 2]))
      return false;
  }
  if (after.empty()) return true;
  if (IsWordByte(after[0])) return false;
  if (after[0] == '/' && !before.ends_with('/')) return false;
  return !((after[0] == '.' || after[0] == ':') && after.size() > 1 && IsWordByte(after[1]));
}

bool IsCell(std::string_view line, std::size_t at, std::size_t size) {
  constexpr std::string_view kBounds = ",\"'\t\r;:|{}[]()";
  const auto bounds = [&](std::size_t place) {
    return place >= line.size() || kBounds.find(line[place]) != std::string_view::npos;
  };
  // Of a name with all below it, the dot before it.
  const bool dotted = at > 1 && line[at - 1] == '.' && bounds(at - 2);
  return (at == 0 || dotted || bounds(at - 1)) && bounds(at + size);
}

}  // namespace

std::vector<Spelling> SpellingsOf(const Destination& destination, const Indicator& indicator) {
  std::vector<Spelling> spellings;
  const std::string& format = destination.format;
  const std::string& value = indicator.value;
  if (format == "suricata") AddSets(destination.suricata, indicator, &spellings);
  if (format == "suricata" || format == "snort2" || format == "snort3") {
    AddMessage(indicator, &spellings);
    return spellings;
  }
  if (format == "wazuh") {
    AddWazuh(indicator, &spellings);
    return spellings;
  }
  const bool text = std::find(kWithText.begin(), kWithText.end(), format) != kWithText.end();
  const bool cell =
      text || indicator.kind == IndicatorKind::kUrl || indicator.kind == IndicatorKind::kFilename ||
      indicator.kind == IndicatorKind::kUserAgent || indicator.kind == IndicatorKind::kOther;
  const Bounds bounds = cell ? Bounds::kCell : Bounds::kWord;
  const auto add = [&](std::string one, Bounds around) {
    const bool known = std::any_of(spellings.begin(), spellings.end(),
                                   [&](const Spelling& other) { return other.text == one; });
    if (!one.empty() && !known) spellings.push_back({std::move(one), around, ""});
  };
  add(value, bounds);
  if (indicator.kind == IndicatorKind::kUrl) {
    if (format == "squid") add(SquidUrlRegex(value).value_or(""), Bounds::kLine);
    add(value.substr(value.find("//") + 2), bounds);
  }
  const auto network = intel::ParseNetwork(value);
  if (format == "rpz" && network) add(RpzTrigger(*network) + ".rpz-ip", Bounds::kStart);
  if (format == "sigma") {
    for (const std::string& one : SigmaForms(indicator)) {
      add(Inner(YamlQuote(one)), bounds);
      add(one, bounds);
    }
  }
  if (format == "zeek") add(ZeekBytes(value), bounds);
  if (format == "stix") add(Inner(DumpJson(Inner(StixQuoted(value)))), bounds);
  if (!text) return spellings;
  add(Inner(DumpJson(value)), bounds);
  add(Replaced(value, "'", "''"), bounds);
  add(Replaced(value, "\"", "\"\""), bounds);
  return spellings;
}

std::size_t FindSpelling(std::string_view line, const Spelling& spelling) {
  const std::string_view text = spelling.text;
  if (spelling.bounds == Bounds::kLine) return line == text ? 0 : std::string_view::npos;
  if (spelling.bounds == Bounds::kStart) return line.starts_with(text) ? 0 : std::string_view::npos;
  for (std::size_t at = line.find(text); at != std::string_view::npos;
       at = line.find(text, at + 1)) {
    // What a rule's message begins with is within quotes, and ends by itself.
    if (text.starts_with("MISP ")) return at;
    const bool found = spelling.bounds == Bounds::kWord ? IsWord(line, at, text.size())
                                                        : IsCell(line, at, text.size());
    if (found) return at;
  }
  return std::string_view::npos;
}

}  // namespace gapferry::detect
