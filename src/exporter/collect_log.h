// exporter/collect_log.h: what the last runs over each source did, kept in the mirror's meta.
#pragma once

#include <string>
#include <vector>

#include "collect/collect_report.h"
#include "report/feed_quality.h"
#include "store/store.h"

namespace gapferry::exporter {

constexpr std::size_t kRemembered = 60;  // runs of each source

[[nodiscard]] Status LogRun(store::Store* mirror, const collect::CollectReport& report, Time now);
[[nodiscard]] Status ForgetRuns(store::Store* mirror, const std::string& source);
// Oldest first. Error: kDamaged.
[[nodiscard]] Result<std::vector<report::CollectedRun>> LoggedRuns(store::Store* mirror,
                                                                   const std::string& source);

}  // namespace gapferry::exporter
