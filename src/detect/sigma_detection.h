// detect/sigma_detection.h: the parts of somebody else's Sigma rule that decide what it finds
// (Sigma specification 2.1).
#pragma once

#include "detect/yaml_tree.h"

namespace gapferry::detect {

// The condition may only name searches that there are, and must not be met by an event of which
// nothing is known. Error: kMalformed, "line 7: unknown modifier".
[[nodiscard]] Status CheckSigmaDetection(const YamlNode& detection);

}  // namespace gapferry::detect
