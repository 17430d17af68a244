// detect/ids_problem.h: whether a stranger's rule for Suricata or Snort may stand beside those of
// this site.
#pragma once

#include <string>

#include "detect/ids_keywords.h"
#include "detect/ids_rule.h"
#include "policy/use.h"

namespace gapferry::detect {

// Bits of this name hold the alerts of gapferry's own rules back.
constexpr std::string_view kReservedBits = "gapferry";

// Why a destination of this power may not have the rule, or empty: it would hide what others find,
// block where only detection is wanted, do more than look, name what the sensor does not know, or
// fire on all traffic. A few words, fit to be counted.
[[nodiscard]] std::string IdsRuleProblem(const IdsRule& rule, Sensor sensor, policy::Power power);

}  // namespace gapferry::detect
