// detect/zeek_signature.h: signatures of Zeek's signature framework that somebody else wrote, read
// as Zeek's own grammar reads them (rule-parse.y, rule-scan.l), one condition a line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gapferry::detect {

constexpr std::size_t kMaxSignatureBytes = 65535;

// The names of the signatures. Scripts are refused, and what calls or names one (`eval`, variables,
// events of a name): they are programs, and here nobody knows them. So are conditions that Zeek
// would not take, and signatures that ask neither for a text of kShortestContent bytes (narrow.h)
// nor for narrow networks.
// Error: kMalformed with a reason of a few words, fit to be counted.
[[nodiscard]] Result<std::vector<std::string>> ReadZeekSignatures(std::string_view text);

}  // namespace gapferry::detect
