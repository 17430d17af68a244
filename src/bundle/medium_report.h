// bundle/medium_report.h: what was written to a medium, for people and for programs.
#pragma once

#include "base/console.h"
#include "base/json.h"
#include "bundle/medium_writer.h"

namespace gapferry::bundle {

// Keys: volumes, bytes, older, unfinished, removed.
[[nodiscard]] Json MediumJson(const WrittenMedium& medium);
// Indented lines: each volume, then what else of the stream lies there.
void ShowMedium(Console& console, const WrittenMedium& medium);

}  // namespace gapferry::bundle
