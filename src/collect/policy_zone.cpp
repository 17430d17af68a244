#include "collect/policy_zone.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/bytes.h"
#include "intel/tld.h"
#include "intel/value.h"

namespace gapferry::collect {
namespace {

constexpr std::size_t kNowhereInZone = std::string_view::npos;
constexpr std::string_view kBlank = " \t";

// "24.0.2.0.192" and "48.zz.db8.2001": the prefix, and the parts of a network from its end; "zz"
// stands for "::".
std::string NetworkOf(std::string_view reversed) {
  std::vector<std::string> parts = SplitAt(reversed, ".");
  if (parts.size() < 2) return "";
  const std::string prefix = parts.front();
  parts.erase(parts.begin());
  std::reverse(parts.begin(), parts.end());
  constexpr std::size_t kPartsOfV4 = 4;
  const bool v4 =
      parts.size() == kPartsOfV4 && std::find(parts.begin(), parts.end(), "zz") == parts.end();
  if (parts.front() == "zz") parts.front() = ":";
  if (parts.back() == "zz") parts.back() = ":";
  for (std::string& part : parts) {
    if (part == "zz") part.clear();
  }
  const std::string address = fmt::format("{}", fmt::join(parts, v4 ? "." : ":"));
  return prefix == (v4 ? "32" : "128") ? address : address + "/" + prefix;
}

bool IsZoneNumber(std::string_view word) {
  constexpr std::string_view kUnits = "smhdw";
  return !word.empty() && IsAsciiDigit(word[0]) &&
         std::all_of(word.begin(), word.end(),
                     [&](char c) { return IsAsciiDigit(c) || kUnits.find(c) != kNowhereInZone; });
}

// Types that rules have, and those that stand in zones beside them.
bool IsRecordType(std::string_view word, bool in_zone) {
  constexpr auto kRules = std::to_array<std::string_view>({"cname", "ns", "soa"});
  constexpr auto kOthers = std::to_array<std::string_view>(
      {"a", "aaaa", "caa", "dname", "dnskey", "ds", "https", "mx", "naptr", "nsec", "nsec3",
       "nsec3param", "ptr", "rrsig", "srv", "svcb", "tlsa", "txt"});
  return std::find(kRules.begin(), kRules.end(), word) != kRules.end() ||
         (in_zone && std::find(kOthers.begin(), kOthers.end(), word) != kOthers.end());
}

bool IsBeforeType(std::string_view word) {
  return word == "in" || IsZoneNumber(word);
}

std::optional<ZoneRecord> ReadRecord(std::string_view line, bool in_zone, bool indented) {
  constexpr std::size_t kLongest = 1024;  // of what can be one
  constexpr std::array<std::string_view, 8> kSigns = {"CNAME", "cname", "SOA", "soa",
                                                      " NS",   "\tNS",  " ns", "\tns"};
  const bool may_be =
      in_zone || std::any_of(kSigns.begin(), kSigns.end(), [&](std::string_view sign) {
        return line.find(sign) != kNowhereInZone;
      });
  if (line.size() > kLongest || !may_be) return std::nullopt;
  const std::vector<std::string> words =
      SplitAt(AsciiLower(line.substr(0, line.find(';'))), kBlank);
  ZoneRecord record;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    const std::string& next = words[i + 1];
    // "a CNAME .", "24 CNAME .": a name may look like a type or a number.
    const bool is_owner = i == 0 && !indented && i + 2 < words.size() &&
                          (IsRecordType(next, in_zone) || IsBeforeType(next));
    if (!is_owner && IsRecordType(word, in_zone)) {
      record.type = word;
      record.data.assign(words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end());
      return record;
    }
    if (!is_owner && IsBeforeType(word)) continue;
    if (i > 0) return std::nullopt;
    record.owner = word;
  }
  return std::nullopt;
}

// Whether data are those of a SOA: two names, and numbers, or a parenthesis that holds them.
bool IsSoaData(const std::vector<std::string>& data) {
  if (data.front().starts_with('(')) return true;
  return data.size() > 2 && (data[2].starts_with('(') || IsZoneNumber(data[2]));
}

bool IsOfSigning(std::string_view type) {
  return type == "ds" || type == "dnskey" || type == "rrsig" || type.starts_with("nsec");
}

// Whether a record beside the rules is whole, so that no sentence is taken for one.
bool IsOtherRecord(const ZoneRecord& record) {
  const std::string& first = record.data.front();
  if (record.type == "a" || record.type == "aaaa")
    return record.data.size() == 1 && intel::ParseNetwork(first).has_value();
  if (record.type == "ptr" || record.type == "dname") return record.data.size() == 1;
  if (record.type == "txt") return first.starts_with('"');
  return IsOfSigning(record.type) || (record.data.size() > 1 && IsZoneNumber(first));
}

std::string_view WithoutDot(std::string_view name) {
  return name.ends_with('.') ? name.substr(0, name.size() - 1) : name;
}

// Where the name of a zone begins that is not known: at the last label that says so. Who owns a
// domain can put such labels before his name, but not behind it.
std::string_view WithoutZoneLabel(std::string_view name) {
  std::size_t place = kNowhereInZone;
  for (const std::string_view label : {".rpz.", ".rpz-"}) {
    const std::size_t found = name.rfind(label);
    if (found != kNowhereInZone && (place == kNowhereInZone || found > place)) place = found;
  }
  if (place != kNowhereInZone) return name.substr(0, place);
  return name.starts_with("rpz.") || name.starts_with("rpz-") ? "" : name;
}

// "rpz-passthru." and actions that are not known here: they stand alone.
bool IsAction(std::string_view target) {
  const std::string_view name = WithoutDot(target);
  const bool known = name == "rpz-passthru" || name == "rpz-tcp-only" || name == "rpz-drop";
  return known ||
         (target.starts_with("rpz-") && target.ends_with('.') && name.find('.') == kNowhereInZone);
}

// Names without an ending are below the origin if nothing says that it is the zone's name.
bool NamesZone(std::string_view origin) {
  return origin.starts_with("rpz") || origin.find(".rpz") != kNowhereInZone;
}

// "32.7.2.0.192.rpz-ip": what kind of rule it is, and where that stands. Nothing for a rule about a
// name.
struct RuleKind {
  std::string_view name;
  std::size_t place = 0;
  bool at_end = false;
};
std::optional<RuleKind> KindOf(std::string_view owner) {
  for (const std::string_view kind : {"rpz-ip", "rpz-nsip", "rpz-nsdname", "rpz-client-ip"}) {
    const std::string label = "." + std::string(kind);
    const std::size_t place = owner.rfind(label);
    if (place == kNowhereInZone) continue;
    const std::string_view after = owner.substr(place + label.size());
    if (after.empty() || after[0] == '.') return RuleKind{kind, place, after.empty()};
  }
  return std::nullopt;
}

}  // namespace

std::optional<BlockLine> PolicyZone::Read(std::string_view line, bool indented) {
  const bool first = !std::exchange(begun_, true);
  if (open_lines_ > 0) {
    const bool ends = line.substr(0, line.find(';')).find(')') != kNowhereInZone;
    open_lines_ = ends ? 0 : open_lines_ - 1;
    return BlockLine();
  }
  if (line.starts_with('$')) return Directive(line);
  std::optional<ZoneRecord> record = ReadRecord(line, in_zone_, indented);
  if (!record) {
    Leave();
    return std::nullopt;
  }
  if (record->owner.empty()) {
    if (in_zone_) record->owner = last_owner_;
  } else {
    last_owner_ = Full(record->owner) + (origin_ ? "." : "");
  }
  if (record->type == "soa") return Soa(*record, first);
  if (record->type == "ns") return Ns(*record);
  if (record->type == "cname") return Cname(*record);
  if (!IsOtherRecord(*record)) return std::nullopt;
  const bool rule = !record->owner.empty() && !IsOfSigning(record->type);
  return rule ? Rule(record->owner) : BlockLine();
}

std::optional<BlockLine> PolicyZone::Directive(std::string_view line) {
  const std::vector<std::string> words =
      SplitAt(AsciiLower(line.substr(0, line.find(';'))), kBlank);
  const std::string& name = words.front();
  if (name == "$origin" && words.size() == 2) {
    origin_ = Full(words[1]);
  } else if (name != "$ttl" || words.size() != 2 || !IsZoneNumber(words[1])) {
    const bool makes_records = in_zone_ && (name == "$generate" || name == "$include");
    return makes_records ? std::optional(BlockLine{{}, true}) : std::nullopt;
  }
  in_zone_ = true;
  return BlockLine();
}

std::optional<BlockLine> PolicyZone::Soa(const ZoneRecord& record, bool first) {
  if (!IsSoaData(record.data)) return std::nullopt;
  const bool sure = in_zone_ || record.owner.empty() || record.owner == "@";
  // In a report it is the answer about a name. So may be the first line of a file.
  if (!sure && !first) return Rule(record.owner);
  in_zone_ = sure;
  if (!record.owner.empty()) apex_ = Full(record.owner);
  const std::string data = fmt::format("{}", fmt::join(record.data, " "));
  constexpr int kMostLines = 12;
  if (data.find('(') != std::string::npos && data.find(')') == std::string::npos)
    open_lines_ = kMostLines;
  return BlockLine();
}

std::optional<BlockLine> PolicyZone::Ns(const ZoneRecord& record) const {
  const bool of_zone = in_zone_ || record.owner == "@" ||
                       (!apex_.empty() && Full(record.owner) == apex_) ||
                       (record.owner.empty() && record.data.front().ends_with('.'));
  return of_zone ? std::optional(BlockLine()) : std::nullopt;
}

std::optional<BlockLine> PolicyZone::Cname(const ZoneRecord& record) {
  const std::string& target = record.data.front();
  const bool alone = record.data.size() == 1;
  if (record.owner.empty()) return in_zone_ && alone ? std::optional(BlockLine()) : std::nullopt;
  const bool blocks = target == "." || target == "*." || WithoutDot(target) == "rpz-drop";
  in_zone_ = in_zone_ || (!apex_.empty() && (blocks || IsAction(target)));
  if (blocks) return Rule(record.owner);
  const bool passes = IsAction(target) || WithoutDot(target) == WithoutDot(record.owner) ||
                      Full(target) == Trigger(record.owner);
  if (passes) return BlockLine();
  // A walled garden is named in full, or within a zone. "See cname a.example." is a sentence.
  const bool whole = target.ends_with('.') && record.owner.find('.') != kNowhereInZone;
  if (alone && (in_zone_ || whole)) return Rule(record.owner);
  return std::nullopt;
}

std::string PolicyZone::Full(std::string_view name) const {
  if (name == "@") return origin_.value_or("");
  if (name.ends_with('.') || origin_.value_or("").empty()) return std::string(WithoutDot(name));
  return fmt::format("{}.{}", name, *origin_);
}

std::string PolicyZone::Trigger(std::string_view owner) const {
  std::string full = Full(owner);
  if (in_zone_ && !apex_.empty()) {
    if (full == apex_) return "";
    if (full.ends_with("." + apex_)) return full.substr(0, full.size() - apex_.size() - 1);
  }
  if (owner == "@") return "";
  // Whether the origin is the zone or a part of the name, only the name tells.
  const bool relative = !owner.ends_with('.');
  const std::string_view below = owner.starts_with("*.") ? owner.substr(2) : owner;
  if (relative && apex_.empty() && origin_ && NamesZone(*origin_) && intel::HasKnownTld(below))
    return std::string(below);
  return full;
}

bool PolicyZone::MayHoldZone(std::string_view owner) const {
  return apex_.empty() && (owner.ends_with('.') || origin_);
}

void PolicyZone::Leave() {
  in_zone_ = false;
  apex_.clear();
  origin_.reset();
  last_owner_.clear();
}

BlockLine PolicyZone::Rule(const std::string& owner) const {
  const std::string name = Trigger(owner);
  if (const auto kind = KindOf(name); kind && (kind->at_end || MayHoldZone(owner))) {
    if (kind->name != "rpz-ip") return {{}, true};
    return {{NetworkOf(std::string_view(name).substr(0, kind->place))}};
  }
  // Whether it is below the origin or the origin is the zone, nothing says.
  const std::string_view relative = std::string_view(owner).substr(owner.starts_with("*.") ? 2 : 0);
  if (apex_.empty() && !origin_.value_or("").empty() && !NamesZone(*origin_) &&
      !owner.ends_with('.') && relative.find('.') != kNowhereInZone && intel::HasKnownTld(relative))
    return {{}, true};
  std::string_view about = MayHoldZone(owner) ? WithoutZoneLabel(name) : name;
  if (about.starts_with("*.")) about.remove_prefix(2);
  if (about.empty()) return {};
  return {{std::string(about)}};
}

}  // namespace gapferry::collect
