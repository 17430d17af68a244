// detect/sigma_match.h: how much a value of a Sigma rule meets. It is tried on a few texts as they
// stand in logs and have nothing to do with each other: who meets two of them is too wide to be a
// rule by itself. So is a part or a regular expression that asks for no text of three characters
// in a row, or only for one that is common (sigma_common.h).
#pragma once

#include <string_view>

#include "detect/sigma_condition.h"

namespace gapferry::detect {

// A value with the wildcards * and ?. If open, anything may stand before or after it.
[[nodiscard]] SigmaTruth TruthOfSigmaText(std::string_view value, bool open_before,
                                          bool open_after);
// Whether a * or ? in it is a wildcard.
[[nodiscard]] bool HasSigmaWildcard(std::string_view value);

// `flags` are of i, m and s. Only what RE2 and Python read in the same way is taken.
// Error: kMalformed with a reason of a few words.
[[nodiscard]] Result<SigmaTruth> TruthOfSigmaRegex(std::string_view pattern,
                                                   std::string_view flags);

}  // namespace gapferry::detect
