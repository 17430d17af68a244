// collect/misp_clusters.h: the clusters of a MISP's galaxies of MITRE ATT&CK: which technique,
// group or tool a tag stands for, and which tactics a technique serves.
#pragma once

#include "collect/context.h"
#include "collect/misp_api.h"

namespace gapferry::collect {

// By tag: `name`, `attack` (its number, such as T1071.001 or G0007), `tactics` (words and commas),
// `galaxy` (UUID) and the `version` of that. Clusters without a number are none of ATT&CK and are
// left out. Errors: kMalformed for an answer that holds no list of clusters, kTooLarge.
[[nodiscard]] Result<ContextRows> ReadClusters(const Json& answer, const std::string& galaxy,
                                               const std::string& version);

// Brings `clusters` up to date with the galaxies whose type begins with "mitre-" and that are
// enabled. One whose version is the one that was read is not asked for again. After an error, that
// of the first call that fails, they are as they were.
[[nodiscard]] Status FetchClusters(MispApi& api, const ContextRows& galaxies,
                                   ContextRows* clusters);

}  // namespace gapferry::collect
