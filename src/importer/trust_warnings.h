// importer/trust_warnings.h: what an administrator should know about this site's trust before
// anything else: a wrong clock, a stream that has fallen silent, a review that is due, keys that
// the site itself revoked. None of them locks anything.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "importer/trust_store.h"

namespace gapferry::importer {

struct TrustWarning {
  std::string_view code;  // stable, for --json: "clock-behind", "overdue", …
  std::string text;
};
// Most urgent first. `applied`: the state that is in use, if there is one; `reading`: the clock.
[[nodiscard]] std::vector<TrustWarning> TrustWarnings(const SiteTrust& trust,
                                                      const std::optional<Applied>& applied,
                                                      Time reading);

}  // namespace gapferry::importer
