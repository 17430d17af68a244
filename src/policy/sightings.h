// policy/sightings.h: what sightings and time do to an indicator: false positives, expiration, and
// MISP's polynomial decay.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"
#include "intel/event.h"
#include "policy/decision.h"

namespace gapferry::policy {

// MISP's decaying model "Polynomial" (app/Model/DecayingModelsFormulas/Polynomial.php): from
// `base_score` at the last sign of life down to 0 after `lifetime_days`; the greater `decay_speed`,
// the earlier it falls.
struct Decay {
  double lifetime_days = 0;  // above 0
  double decay_speed = 1;    // above 0
  double threshold = 0;      // what scores less is used no longer
  double base_score = 100;

  friend bool operator==(const Decay&, const Decay&) = default;
};
[[nodiscard]] double DecayScore(const Decay& decay, Time since_last_sign);
// `last_activity` as in Occurrence: of unknown age, nothing has decayed.
[[nodiscard]] bool HasDecayed(const Decay& decay, Time last_activity, Time now);

struct SightingPolicy {
  std::int64_t false_positives = 0;  // so many drop a value; 0: none do
  bool heed_expiration = true;
  std::optional<Decay> decay;

  friend bool operator==(const SightingPolicy&, const SightingPolicy&) = default;
};

// `last_activity` as in Occurrence, `created` the bundle's. `type` becomes the detail.
[[nodiscard]] Decision DecideSightings(const SightingPolicy& policy,
                                       const intel::Sighting& sighting, Time last_activity,
                                       Time created, std::string_view type);
// As many false positives as the policy asks for.
[[nodiscard]] bool SightedAsFalsePositive(const SightingPolicy& policy, std::int64_t sightings);

}  // namespace gapferry::policy
