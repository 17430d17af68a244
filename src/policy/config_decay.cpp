#include "policy/config_decay.h"

namespace gapferry::policy {
namespace {

constexpr double kLeast = 0.01;
constexpr double kMostLifetime = 36500;
constexpr double kMostSpeed = 100;
constexpr double kMostScore = 100;

}  // namespace

Status ReadDecay(ConfigMap& map, std::string_view key, std::optional<Decay>* decay) {
  ConfigMap model = map.Map(key);
  // Of a wrong shape `map` tells.
  if (!map.Has(key) || !map.Check().ok()) return Ok();
  Decay& read = decay->emplace();
  read.lifetime_days = model.Number("lifetime_days", kLeast, kMostLifetime);
  read.decay_speed = model.Number("decay_speed", kLeast, kMostSpeed);
  read.threshold = model.Number("threshold", 0, kMostScore);
  read.base_score = model.Number("base_score", kLeast, kMostScore);
  if (read.threshold >= read.base_score)
    model.Fail("threshold", "is not below base_score, so nothing would ever be used");
  return model.Finish();
}

}  // namespace gapferry::policy
