// exporter/collecting.h: from a source as it is configured to the reader of its kind.
#pragma once

#include "base/app.h"
#include "collect/collect_report.h"
#include "exporter/config.h"
#include "store/store.h"

namespace gapferry::exporter {

// Reads one source into the mirror, in one transaction, with progress on the console. Errors: the
// reader's.
[[nodiscard]] Result<collect::CollectReport> CollectSource(Session& session,
                                                           const SourceConfig& source,
                                                           store::Store* mirror);

}  // namespace gapferry::exporter
