// exporter/misp_added_feed.h: what `misp feeds add` takes, before MISP sees it. MISP takes nearly
// anything, and fetches nothing then.
#pragma once

#include "base/result.h"
#include "collect/misp_operate.h"

namespace gapferry::exporter {

// The feed as MISP wants it: a tab is written \t there. Error: kUsage names the option.
[[nodiscard]] Result<collect::InstanceFeed> CheckedFeed(collect::InstanceFeed feed);

}  // namespace gapferry::exporter
