// detect/stix_grammar.h: whether a text is a pattern of STIX 2.1 (specification §9; the grammar of
// cti-pattern-validator).
#pragma once

#include <string_view>

#include "base/result.h"

namespace gapferry::detect {

constexpr std::size_t kMaxPatternBytes = 16384;
constexpr int kMaxPatternDepth = 32;

// Error: kMalformed with a reason of a few words, fit to be counted.
[[nodiscard]] Status CheckStixPattern(std::string_view text);

}  // namespace gapferry::detect
