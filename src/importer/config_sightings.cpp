#include "importer/config_sightings.h"

#include "policy/config_decay.h"

namespace gapferry::importer {
namespace {

constexpr std::int64_t kMostFalsePositives = 1'000'000;

}  // namespace

Status ReadSightings(ConfigMap map, policy::SightingPolicy* policy) {
  policy->false_positives =
      map.Integer("false_positives", 0, kMostFalsePositives, policy->false_positives);
  policy->heed_expiration = map.Bool("heed_expiration", policy->heed_expiration);
  GF_CHECK(policy::ReadDecay(map, "decay", &policy->decay));
  return map.Finish();
}

}  // namespace gapferry::importer
