// exporter/crossing.h: the mirror, through policy, into a payload.
#pragma once

#include <map>
#include <set>
#include <string>

#include "exporter/config.h"
#include "policy/reason.h"
#include "store/store.h"
#include "transfer/payload_writer.h"

namespace gapferry::exporter {

struct Crossing {
  transfer::PayloadSummary payload;
  std::map<std::string, policy::ReasonCounts> held_back;  // by kind of row
  std::set<std::string> sources;                          // that gave at least one row
};

// Writes what may cross to `site`. `progress` is told the rows looked at since the last call.
[[nodiscard]] Result<Crossing> Cross(store::Store* mirror, const SiteConfig& site,
                                     transfer::PayloadWriter writer,
                                     const std::function<void(std::uint64_t)>& progress);

}  // namespace gapferry::exporter
