// bundle/resplit_command.h: the command `resplit` of both programs: it needs neither home nor key.
#pragma once

#include "base/app.h"

namespace gapferry::bundle {

[[nodiscard]] Command ResplitCommand();

}  // namespace gapferry::bundle
