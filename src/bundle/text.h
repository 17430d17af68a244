// bundle/text.h: what a string in a signed document may hold.
#pragma once

#include <cstddef>
#include <string_view>

namespace gapferry::bundle {

// Well-formed UTF-8 without control, bidirectional or separator characters, 1 … `max_bytes` bytes.
[[nodiscard]] bool IsPrintableText(std::string_view text, std::size_t max_bytes);
// Lower-case letters, digits and inner dashes, at most 40: safe as a file name on every file
// system.
[[nodiscard]] bool IsStreamName(std::string_view name);
// "MAJOR.MINOR.PATCH", each without leading zeros and at most 6 digits.
[[nodiscard]] bool IsVersion(std::string_view version);
// Both must be versions.
[[nodiscard]] bool VersionLess(std::string_view left, std::string_view right);

}  // namespace gapferry::bundle
