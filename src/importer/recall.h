// importer/recall.h: what a site does when states were recalled, because they hold what should
// never have crossed (docs/bundle-format.md §3.4).
#pragma once

#include "base/app.h"
#include "bundle/trust.h"
#include "importer/home.h"

namespace gapferry::importer {

// Removes the kept states that were recalled, says so and writes it into the audit log. `is_news`:
// also if there was none. Nothing recalled: nothing to do, so that every start may do it again.
[[nodiscard]] Status HeedRecall(Session& session, const Home& home,
                                const bundle::StreamTrust& trust, bool is_news);

}  // namespace gapferry::importer
