// transfer/row_json.h: one row as a JSON object, for people and scripts that want to see what is
// there.
#pragma once

#include "base/json.h"
#include "store/record.h"

namespace gapferry::transfer {

// Keys: kind, source, event and object (UUIDs) where they apply, then the fields of intel/event.h
// by name. Fields that are empty or not said are left out.
[[nodiscard]] Json RowJson(const store::Record& record);

}  // namespace gapferry::transfer
