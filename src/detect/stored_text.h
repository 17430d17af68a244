// detect/stored_text.h: Sigma rules that somebody else wrote, as far as they must be understood to
// be given another id. What they find, see sigma_detection.h.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace gapferry::detect {

constexpr std::size_t kMaxStoredBytes = 65535;

// The id of one Sigma rule, or empty if it has none. The rule is one YAML document in block style
// with the keys that the specification demands; anchors, tags and further documents are refused.
// Error: kMalformed with a reason of a few words, fit to be counted.
[[nodiscard]] Result<std::string> ReadSigmaId(std::string_view text);
// The rule with this id in the place of its own, which it then names as the one that it is derived
// from.
[[nodiscard]] std::string WithSigmaId(std::string_view text, std::string_view id);

}  // namespace gapferry::detect
