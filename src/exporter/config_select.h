// exporter/config_select.h: the keys below `select` that sources and sites have in common.
#pragma once

#include "base/config.h"
#include "policy/selection.h"

namespace gapferry::exporter {

// What is wrong stays with `map`.
[[nodiscard]] policy::Selection ReadSelection(ConfigMap& map);

}  // namespace gapferry::exporter
