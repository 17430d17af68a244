// detect/stix_pattern.h: one value as a STIX 2.1 pattern.
#pragma once

#include <string>

#include "intel/value.h"

namespace gapferry::detect {

// Empty if STIX has no place for it. `type` is the attribute's.
[[nodiscard]] std::string StixPattern(const intel::Indicator& indicator, std::string_view type);

}  // namespace gapferry::detect
