#include "policy/use.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/bytes.h"
#include "policy/attribute_class.h"
#include "policy/confidence.h"
#include "policy/cross.h"

namespace gapferry::policy {
namespace {

using intel::Markings;
using intel::Pap;

constexpr std::uint32_t kAddressDays = 180;
constexpr std::uint32_t kUrlDays = 365;
constexpr std::uint32_t kNameDays = 730;

bool ReadNumber(std::string_view text, int* number) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc{} && stop == text.data() + text.size() && !text.empty();
}

// "HH:MM[:SS[.fraction]]" as seconds; nullopt if it is none.
std::optional<Time> ReadClock(std::string_view text) {
  text = text.substr(0, text.find_first_of(".,"));
  int hour = 0;
  int minute = 0;
  int second = 0;
  const bool shape = (text.size() == 5 || (text.size() == 8 && text[5] == ':')) && text[2] == ':';
  if (!shape || !ReadNumber(text.substr(0, 2), &hour) || !ReadNumber(text.substr(3, 2), &minute) ||
      (text.size() == 8 && !ReadNumber(text.substr(6), &second))) {
    return std::nullopt;
  }
  if (hour < 0 || minute < 0 || second < 0 || hour > 23 || minute > 59 || second > 60)
    return std::nullopt;
  return hour * 3600 + minute * 60 + second;
}

// "Z", "+HH:MM", "-HHMM" or "" as seconds east.
std::optional<Time> ReadOffset(std::string_view text) {
  if (text.empty() || text == "Z" || text == "z") return 0;
  const Time sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  int hours = 0;
  int minutes = 0;
  if (text.size() < 2 || !ReadNumber(text.substr(0, 2), &hours)) return std::nullopt;
  text.remove_prefix(2);
  if (text.starts_with(':')) text.remove_prefix(1);
  if (!text.empty() && (text.size() != 2 || !ReadNumber(text, &minutes))) return std::nullopt;
  if (hours < 0 || minutes < 0 || hours > 14 || minutes > 59) return std::nullopt;
  return sign * (hours * 3600 + minutes * 60);
}

Decision DecidePap(const UsePolicy& policy, const Occurrence& occurrence) {
  const Pap pap = occurrence.pap.value_or(Pap::kClear);
  if (pap == Pap::kRed && policy.power != Power::kReadsLogs)
    return Decision::Refuse(Reason::kPapForbids, "red");
  if (pap == Pap::kAmber && policy.power == Power::kBlocks)
    return Decision::Refuse(Reason::kPapForbidsBlocking, "amber");
  return Decision::Allow();
}

Decision DecideTlp(const UsePolicy& policy, const Occurrence& occurrence) {
  if (occurrence.tlp <= policy.clearance) return Decision::Allow();
  return Decision::Refuse(Reason::kTlpAboveDestination, intel::TlpName(occurrence.tlp));
}

Decision DecideType(const UsePolicy& policy, const Occurrence& occurrence) {
  const bool wanted = policy.types.empty() || policy.types.contains(occurrence.type);
  if (wanted && !policy.refused_types.contains(occurrence.type)) return Decision::Allow();
  return Decision::Refuse(Reason::kTypeNotWanted, occurrence.type);
}

Decision DecideConfidence(const UsePolicy& policy, const Occurrence& occurrence) {
  if (!occurrence.confidence) {
    return policy.keep_unknown_confidence ? Decision::Allow()
                                          : Decision::Refuse(Reason::kConfidenceUnknown);
  }
  if (*occurrence.confidence >= policy.min_confidence) return Decision::Allow();
  return Decision::Refuse(Reason::kConfidenceTooLow);
}

bool IsForDetection(const UsePolicy& policy, const Occurrence& occurrence) {
  if (occurrence.ids_tag == IdsTag::kForbid) return false;
  return !policy.require_to_ids || occurrence.to_ids || occurrence.ids_tag == IdsTag::kForce;
}

bool IsTooOld(const UsePolicy& policy, const Occurrence& occurrence, Time created) {
  if (occurrence.last_activity <= 0) return false;
  const auto configured = policy.max_age_days.find(occurrence.type);
  const std::uint32_t days = configured == policy.max_age_days.end()
                                 ? DefaultMaxAgeDays(occurrence.type)
                                 : configured->second;
  return days > 0 && created - occurrence.last_activity > Time{days} * kSecondsPerDay;
}

std::uint32_t DaysOf(std::string_view type) {
  const ClassSet classes = ClassesOfType(type);
  // domain|ip lives as long as its name.
  if (classes.test(kNameClass) || classes.test(kEmailClass)) return kNameDays;
  if (classes.test(kUrlClass)) return kUrlDays;
  if (classes.test(kAddressClass)) return kAddressDays;
  return 0;
}

std::vector<std::uint32_t> DaysOfAllTypes() {
  std::vector<std::uint32_t> days;
  for (const intel::TypeInfo& type : intel::AllTypes())
    days.push_back(DaysOf(type.name));
  return days;
}

}  // namespace

IdsTag ReadIdsTag(std::span<const intel::Tag> tags) {
  IdsTag ids = IdsTag::kNone;
  for (const intel::Tag& tag : tags) {
    if (TagMatches("misp:ids=false", tag.name)) return IdsTag::kForbid;
    if (TagMatches("misp:ids=force", tag.name) || TagMatches("misp:ids=true", tag.name))
      ids = IdsTag::kForce;
  }
  return ids;
}

bool SaysFalsePositive(std::span<const intel::Tag> tags) {
  return std::any_of(tags.begin(), tags.end(), [](const intel::Tag& tag) {
    return TagMatches("false-positive:confirmed=true", tag.name) ||
           TagMatches("false-positive:risk=high", tag.name);
  });
}

std::optional<Time> ReadIsoTime(std::string_view text) {
  text = AsciiTrim(text);
  const std::optional<Time> day = ParseDate(text.substr(0, 10));
  if (!day || text.size() == 10) return day;
  if (text[10] != 'T' && text[10] != ' ') return std::nullopt;
  const std::string_view rest = text.substr(11);
  const std::size_t zone = std::min(rest.find_first_of("Zz+-"), rest.size());
  const std::optional<Time> clock = ReadClock(rest.substr(0, zone));
  const std::optional<Time> offset = ReadOffset(rest.substr(zone));
  if (!clock || !offset) return std::nullopt;
  return *day + *clock - *offset;
}

Occurrence MakeOccurrence(const intel::Event& event, const intel::Object* object,
                          const intel::Attribute& attribute, intel::Tlp default_tlp) {
  Markings whole = ReadMarkings(event.tags);
  const Markings part = ReadMarkings(attribute.tags);
  Occurrence occurrence;
  occurrence.type = attribute.type;
  occurrence.tlp = EffectiveTlp(whole, part, default_tlp);
  whole.Add(part);
  occurrence.pap = whole.pap;
  occurrence.ids_tag = ReadIdsTag(attribute.tags);
  if (occurrence.ids_tag == IdsTag::kNone) occurrence.ids_tag = ReadIdsTag(event.tags);
  occurrence.confidence = ReadConfidence(attribute.tags);
  if (!occurrence.confidence) occurrence.confidence = ReadConfidence(event.tags);
  occurrence.to_ids = attribute.to_ids;
  occurrence.published = event.published.value_or(true);
  occurrence.deleted = attribute.deleted || (object != nullptr && object->deleted);
  occurrence.false_positive = SaysFalsePositive(attribute.tags) || SaysFalsePositive(event.tags);
  occurrence.sighting = attribute.sighting;
  occurrence.last_activity = LastActivity(attribute);
  return occurrence;
}

Time LastActivity(const intel::Attribute& attribute) {
  return std::max({attribute.timestamp, ReadIsoTime(attribute.last_seen).value_or(0),
                   attribute.sighting.last_seen});
}

std::uint32_t DefaultMaxAgeDays(std::string_view type) {
  static const std::vector<std::uint32_t> kDays = DaysOfAllTypes();
  const intel::TypeInfo* info = intel::FindType(type);
  return info == nullptr ? 0 : kDays[static_cast<std::size_t>(info - intel::AllTypes().data())];
}

Decision DecideUse(const UsePolicy& policy, const Occurrence& occurrence, Time created) {
  if (occurrence.deleted) return Decision::Refuse(Reason::kDeleted);
  if (policy.require_published && !occurrence.published)
    return Decision::Refuse(Reason::kUnpublished);
  for (const auto decide : {DecideTlp, DecidePap, DecideType}) {
    const Decision decision = decide(policy, occurrence);
    if (!decision.allowed) return decision;
  }
  if (occurrence.false_positive) return Decision::Refuse(Reason::kFalsePositive);
  if (!IsForDetection(policy, occurrence)) return Decision::Refuse(Reason::kNotToIds);
  if (IsTooOld(policy, occurrence, created))
    return Decision::Refuse(Reason::kTooOld, occurrence.type);
  const Decision sighted = DecideSightings(policy.sightings, occurrence.sighting,
                                           occurrence.last_activity, created, occurrence.type);
  return sighted.allowed ? DecideConfidence(policy, occurrence) : sighted;
}

Decision DecideCopyOfEvent(const UsePolicy& policy, const Occurrence& event) {
  if (policy.require_published && !event.published) return Decision::Refuse(Reason::kUnpublished);
  const Decision tlp = DecideTlp(policy, event);
  return tlp.allowed ? DecidePap(policy, event) : tlp;
}

Decision DecideCopy(const UsePolicy& policy, const Occurrence& occurrence) {
  const Decision whole = DecideCopyOfEvent(policy, occurrence);
  return whole.allowed ? DecideType(policy, occurrence) : whole;
}

}  // namespace gapferry::policy
