#include "policy/selection.h"

#include <algorithm>
#include <charconv>

#include "policy/cross.h"
#include "policy/use.h"

namespace gapferry::policy {
namespace {

bool HasOneOf(const std::vector<std::string>& patterns, const std::vector<intel::Tag>& tags) {
  return std::any_of(tags.begin(), tags.end(), [&](const intel::Tag& tag) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const std::string& pattern) { return TagMatches(pattern, tag.name); });
  });
}

bool IsOneOf(const std::vector<std::string>& orgs, const intel::Event& event) {
  return std::any_of(orgs.begin(), orgs.end(), [&](const std::string& org) {
    const std::string wanted = AsciiLower(org);
    return wanted == AsciiLower(event.orgc_name) || wanted == AsciiLower(event.orgc_uuid);
  });
}

Time PublishTime(const intel::Event& event) {
  // Feeds that PyMISP writes may lack it.
  return event.publish_timestamp != 0 ? event.publish_timestamp : event.timestamp;
}

std::string_view UnmetByHeader(const Selection& selection, const intel::Event& event, Time now) {
  if (selection.published_only && !event.published.value_or(true)) return "published";
  if (!selection.from.empty() && event.date < selection.from) return "from";
  if (!selection.to.empty() && (event.date.empty() || event.date > selection.to)) return "to";
  if (!selection.StillRecent(PublishTime(event), now)) return "last";
  if (!selection.orgs.empty() && !IsOneOf(selection.orgs, event)) return "orgs";
  if (IsOneOf(selection.not_orgs, event)) return "not_orgs";
  if (!selection.threat_levels.empty() && !selection.threat_levels.contains(event.threat_level))
    return "threat_levels";
  // A level that the source leaves out is "all communities", as in CrossPolicy.
  if (!selection.distributions.empty() &&
      !selection.distributions.contains(event.distribution.value_or(3)))
    return "distributions";
  return {};
}

template <typename Words>
void Append(std::string_view name, const Words& words, std::string* text) {
  text->append(name).push_back('\0');
  for (const auto& word : words)
    text->append(fmt::format("{}", word)).push_back('\0');
  text->push_back('\n');
}

}  // namespace

bool Selection::Empty() const {
  return !published_only && from.empty() && to.empty() && !last && orgs.empty() &&
         not_orgs.empty() && threat_levels.empty() && distributions.empty() && not_tags.empty() &&
         !max_tlp && !JudgesAttributes();
}

bool Selection::JudgesAttributes() const {
  return !tags.empty() || !types.empty() || to_ids.has_value() || decay.has_value();
}

bool Selection::MayLeaveOutAttributes() const {
  return JudgesAttributes() || max_tlp || !not_tags.empty();
}

Digest256 Selection::Fingerprint() const {
  std::string text = fmt::format(
      "{} {} {} {} {} {}\n", published_only, from, to, last ? last->count() : -1,
      max_tlp ? static_cast<int>(*max_tlp) : -1, to_ids ? static_cast<int>(*to_ids) : -1);
  if (decay) {
    text += fmt::format("decay {} {} {} {}\n", decay->lifetime_days, decay->decay_speed,
                        decay->threshold, decay->base_score);
  }
  Append("orgs", orgs, &text);
  Append("not_orgs", not_orgs, &text);
  Append("threat_levels", threat_levels, &text);
  Append("distributions", distributions, &text);
  Append("tags", tags, &text);
  Append("not_tags", not_tags, &text);
  Append("types", types, &text);
  return Hash256(AsBytes(text));
}

bool Selection::StillRecent(Time publish_timestamp, Time now) const {
  return !last || publish_timestamp >= now - last->count();
}

std::optional<std::chrono::seconds> ParseSpan(std::string_view text) {
  constexpr std::int64_t kMost = 36500;
  if (text.size() < 2) return std::nullopt;
  std::int64_t number = 0;
  const char* end = text.data() + text.size() - 1;
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end || number < 1 || number > kMost) return std::nullopt;
  switch (text.back()) {
    case 'd':
      return std::chrono::seconds(number * kSecondsPerDay);
    case 'h':
      return std::chrono::hours(number);
    case 'm':
      return std::chrono::minutes(number);
    default:
      return std::nullopt;
  }
}

EventVerdict JudgeEvent(const Selection& selection, const intel::Event& event, Time now) {
  EventVerdict verdict;
  verdict.now = now;
  verdict.markings = ReadMarkings(event.tags);
  verdict.has_tag = HasOneOf(selection.tags, event.tags);
  verdict.unmet = UnmetByHeader(selection, event, now);
  if (!verdict.taken()) return verdict;
  // The source's default is for rows; an event that names no TLP may hold rows that do.
  if (HasOneOf(selection.not_tags, event.tags)) {
    verdict.unmet = "not_tags";
  } else if (selection.max_tlp &&
             verdict.markings.tlp.value_or(intel::Tlp::kClear) > *selection.max_tlp) {
    verdict.unmet = "max_tlp";
  }
  return verdict;
}

std::string_view JudgeAttribute(const Selection& selection, const EventVerdict& event,
                                const intel::Attribute& attribute, intel::Tlp default_tlp) {
  if (!selection.types.empty() && !selection.types.contains(attribute.type)) return "types";
  if (selection.to_ids && attribute.to_ids != *selection.to_ids) return "to_ids";
  if (!selection.tags.empty() && !event.has_tag && !HasOneOf(selection.tags, attribute.tags))
    return "tags";
  if (HasOneOf(selection.not_tags, attribute.tags)) return "not_tags";
  if (selection.decay && HasDecayed(*selection.decay, LastActivity(attribute), event.now))
    return "decay";
  if (!selection.max_tlp) return {};
  const intel::Markings own = ReadMarkings(attribute.tags);
  const bool fits = EffectiveTlp(event.markings, own, default_tlp) <= *selection.max_tlp;
  return fits ? std::string_view() : "max_tlp";
}

void SelectedRows::Event(const Selection& selection, const intel::Event& event, Time now) {
  event_ = JudgeEvent(selection, event, now);
  taken_ = 0;
  left_out_ = 0;
  objects_.clear();
}

void SelectedRows::Attribute(const Selection& selection, const intel::Attribute& attribute,
                             const Uuid& object) {
  if (!event_.taken() || attribute.deleted) return;
  if (JudgeAttribute(selection, event_, attribute, intel::Tlp::kClear).empty()) {
    ++taken_;
    objects_.insert(object);
  } else {
    ++left_out_;
  }
}

bool SelectedRows::Emptied(const Selection& selection) const {
  return taken_ == 0 && (left_out_ > 0 || selection.JudgesAttributes());
}

}  // namespace gapferry::policy
