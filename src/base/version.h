// base/version.h: the version of this build; CMake's project() and a test hold it to the same
// value.
#pragma once

#include <cstdint>
#include <string_view>

namespace gapferry {

inline constexpr std::string_view kVersion = "0.1.0";

// 2026-01-01T00:00:00Z. This program did not exist before, so no clock that shows less can be
// right. A fixed date and not that of the build, so that the same source gives the same bytes.
inline constexpr std::int64_t kNotBefore = 1767225600;

}  // namespace gapferry
