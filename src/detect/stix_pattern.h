// detect/stix_pattern.h: one value as a STIX 2.1 pattern.
#pragma once

#include <string>
#include <string_view>

#include "detect/candidate.h"
#include "intel/value.h"

namespace gapferry::detect {

// Whether StixPattern has a pattern for it.
[[nodiscard]] bool HasStixPattern(const intel::Indicator& indicator, std::string_view type);
// As a string of the pattern language: within its quotes a backslash takes away the meaning of a
// quote and of itself.
[[nodiscard]] std::string StixQuoted(std::string_view value);
// Empty if STIX has no place for it. `type` is the attribute's.
[[nodiscard]] std::string StixPattern(const intel::Indicator& indicator, std::string_view type);

// An address at its ports, by direction, as traffic; alone where some mention has no port.
[[nodiscard]] std::string StixAddressPattern(const Candidate& candidate);

}  // namespace gapferry::detect
