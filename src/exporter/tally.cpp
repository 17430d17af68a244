#include "exporter/tally.h"

#include <algorithm>

#include "base/json.h"

namespace gapferry::exporter {
namespace {

constexpr char kJoin = '\x1f';
constexpr char kKind[] = "kind";
constexpr char kType[] = "type";
constexpr char kTlp[] = "tlp";
constexpr char kSource[] = "source";
constexpr char kHeld[] = "held";

std::string Key(std::initializer_list<std::string_view> parts) {
  return fmt::format("{}", fmt::join(parts, std::string_view(&kJoin, 1)));
}

std::string_view TakePart(std::string_view* key) {
  const std::size_t end = std::min(key->find(kJoin), key->size());
  const std::string_view part = key->substr(0, end);
  key->remove_prefix(std::min(end + 1, key->size()));
  return part;
}

}  // namespace

void Tally::Change(const std::string& key, std::int64_t by) {
  const auto found = counts_.try_emplace(key, 0).first;
  found->second += by;
  if (found->second == 0) counts_.erase(found);
}

void Tally::Count(store::RecordKind kind, intel::Tlp tlp, policy::Reason reason,
                  std::string_view word) {
  for (Alike& alike : alike_) {
    if (alike.kind == kind && alike.tlp == tlp && alike.reason == reason && alike.word == word) {
      ++alike.count;
      return;
    }
  }
  alike_.push_back({kind, tlp, reason, std::string(word), 1});
}

void Tally::Count(const store::Record& crossed, intel::Tlp tlp) {
  const bool attribute = crossed.kind == store::RecordKind::kAttribute;
  if (attribute && source_.empty()) source_ = crossed.source;
  Count(crossed.kind, attribute ? tlp : intel::Tlp::kClear, policy::Reason::kAllowed,
        attribute ? std::string_view(crossed.attribute.type) : std::string_view());
}

void Tally::HeldBack(store::RecordKind kind, const policy::Decision& decision) {
  Count(kind, intel::Tlp::kClear, decision.reason, decision.detail);
}

void Tally::Settle() {
  for (const Alike& alike : alike_) {
    const std::string_view kind = store::RecordKindName(alike.kind);
    if (alike.reason != policy::Reason::kAllowed) {
      Change(Key({kHeld, kind, policy::ReasonCode(alike.reason), alike.word}), alike.count);
      continue;
    }
    Change(Key({kKind, kind}), alike.count);
    if (alike.kind != store::RecordKind::kAttribute) continue;
    Change(Key({kType, alike.word}), alike.count);
    Change(Key({kTlp, intel::TlpName(alike.tlp)}), alike.count);
    Change(Key({kSource, source_}), alike.count);
  }
  alike_.clear();
}

void Tally::Add(const Tally& other) {
  for (const auto& [key, count] : other.counts_)
    Change(key, count);
}

void Tally::Subtract(const Tally& other) {
  for (const auto& [key, count] : other.counts_)
    Change(key, -count);
}

bundle::RowCounts Tally::Rows() const {
  bundle::RowCounts rows;
  for (const auto& [key, count] : counts_) {
    std::string_view rest = key;
    const std::string_view group = TakePart(&rest);
    const auto number = static_cast<std::uint64_t>(count);
    if (group == kKind) rows.kind[std::string(rest)] = number;
    if (group == kType) rows.type[std::string(rest)] = number;
    if (group == kTlp) rows.tlp[std::string(rest)] = number;
    if (group == kSource) rows.source[std::string(rest)] = number;
  }
  return rows;
}

std::map<std::string, policy::ReasonCounts> Tally::AllHeldBack() const {
  std::map<std::string, policy::ReasonCounts> held;
  for (const auto& [key, count] : counts_) {
    std::string_view rest = key;
    if (TakePart(&rest) != kHeld) continue;
    const std::string kind(TakePart(&rest));
    const auto reason = policy::FindReason(TakePart(&rest));
    if (reason) held[kind].Add(*reason, rest, static_cast<std::uint64_t>(count));
  }
  return held;
}

std::string Tally::Serialize() const {
  Json json = Json::object();
  for (const auto& [key, count] : counts_)
    json[key] = count;
  return DumpJson(json);
}

Result<Tally> Tally::Parse(const std::string& text) {
  Tally tally;
  auto json = ParseJson(text, {.max_bytes = 64 << 20, .max_depth = 4});
  try {
    if (json.ok()) tally.counts_ = json->get<std::map<std::string, std::int64_t>>();
    if (json.ok()) return tally;
  } catch (const Json::exception&) {
    // Falls through: it is not what Serialize wrote.
  }
  return Error::Make(Kind::kDamaged, "the counts of what a site holds cannot be read");
}

}  // namespace gapferry::exporter
