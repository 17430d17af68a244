// detect/local_rows.h: what a site adds itself, as rows of a source of its own beside those of the
// store: one event with an attribute a line.
#pragma once

#include <functional>
#include <string_view>

#include "base/uuid.h"
#include "detect/destination.h"
#include "store/record.h"

namespace gapferry::detect {

// Whether a row is a local one says the walk, never the row: a bundle may name anything.
constexpr std::string_view kLocalSource = "local";
[[nodiscard]] Uuid LocalEventUuid();

// Rows as a store has them: source, event, attributes by UUID. None without additions. `addition`
// is nullptr for the rows that are no attribute.
using LocalVisit =
    std::function<Status(const store::Record& record, const policy::Addition* addition)>;
[[nodiscard]] Status ForEachLocalRow(const Site& site, const LocalVisit& visit);

}  // namespace gapferry::detect
