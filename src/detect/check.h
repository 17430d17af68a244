// detect/check.h: the consumer's own opinion of a generation, and telling it to take it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/command.h"
#include "base/result.h"
#include "detect/destination.h"

namespace gapferry::detect {

// Runs the destination's check on `folder`; `run` runs it.
// Errors: kArtifactCheck if it cannot be run, takes too long, or ends with another code than 0; the
// hint carries the end of what it printed.
[[nodiscard]] Status RunCheck(const CommandRunner& run, const Destination& destination,
                              const std::filesystem::path& folder);
// The same for its reload.
[[nodiscard]] Status RunReload(const CommandRunner& run, const Destination& destination,
                               const std::filesystem::path& folder);

}  // namespace gapferry::detect
