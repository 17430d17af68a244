// detect/guard.h: changes that are too large to be believed: a lost source, a flood, a poisoned
// list that blinds the sensors.
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "detect/generate.h"

namespace gapferry::detect {

// Refuses a generation that differs from the one in use by more than the site allows, or in which
// warninglists and the allowlist suppress a much larger share of the attributes than before; the
// message names the lists. `before` is the manifest of the one in use; only where that has at least
// kLeastGuarded values. Error: kGuard.
constexpr std::uint64_t kLeastGuarded = 100;
[[nodiscard]] Status GuardChange(const Site& site, const DestinationSummary& summary,
                                 const Json& before);

}  // namespace gapferry::detect
