// detect/sigma_condition.h: the condition of a Sigma rule.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gapferry::detect {

// Whether an event of which nothing is known meets something: hardly, perhaps, or certainly. Only
// what is not something narrow is met for certain: a wildcard is not, where the field is missing.
enum class SigmaTruth : std::uint8_t { kNo, kPerhaps, kYes };
[[nodiscard]] constexpr SigmaTruth Opposite(SigmaTruth truth) {
  return static_cast<SigmaTruth>(2 - static_cast<int>(truth));
}

// Whether such an event meets the condition, if it meets the searches like this:
// "selection and not 1 of filter_*".
//
// Names that begin with "not" are refused: pySigma reads `notes` as `not es`.
// Error: kMalformed with a reason of a few words; also for the name of a search that there is not.
[[nodiscard]] Result<SigmaTruth> EvaluateSigmaCondition(
    std::string_view condition, const std::map<std::string, SigmaTruth>& searches);

}  // namespace gapferry::detect
