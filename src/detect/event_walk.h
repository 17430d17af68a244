// detect/event_walk.h: whole events of the store as one destination may see them.
//
// What names something hidden is hidden too: an object of which no attribute is left, references
// from or to what is hidden, and reports that name the UUID of a hidden row. References that leave
// their event, and the UUID of an event that is extended, stay only where it is certain that what
// they name is visible.
#pragma once

#include "detect/decide.h"
#include "detect/format.h"
#include "detect/generate.h"

namespace gapferry::detect {

// The `express` of formats that copy whole events: no value stands in the way.
[[nodiscard]] policy::Decision CopyWhole(const Destination& destination,
                                         const intel::Indicator& indicator, std::string_view type);

// Adds to `summary` what was decided and written; where several sources bring the same event, it is
// taken from the first of them by name, and the attributes of the others are counted as refused.
// Errors: those of the writer; kIo.
[[nodiscard]] Status WalkEvents(store::Store& store, const Site& site, std::size_t destination,
                                Decider* decider, EventWriter* writer, DestinationSummary* summary,
                                const GenerateProgress& progress);

}  // namespace gapferry::detect
