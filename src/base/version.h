// base/version.h: the version of this build; CMake's project() and a test hold it to the same
// value.
#pragma once

#include <string_view>

namespace gapferry {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace gapferry
