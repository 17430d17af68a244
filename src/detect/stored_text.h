// detect/stored_text.h: Sigma rules and Zeek signatures that somebody else wrote, as far as they
// must be understood to be passed on. Errors of all: kMalformed with a reason of a few words, fit
// to be counted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gapferry::detect {

constexpr std::size_t kMaxStoredBytes = 65535;

// The id of one Sigma rule, or empty if it has none. The rule is one YAML document in block style
// with the keys that the specification demands; anchors, tags and further documents are refused.
[[nodiscard]] Result<std::string> ReadSigmaId(std::string_view text);
// The rule with this id in the place of its own.
[[nodiscard]] std::string WithSigmaId(std::string_view text, std::string_view id);

// The names of signatures of Zeek's signature framework. Scripts, and signatures that call scripts
// with `eval`, are refused: they are programs.
[[nodiscard]] Result<std::vector<std::string>> ReadZeekSignatures(std::string_view text);

}  // namespace gapferry::detect
