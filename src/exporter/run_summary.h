// exporter/run_summary.h: what one `run` did, in one line for a log and one object for a program.
#pragma once

#include <vector>

#include "exporter/commands.h"

namespace gapferry::exporter {

struct RunOutcome {
  const Collected& collected;
  const std::vector<SiteOutcome>& sites;
  const Status& done;  // what the run ends with
};

// Errors: those of the mirror, which knows when each site is due next.
[[nodiscard]] Status ShowRun(Session& session, const Home& home, const Config& config,
                             const RunOutcome& run);

}  // namespace gapferry::exporter
