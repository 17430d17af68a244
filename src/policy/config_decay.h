// policy/config_decay.h: MISP's decay as both configurations write it.
#pragma once

#include <optional>
#include <string_view>

#include "base/config.h"
#include "policy/sightings.h"

namespace gapferry::policy {

// The mapping `key` below `map`; nothing if it is not there.
[[nodiscard]] Status ReadDecay(ConfigMap& map, std::string_view key, std::optional<Decay>* decay);

}  // namespace gapferry::policy
