// detect/sigma_condition.h: the condition of a Sigma rule.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gapferry::detect {

// Whether the condition is true of an event that meets the searches whose value is true, and no
// other: "selection and not 1 of filter_*".
// Error: kMalformed with a reason of a few words, fit to be counted; also for the name of a search
// that there is not.
[[nodiscard]] Result<bool> EvaluateSigmaCondition(std::string_view condition,
                                                  const std::map<std::string, bool>& searches);

}  // namespace gapferry::detect
