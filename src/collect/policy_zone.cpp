#include "collect/policy_zone.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "collect/zone_name.h"
#include "intel/tld.h"
#include "intel/value.h"

namespace gapferry::collect {
namespace {

constexpr std::size_t kNowhereInZone = std::string_view::npos;

// Outside zones, whether it is worth a look.
bool MayBeRecord(std::string_view line) {
  constexpr std::size_t kLongest = 1024;
  constexpr std::array<std::string_view, 8> kSigns = {"CNAME", "cname", "SOA", "soa",
                                                      " NS",   "\tNS",  " ns", "\tns"};
  return line.size() <= kLongest &&
         std::any_of(kSigns.begin(), kSigns.end(),
                     [&](std::string_view sign) { return line.find(sign) != kNowhereInZone; });
}

void Add(BlockLine&& more, BlockLine* sum) {
  std::move(more.values.begin(), more.values.end(), std::back_inserter(sum->values));
  sum->left_out = sum->left_out || more.left_out;
}

}  // namespace

std::optional<BlockLine> PolicyZone::Read(std::string_view line, bool indented) {
  if (open_) return GoOn(line, indented);
  const bool first = !std::exchange(begun_, true);
  if (line.starts_with('$')) return Directive(line, first);
  const bool is_zone = in_zone_ || undecided_;
  std::optional<ZoneRecord> record;
  if (is_zone || MayBeRecord(line)) {
    record = ReadZoneRecord(SplitZoneLine(line), is_zone ? ZoneTypes::kAll : ZoneTypes::kOfRules,
                            indented);
  }
  if (!record) {
    if (!whole()) Leave();
    return Unknown();
  }
  const bool soa_may_be_zone =
      record->type == "soa" && IsSoa(*record) && (first || IsOrigin(record->owner));
  if (record->open && (is_zone || soa_may_be_zone)) {
    open_ = std::move(record);
    open_first_ = first;
    open_lines_ = 0;
    return BlockLine();
  }
  return Handle(*std::move(record), first);
}

std::optional<BlockLine> PolicyZone::GoOn(std::string_view line, bool indented) {
  constexpr int kMostLines = 200;
  const ZoneLine words = SplitZoneLine(line, /*open=*/true);
  // A parenthesis that nobody closed ends where another record begins.
  const bool may_be_text = !in_zone_ && !IsOrigin(open_->owner) && open_->type == "soa";
  bool ends =
      ++open_lines_ > kMostLines || (may_be_text && !GoesOnWithSoa(words, open_->data.size()));
  if (!ends && !indented) {
    const auto next = ReadZoneRecord(SplitZoneLine(line), ZoneTypes::kAll, indented);
    ends = next && !next->owner.empty();
  }
  if (!ends) {
    for (const ZoneWord& word : words.words) {
      if (open_->data.empty()) open_->quoted = word.quoted;
      if (open_->data.size() < kMaxZoneWords) open_->data.push_back(word.text);
    }
    if (words.open) return BlockLine();
  }
  ZoneRecord record = *std::exchange(open_, std::nullopt);
  record.open = false;
  auto read = Handle(std::move(record), open_first_);
  if (!ends) return read;
  if (read) Add(*std::move(read), &late_);
  return Read(line, indented);
}

std::optional<BlockLine> PolicyZone::Handle(ZoneRecord record, bool first) {
  if (!record.owner.empty()) {
    last_owner_ = Full(record.owner) + (origin_ ? "." : "");
  } else if (in_zone_ || undecided_) {
    record.owner = last_owner_;
  }
  if (record.type == "soa") return Soa(record, first);
  if (undecided_) {
    const Place place = PlaceOf(record);
    ++undecided_records_;
    if (place == Place::kAnswer) Leave();
    in_zone_ = place == Place::kRule;
    undecided_ = place == Place::kPassed;
    const bool is_address = record.type == "a" || record.type == "aaaa";
    if (undecided_) return BlockLine{{}, is_address};
  }
  if (record.type == "ns") return Ns(record);
  if (record.type == "cname") return Cname(record);
  if (!in_zone_ || (!whole() && !IsWholeRecord(record)) || record.data.empty()) return Unknown();
  const bool is_address = record.type == "a" || record.type == "aaaa";
  if (is_address && !IsWholeRecord(record)) return Unknown();
  const bool rule = !record.owner.empty() && !IsOfSigning(record.type);
  return rule ? Rule(record.owner) : BlockLine();
}

std::optional<BlockLine> PolicyZone::Unknown() const {
  return whole() ? std::optional(BlockLine{{}, true}) : std::nullopt;
}

BlockLine PolicyZone::TakeLate() {
  return std::exchange(late_, {});
}

BlockLine PolicyZone::Finish() {
  if (open_) {
    ZoneRecord record = *std::exchange(open_, std::nullopt);
    record.open = false;
    if (auto read = Handle(std::move(record), open_first_)) Add(*std::move(read), &late_);
  }
  // A zone without rules, or an answer: the file does not say which.
  if (std::exchange(undecided_, false)) late_.left_out = true;
  return TakeLate();
}

std::optional<BlockLine> PolicyZone::Directive(std::string_view line, bool first) {
  const std::vector<ZoneWord> words = SplitZoneLine(line).words;
  const std::string& name = words.front().text;
  if (name == "$origin" && words.size() == 2) {
    origin_ = Full(words[1].text);
  } else if (name != "$ttl" || words.size() != 2 || !IsZoneNumber(words[1].text)) {
    const bool makes_records = in_zone_ && (name == "$generate" || name == "$include");
    return makes_records ? std::optional(BlockLine{{}, true}) : Unknown();
  }
  from_start_ = from_start_ || first;
  in_zone_ = true;
  undecided_ = false;
  return BlockLine();
}

std::optional<BlockLine> PolicyZone::Soa(const ZoneRecord& record, bool first) {
  if (record.data.empty() || !(IsSoa(record) || record.opens)) return Unknown();
  const bool sure = in_zone_ || IsOrigin(record.owner);
  if (undecided_ && !sure && Full(record.owner) == apex_) return BlockLine();
  // In a report it is the answer about a name. So may be the first line of a file.
  if (!sure && !first) {
    Leave();
    return Rule(record.owner);
  }
  from_start_ = from_start_ || first;
  has_soa_ = true;
  in_zone_ = sure;
  undecided_ = !sure;
  if (!record.owner.empty()) apex_ = Full(record.owner);
  return BlockLine();
}

PolicyZone::Place PolicyZone::PlaceOf(const ZoneRecord& record) const {
  if (record.type == "cname" && !record.data.empty() &&
      (IsBlocking(record.data.front()) || IsAction(record.data.front())))
    return Place::kRule;
  constexpr int kMostRecords = 16;
  const bool may_be = MayBePolicy(apex_) && undecided_records_ < kMostRecords;
  const bool says_nothing = record.type == "ns" || IsOfSigning(record.type);
  const std::string name = Full(record.owner);
  if (name == apex_) return may_be || says_nothing ? Place::kPassed : Place::kAnswer;
  if (!name.ends_with("." + apex_)) return Place::kAnswer;
  std::string_view below = std::string_view(name).substr(0, name.size() - apex_.size() - 1);
  if (says_nothing) return Place::kPassed;
  if (const auto kind = KindOf(below); kind && kind->at_end) return Place::kRule;
  if (below.starts_with("*.")) below.remove_prefix(2);
  if (!may_be) return Place::kAnswer;
  const bool is_name = below.find('.') != kNowhereInZone && intel::HasKnownTld(below);
  return is_name ? Place::kRule : Place::kPassed;
}

std::optional<BlockLine> PolicyZone::Ns(const ZoneRecord& record) const {
  const bool of_zone =
      in_zone_ || record.owner == "@" ||
      (record.owner.empty() && !record.data.empty() && record.data.front().ends_with('.'));
  return of_zone ? std::optional(BlockLine()) : std::nullopt;
}

std::optional<BlockLine> PolicyZone::Cname(const ZoneRecord& record) {
  if (record.data.empty()) return Unknown();
  const std::string& target = record.data.front();
  const bool alone = record.data.size() == 1;
  if (record.owner.empty()) return in_zone_ && alone ? BlockLine() : Unknown();
  if (IsBlocking(target)) return Rule(record.owner);
  const bool passes = IsAction(target) || WithoutDot(target) == WithoutDot(record.owner) ||
                      Full(target) == Trigger(record.owner);
  if (passes) return BlockLine();
  // A walled garden is named in full, or within a zone. "See cname a.example." is a sentence.
  const bool in_full = target.ends_with('.') && record.owner.find('.') != kNowhereInZone;
  if (alone && (in_zone_ || in_full)) return Rule(record.owner);
  return Unknown();
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
  // The answer that began the file is about this name.
  if (undecided_ && MayBePolicy(apex_)) late_.left_out = true;
  if (undecided_ && !MayBePolicy(apex_)) late_.values.push_back(apex_);
  undecided_ = false;
  from_start_ = false;
  in_zone_ = false;
  has_soa_ = false;
  apex_.clear();
  origin_.reset();
  last_owner_.clear();
}

BlockLine PolicyZone::Rule(const std::string& owner) const {
  const std::string name = Trigger(owner);
  if (const auto kind = KindOf(name); kind && (kind->at_end || MayHoldZone(owner))) {
    if (kind->name != "rpz-ip") return {{}, true};
    std::string network = NetworkOf(std::string_view(name).substr(0, kind->place));
    if (!intel::ParseNetwork(network)) return {{}, true};
    return {{std::move(network)}};
  }
  // Whether it is below the origin or the origin is the zone, nothing says.
  const std::string_view relative = std::string_view(owner).substr(owner.starts_with("*.") ? 2 : 0);
  if (apex_.empty() && !origin_.value_or("").empty() && !NamesZone(*origin_) &&
      !owner.ends_with('.') && relative.find('.') != kNowhereInZone && intel::HasKnownTld(relative))
    return {{}, true};
  std::string_view about = MayHoldZone(owner) ? WithoutZoneLabel(name) : name;
  if (about.starts_with("*.")) about.remove_prefix(2);
  if (about.empty()) return {};
  if (intel::ParseNetwork(about)) return {{}, true};
  // In a report, a backslash takes the teeth out of a name.
  if (!in_zone_) return {{std::string(about)}};
  std::optional<std::string> plain = WithoutEscapes(about);
  if (!plain) return {{}, true};
  const bool is_ending = plain->find('.') == std::string::npos && intel::HasKnownTld(*plain);
  return is_ending ? BlockLine{{}, true} : BlockLine{{*std::move(plain)}};
}

}  // namespace gapferry::collect
