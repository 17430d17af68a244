// importer/config_sightings.h: what a destination makes of sightings and of time.
#pragma once

#include "base/config.h"
#include "policy/sightings.h"

namespace gapferry::importer {

// The map `sightings` of a destination. Errors: those of ConfigMap::Finish.
[[nodiscard]] Status ReadSightings(ConfigMap map, policy::SightingPolicy* policy);

}  // namespace gapferry::importer
