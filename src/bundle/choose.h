// bundle/choose.h: which of the bundles on one medium a site should take. Pure.
#pragma once

#include <cstddef>
#include <vector>

#include "bundle/trust.h"

namespace gapferry::bundle {

// Indices into `bundles`, best first. All of them, so that the caller can go on to the next if one
// turns out damaged, and so that the reason why the best is refused is the one that is shown.
//
//   1. what leads forward: a full, or a delta with base ≤ applied < seq of the applied epoch, under
//      a higher (epoch, seq) than the applied state. Highest number first; of one number the delta,
//      and of two deltas the smaller.
//   2. the rest, highest number first; of one number the full, the heartbeat, the delta. Under the
//      applied number the heartbeat comes first: the full can change nothing there.
[[nodiscard]] std::vector<std::size_t> ChooseBundle(const StreamTrust& held,
                                                    const std::vector<const Manifest*>& bundles);

// Whether applying it would bring the site forward, as in 1.
[[nodiscard]] bool LeadsForward(const StreamTrust& held, const Manifest& bundle);

}  // namespace gapferry::bundle
