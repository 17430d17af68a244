// detect/ids_problem.h: whether a stranger's rule for Suricata or Snort may stand beside those of
// this site.
#pragma once

#include <string>

#include "detect/ids_keywords.h"
#include "detect/ids_rule.h"

namespace gapferry::detect {

// Why no destination may have the rule, or empty: it would hide what others find, do more than
// look, name what the sensor does not know, or fire on whatever passes. That it blocks is no such
// reason. A few words, fit to be counted.
[[nodiscard]] std::string IdsRuleProblem(const IdsRule& rule, Sensor sensor);

}  // namespace gapferry::detect
