// policy/use.h: what may become a rule. TLP, PAP, age and flags decide for each occurrence of a
// value in an event; allowlist, warninglists and guards for the value.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "intel/event.h"
#include "intel/tlp.h"
#include "intel/value.h"
#include "policy/allowlist.h"
#include "policy/decision.h"
#include "policy/sightings.h"
#include "policy/warninglist.h"

namespace gapferry::policy {

// What a destination does with a rule. PAP:RED allows kReadsLogs only, PAP:AMBER not kBlocks.
enum class Power : std::uint8_t { kReadsLogs, kDetects, kBlocks };

// The tag misp:ids, which overrides to_ids.
enum class IdsTag : std::uint8_t { kNone, kForce, kForbid };

// One attribute of one event, as far as use is concerned.
struct Occurrence {
  std::string_view type;  // the attribute's
  intel::Tlp tlp = intel::Tlp::kRed;
  std::optional<intel::Pap> pap;
  IdsTag ids_tag = IdsTag::kNone;
  bool to_ids = false;
  bool published = true;
  bool deleted = false;  // the attribute or its object
  bool false_positive = false;
  std::optional<std::uint8_t> confidence;  // 0 to 100, as confidence.h reads the tags
  intel::Sighting sighting;
  // The newest of timestamp, last_seen and last sighting; 0: unknown, never too old.
  Time last_activity = 0;
};
// Occurrence::last_activity of an attribute.
[[nodiscard]] Time LastActivity(const intel::Attribute& attribute);
// Attribute tags come before event tags for misp:ids and confidence; the strictest of both for TLP
// and PAP.
[[nodiscard]] Occurrence MakeOccurrence(const intel::Event& event, const intel::Object* object,
                                        const intel::Attribute& attribute, intel::Tlp default_tlp);
[[nodiscard]] IdsTag ReadIdsTag(std::span<const intel::Tag> tags);
// false-positive:confirmed="true" or false-positive:risk="high".
[[nodiscard]] bool SaysFalsePositive(std::span<const intel::Tag> tags);
// ISO 8601 as MISP writes it: date, optional time, fraction (dropped) and offset. nullopt if it is
// none.
[[nodiscard]] std::optional<Time> ReadIsoTime(std::string_view text);

struct UsePolicy {
  intel::Tlp clearance = intel::Tlp::kClear;  // of the destination
  Power power = Power::kDetects;
  bool require_published = true;
  bool require_to_ids = true;
  std::set<std::string, std::less<>> types;          // empty: all that the format takes
  std::set<std::string, std::less<>> refused_types;  // wins over `types`
  std::uint8_t min_confidence = 0;
  bool keep_unknown_confidence = true;  // where no tag says it
  // Days by attribute type, over the defaults of DefaultMaxAgeDays; 0: never too old.
  std::map<std::string, std::uint32_t, std::less<>> max_age_days;
  SightingPolicy sightings;

  friend bool operator==(const UsePolicy&, const UsePolicy&) = default;
};

// By what the type's indicators are: addresses 180, URLs 365, names and e-mail addresses 730, all
// others 0 (never).
[[nodiscard]] std::uint32_t DefaultMaxAgeDays(std::string_view type);

// `created` is the bundle's: data does not age while the gap is closed, and the same bundle gives
// the same rules on any day.
[[nodiscard]] Decision DecideUse(const UsePolicy& policy, const Occurrence& occurrence,
                                 Time created);

// What a copy of whole events may hold: flags, age and false positives are facts that the copy
// carries, so only publication, TLP, PAP and the wanted types decide.
[[nodiscard]] Decision DecideCopy(const UsePolicy& policy, const Occurrence& occurrence);
// The same for an event itself, without any of its attributes.
[[nodiscard]] Decision DecideCopyOfEvent(const UsePolicy& policy, const Occurrence& event);

// What guards a value, whatever events name it. Pointers may be null.
struct ValuePolicy {
  const Allowlist* allowlist = nullptr;
  const WarninglistSet* warninglists = nullptr;
  const Allowlist* own = nullptr;  // the site's networks and domains: never in a blocking artifact
  Power power = Power::kDetects;
  std::uint8_t shortest_prefix_v4 = 16;  // for blocking; wider networks are refused
  std::uint8_t shortest_prefix_v6 = 32;
};

struct ValueDecision {
  Decision decision;
  WarninglistMatch warninglists;  // marks stand also where the value is allowed
};

// What is true of an indicator whoever asks, once it was asked.
struct ValueFacts {
  std::optional<bool> public_suffix;
  std::optional<WarninglistMatch> warninglists;
};

// `type` is the attribute's. Views in the decision point into the policy. Policies with the same
// warninglists may share `facts` about one indicator.
[[nodiscard]] ValueDecision DecideValue(const ValuePolicy& policy,
                                        const intel::Indicator& indicator, std::string_view type,
                                        ValueFacts* facts = nullptr);

// What no rule may look for, not even one that only detects: a network wider than /8 (IPv6: /16),
// on which every rule would fire all the time; an address that everybody has (unspecified,
// loopback), a multicast, reserved or broadcast one.
[[nodiscard]] Decision DecideTarget(const intel::Network& network);

// An address or network that is no host on the public Internet: RFC 6890 and its registries,
// multicast, reserved. A network counts when it overlaps one.
[[nodiscard]] bool IsBogon(const intel::Network& network);

}  // namespace gapferry::policy
