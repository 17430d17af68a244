// detect/sigma_detection.h: the parts of somebody else's Sigma rule that decide what it finds
// (Sigma specification 2.1), in YAML's block style.
#pragma once

#include <string_view>

#include "base/result.h"

namespace gapferry::detect {

// `text` is a whole rule. Modifiers must be known, the condition may only name searches that there
// are, and must not be true of an event of which no search says anything.
// Error: kMalformed with a reason of a few words, fit to be counted.
[[nodiscard]] Status CheckSigmaDetection(std::string_view text);

}  // namespace gapferry::detect
