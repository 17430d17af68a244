// sandbox/confine.h: the three fences, each applied to the calling process for good.
#pragma once

#include "sandbox/sandbox.h"

namespace gapferry::sandbox {

[[nodiscard]] Status ApplyRlimits(const Limits& limits);
// Denies every path and TCP port. Returns the ABI that this kernel has, 0 if none.
[[nodiscard]] int ApplyLandlock();
[[nodiscard]] Status ApplyParserFilter();

}  // namespace gapferry::sandbox
