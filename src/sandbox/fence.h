// sandbox/fence.h: runs a program that is not ours within fences: Landlock (only the paths that it
// needs), seccomp (no network, no way into other processes), rlimits.
#pragma once

#include "base/fence.h"

namespace gapferry::sandbox {

// For a process without fences of its own and with a single thread. Errors: kSandbox if this kernel
// has no Landlock and `require_landlock` is set, kIo.
[[nodiscard]] Result<CommandEnd> RunFenced(const std::vector<std::string>& argv,
                                           std::chrono::seconds timeout, const Fence& fence,
                                           bool require_landlock);

}  // namespace gapferry::sandbox
