#include "policy/cross.h"

#include <algorithm>

#include "base/bytes.h"

namespace gapferry::policy {
namespace {

using intel::Distribution;
using intel::Markings;
using intel::Tlp;

constexpr Distribution kSharingGroup = 4;

bool IsQuote(char c) {
  return c == '"' || c == '\'';
}
char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
void SkipQuotes(std::string_view* text) {
  while (!text->empty() && IsQuote(text->front()))
    text->remove_prefix(1);
}

Reason RefusedDistribution(Distribution distribution) {
  switch (distribution) {
    case 0:
      return Reason::kDistributionOwnOrganisation;
    case 1:
      return Reason::kDistributionCommunity;
    case 2:
      return Reason::kDistributionConnected;
    case 3:
      return Reason::kDistributionAll;
    case kSharingGroup:
      return Reason::kDistributionSharingGroup;
    default:
      return Reason::kDistributionUnknown;
  }
}

// One link of the chain. What lies above has been asked already, so inherit is allowed there.
Decision DecideDistribution(const CrossPolicy& policy, std::optional<Distribution> distribution,
                            std::string_view sharing_group, bool may_inherit) {
  if (may_inherit && (!distribution || *distribution == intel::kInherit)) return Decision::Allow();
  const Distribution level = distribution.value_or(3);
  bool allowed = false;
  if (level < policy.distributions.size()) {
    allowed = policy.distributions[level];
  } else if (level == kSharingGroup) {
    allowed = policy.sharing_groups.contains(AsciiLower(sharing_group));
  }
  if (allowed) return Decision::Allow();
  return Decision::Refuse(RefusedDistribution(level),
                          level == kSharingGroup ? sharing_group : std::string_view());
}

Decision DecideTags(const CrossPolicy& policy, std::span<const intel::Tag> tags) {
  for (const intel::Tag& tag : tags) {
    for (const std::string& pattern : policy.hold_back_tags) {
      if (TagMatches(pattern, tag.name)) return Decision::Refuse(Reason::kHoldBackTag, tag.name);
    }
  }
  return Decision::Allow();
}

Decision DecideTlp(const CrossPolicy& policy, const Markings& event, const Markings& part,
                   Tlp default_tlp) {
  const Tlp tlp = EffectiveTlp(event, part, default_tlp);
  if (tlp <= policy.clearance) return Decision::Allow();
  Reason reason = Reason::kTlpAboveClearance;
  if (!event.tlp && part.tlp.value_or(Tlp::kClear) <= default_tlp) {
    reason = Reason::kTlpUntagged;
  } else if (event.unknown_tlp || part.unknown_tlp) {
    reason = Reason::kTlpUnknown;
  }
  return Decision::Refuse(reason, intel::TlpName(tlp));
}

bool Crosses(const intel::Tag& tag) {
  return !tag.local && tag.exportable;
}

// Removes what must not cross, and keeps the level of what was removed.
void StripTags(std::vector<intel::Tag>* tags) {
  const Markings before = ReadMarkings(*tags);
  std::erase_if(*tags, [](const intel::Tag& tag) { return !Crosses(tag); });
  const Markings after = ReadMarkings(*tags);
  if (before.tlp && before.tlp != after.tlp) {
    intel::Tag tag;
    tag.name = "tlp:" + std::string(intel::TlpName(*before.tlp));
    tags->push_back(std::move(tag));
  }
  if (before.pap && before.pap != after.pap) {
    std::string level(intel::PapName(*before.pap));
    std::transform(level.begin(), level.end(), level.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    intel::Tag tag;
    tag.name = "PAP:" + level;
    tags->push_back(std::move(tag));
  }
}

}  // namespace

std::vector<std::string> DefaultHoldBackTags() {
  return {
      "misp:should-not-sync",
      "misp:api=\"hide\"",
      "false-positive:confirmed=\"true\"",
      "false-positive:risk=\"high\"",
      "workflow:state=\"draft\"",
      "workflow:state=\"rejected\"",
      "workflow:state=\"incomplete\"",
      "workflow:todo=\"review-for-privacy\"",
      "workflow:todo=\"review-before-publication\"",
      "exercise:*",
  };
}

bool TagMatches(std::string_view pattern, std::string_view tag_name) {
  pattern = AsciiTrim(pattern);
  std::string_view text = AsciiTrim(tag_name);
  std::string_view after_star;  // where to go on when a later byte does not fit
  std::string_view star_text;
  bool starred = false;
  while (true) {
    SkipQuotes(&pattern);
    SkipQuotes(&text);
    if (!pattern.empty() && pattern.front() == '*') {
      pattern.remove_prefix(1);
      after_star = pattern;
      star_text = text;
      starred = true;
      continue;
    }
    if (text.empty()) return pattern.empty();
    if (!pattern.empty() && Lower(pattern.front()) == Lower(text.front())) {
      pattern.remove_prefix(1);
      text.remove_prefix(1);
      continue;
    }
    if (!starred) return false;
    star_text.remove_prefix(1);
    pattern = after_star;
    text = star_text;
  }
}

Markings ReadMarkings(std::span<const intel::Tag> tags) {
  Markings markings;
  for (const intel::Tag& tag : tags)
    markings.Read(tag.name);
  return markings;
}

Tlp EffectiveTlp(const Markings& event, const Markings& part, Tlp default_tlp) {
  return std::max(event.tlp.value_or(default_tlp), part.tlp.value_or(Tlp::kClear));
}

EventContext DecideEvent(const CrossPolicy& policy, const intel::Event& event,
                         std::string_view source) {
  EventContext context;
  context.markings = ReadMarkings(event.tags);
  const auto of_source = policy.default_tlp_of_source.find(source);
  context.default_tlp =
      of_source == policy.default_tlp_of_source.end() ? policy.default_tlp : of_source->second;
  if (policy.hold_unpublished && !event.published.value_or(true)) {
    context.decision = Decision::Refuse(Reason::kUnpublished);
    return context;
  }
  context.decision = DecideTags(policy, event.tags);
  if (!context.decision.allowed) return context;
  context.decision = DecideTlp(policy, context.markings, {}, context.default_tlp);
  if (!context.decision.allowed) return context;
  context.decision = DecideDistribution(policy, event.distribution, event.sharing_group, false);
  return context;
}

Decision DecideObject(const CrossPolicy& policy, const EventContext& event,
                      const intel::Object& object) {
  if (!event.decision.allowed) return event.decision;
  if (object.deleted) return Decision::Refuse(Reason::kDeleted);
  return DecideDistribution(policy, object.distribution, object.sharing_group, true);
}

Decision DecideAttribute(const CrossPolicy& policy, const EventContext& event,
                         const intel::Object* object, const intel::Attribute& attribute) {
  if (!event.decision.allowed) return event.decision;
  if (object != nullptr) {
    const Decision whole = DecideObject(policy, event, *object);
    if (!whole.allowed) return whole;
  }
  if (attribute.deleted) return Decision::Refuse(Reason::kDeleted);
  if (policy.excluded_categories.contains(attribute.category))
    return Decision::Refuse(Reason::kCategoryExcluded, attribute.category);
  if (policy.excluded_types.contains(attribute.type))
    return Decision::Refuse(Reason::kTypeExcluded, attribute.type);
  if (!attribute.tags.empty()) {
    const Decision tags = DecideTags(policy, attribute.tags);
    if (!tags.allowed) return tags;
    const Decision tlp =
        DecideTlp(policy, event.markings, ReadMarkings(attribute.tags), event.default_tlp);
    if (!tlp.allowed) return tlp;
  }
  return DecideDistribution(policy, attribute.distribution, attribute.sharing_group, true);
}

Decision DecideReport(const CrossPolicy& policy, const EventContext& event,
                      const intel::Report& report) {
  if (!event.decision.allowed) return event.decision;
  if (report.deleted) return Decision::Refuse(Reason::kDeleted);
  return DecideDistribution(policy, report.distribution, report.sharing_group, true);
}

void HideSource(intel::Event* event) {
  event->orgc_uuid.clear();
  event->orgc_name.clear();
}

void StripForCrossing(intel::Event* event) {
  if (event->tags.empty()) return;
  if (ReadMarkings(event->tags).hide_source) HideSource(event);
  StripTags(&event->tags);
}

bool StripForCrossing(intel::Attribute* attribute) {
  if (attribute->tags.empty()) return false;
  const bool hide_source = ReadMarkings(attribute->tags).hide_source;
  StripTags(&attribute->tags);
  return hide_source;
}

}  // namespace gapferry::policy
