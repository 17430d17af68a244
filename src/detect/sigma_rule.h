// detect/sigma_rule.h: a Sigma rule that somebody else wrote, read strictly, and written anew. What
// it finds, see sigma_detection.h.
#pragma once

#include <string>
#include <string_view>

#include "detect/yaml_tree.h"

namespace gapferry::detect {

struct StoredSigma {
  YamlNode rule;
  std::string id;  // of its author, in lower case; or empty
};

// A single rule as version 2 of the specification has it: keys of a list only, so that no filter,
// correlation or template for other rules is among them; each with the type that it must have.
// Error: kMalformed with what is wrong and where: "line 7: a date that is none".
[[nodiscard]] Result<StoredSigma> ReadStoredSigma(std::string_view text);

// The rule with this id; it then names its author's as the one that it is derived from.
[[nodiscard]] std::string WriteStoredSigma(const StoredSigma& stored, std::string_view id);

}  // namespace gapferry::detect
