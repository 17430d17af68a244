// detect/snort_match.h: where Snort looks for each kind of value. Written from the manuals of 2.9
// and 3; neither engine was at hand, so tests/e2e/test_snort.py holds the text to their grammars
// and tries it on packets.
#pragma once

#include <string_view>
#include <vector>

#include "detect/candidate.h"
#include "detect/net_options.h"
#include "detect/suricata_match.h"

namespace gapferry::detect {

enum class SnortVersion { k2, k3 };

// The rules for one value; none for kinds that Snort has nothing to compare with.
[[nodiscard]] std::vector<SuricataMatch> SnortMatches(SnortVersion version,
                                                      const SnortOptions& options,
                                                      const Candidate& candidate);

[[nodiscard]] policy::Decision SnortExpress(const Destination& destination,
                                            const intel::Indicator& indicator,
                                            std::string_view type);

}  // namespace gapferry::detect
