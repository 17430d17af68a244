#include "policy/sightings.h"

#include <cmath>

namespace gapferry::policy {

double DecayScore(const Decay& decay, Time since_last_sign) {
  if (since_last_sign <= 0) return decay.base_score;
  const double spent = static_cast<double>(since_last_sign) /
                       (decay.lifetime_days * static_cast<double>(kSecondsPerDay));
  if (spent >= 1) return 0;
  return decay.base_score * (1 - std::pow(spent, 1 / decay.decay_speed));
}

bool HasDecayed(const Decay& decay, Time last_activity, Time now) {
  return last_activity > 0 && DecayScore(decay, now - last_activity) < decay.threshold;
}

bool SightedAsFalsePositive(const SightingPolicy& policy, std::int64_t sightings) {
  return policy.false_positives > 0 && sightings >= policy.false_positives;
}

Decision DecideSightings(const SightingPolicy& policy, const intel::Sighting& sighting,
                         Time last_activity, Time created, std::string_view type) {
  if (SightedAsFalsePositive(policy, sighting.false_positives))
    return Decision::Refuse(Reason::kSightedFalsePositive, type);
  if (policy.heed_expiration && sighting.expires > 0 && sighting.expires <= created)
    return Decision::Refuse(Reason::kSightingExpired, type);
  if (policy.decay && HasDecayed(*policy.decay, last_activity, created))
    return Decision::Refuse(Reason::kDecayed, type);
  return Decision::Allow();
}

}  // namespace gapferry::policy
