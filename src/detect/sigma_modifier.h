// detect/sigma_modifier.h: one field of a search in somebody else's Sigma rule, with its modifiers:
// "CommandLine|contains|all" with its values.
#pragma once

#include <string_view>

#include "detect/sigma_condition.h"
#include "detect/yaml_tree.h"

namespace gapferry::detect {

// The modifiers must be known, stand in an order that has a meaning, and fit the values. `key` is
// empty for words that may stand anywhere; `values` is a scalar or a list of them.
// Error: kMalformed, "line 7: unknown modifier".
[[nodiscard]] Result<SigmaTruth> TruthOfSigmaField(std::string_view key, const YamlNode& values);

}  // namespace gapferry::detect
