// policy/cross.h: what may cross to a site. The exporter asks with the site's clearance what to
// put into a bundle; the importer asks the same again and refuses what exceeds it, even if signed.
// Distribution levels and tags mean what MISP says (MISP core format draft-20; misp-taxonomies).
#pragma once

#include <array>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "intel/event.h"
#include "intel/tlp.h"
#include "intel/types.h"
#include "policy/decision.h"

namespace gapferry::policy {

// Tags that hold back what carries them. `*` stands for any run of characters; compared without
// case and without quotes.
[[nodiscard]] std::vector<std::string> DefaultHoldBackTags();
// True if `tag_name` fits `pattern` in that sense.
[[nodiscard]] bool TagMatches(std::string_view pattern, std::string_view tag_name);

struct CrossPolicy {
  intel::Tlp clearance = intel::Tlp::kClear;
  // Of rows whose event and attribute name no TLP: by source, else this one.
  intel::Tlp default_tlp = intel::Tlp::kAmber;
  std::map<std::string, intel::Tlp, std::less<>> default_tlp_of_source;
  // Levels 0 … 3 that may cross. A missing level counts as 3: feeds leave it out.
  std::array<bool, 4> distributions = {false, false, false, true};
  std::set<std::string, std::less<>> sharing_groups;  // uuids, lower case, for level 4
  std::set<std::string, std::less<>> excluded_categories = {"Person", "Financial fraud",
                                                            "Targeting data"};
  std::set<std::string, std::less<>> excluded_types;
  bool hold_unpublished = true;  // an event that does not say counts as published
  std::vector<std::string> hold_back_tags = DefaultHoldBackTags();
};

// What an event decides for everything in it. Views point into the event and the policy.
struct EventContext {
  Decision decision;  // refused: nothing of the event crosses, each part with this reason
  intel::Markings markings;
  intel::Tlp default_tlp = intel::Tlp::kAmber;
};

[[nodiscard]] intel::Markings ReadMarkings(std::span<const intel::Tag> tags);
// The strictest of both, where an event that names no TLP has the default: a part never goes where
// its event may not.
[[nodiscard]] intel::Tlp EffectiveTlp(const intel::Markings& event, const intel::Markings& part,
                                      intel::Tlp default_tlp);

// The event's own row. Its TLP bounds all of its parts, so an event above the clearance is refused
// as a whole. `source` is the name of the source, for default_tlp_of_source.
[[nodiscard]] EventContext DecideEvent(const CrossPolicy& policy, const intel::Event& event,
                                       std::string_view source);
// Objects have no tags of their own: collect adds those that one has to its event's.
[[nodiscard]] Decision DecideObject(const CrossPolicy& policy, const EventContext& event,
                                    const intel::Object& object);
// `object` is the one that holds the attribute, or nullptr. Every distribution along event, object
// and attribute must be allowed, which makes the most restrictive one decide; 5 inherits.
[[nodiscard]] Decision DecideAttribute(const CrossPolicy& policy, const EventContext& event,
                                       const intel::Object* object,
                                       const intel::Attribute& attribute);
[[nodiscard]] Decision DecideReport(const CrossPolicy& policy, const EventContext& event,
                                    const intel::Report& report);

// Removes local and non-exportable tags, after the decision. Where a removed tag held the TLP or
// PAP, a plain tag with that level takes its place: the isolated side must not treat as amber what
// was red here. An event whose tags say tlp:ex:chr loses its source organisation.
void StripForCrossing(intel::Event* event);
// The same for an attribute. True: its tags say tlp:ex:chr, so the caller must HideSource its
// event.
bool StripForCrossing(intel::Attribute* attribute);
void HideSource(intel::Event* event);

}  // namespace gapferry::policy
