#include "importer/config_sightings.h"

namespace gapferry::importer {
namespace {

constexpr std::int64_t kMostFalsePositives = 1'000'000;
constexpr double kLeast = 0.01;
constexpr double kMostLifetime = 36500;
constexpr double kMostSpeed = 100;
constexpr double kMostScore = 100;

Status ReadDecay(ConfigMap map, std::optional<policy::Decay>* decay) {
  decay->emplace();
  policy::Decay& read = **decay;
  read.lifetime_days = map.Number("lifetime_days", kLeast, kMostLifetime);
  read.decay_speed = map.Number("decay_speed", kLeast, kMostSpeed);
  read.threshold = map.Number("threshold", 0, kMostScore);
  read.base_score = map.Number("base_score", kLeast, kMostScore);
  if (read.threshold >= read.base_score)
    map.Fail("threshold", "is not below base_score, so nothing would ever be used");
  return map.Finish();
}

}  // namespace

Status ReadSightings(ConfigMap map, policy::SightingPolicy* policy) {
  policy->false_positives =
      map.Integer("false_positives", 0, kMostFalsePositives, policy->false_positives);
  policy->heed_expiration = map.Bool("heed_expiration", policy->heed_expiration);
  ConfigMap decay = map.Map("decay");
  // Of a wrong shape `map` tells.
  if (map.Has("decay") && map.Check().ok()) GF_CHECK(ReadDecay(std::move(decay), &policy->decay));
  return map.Finish();
}

}  // namespace gapferry::importer
