// sandbox/confine.h: the three fences, each applied to the calling process for good.
#pragma once

#include <filesystem>
#include <vector>

#include "sandbox/sandbox.h"

namespace gapferry::sandbox {

[[nodiscard]] Status ApplyRlimits(const Limits& limits);
// A path and what lies below it. One that does not exist allows nothing.
struct PathRight {
  enum class What : std::uint8_t { kRead, kChange };  // kRead: also run; kChange: also read
  using enum What;
  std::filesystem::path path;
  What what;
};
// Denies every TCP port and every path that is not named. Returns the ABI that this kernel has, 0
// if none.
[[nodiscard]] int ApplyLandlock(const std::vector<PathRight>& rights = {});
// The ABI that this kernel has, 0 if none.
[[nodiscard]] int LandlockVersion();
[[nodiscard]] Status ApplyParserFilter();
// For a program that is not ours: no network, no way into another process. It is told so and lives.
[[nodiscard]] Status ApplyProgramFilter();

}  // namespace gapferry::sandbox
