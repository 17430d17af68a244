// detect/gather.h: the walk from the store's attributes to sorted candidates.
#pragma once

#include "detect/candidate.h"
#include "detect/decide.h"
#include "detect/generate.h"

namespace gapferry::detect {

// Whether Gather has anything to walk for.
[[nodiscard]] bool AnyTakesValues(const Site& site);

// Fills the sorter, and in each summary what was counted. `summaries` has one entry a destination;
// those of formats that copy whole events are left to WalkEvents.
[[nodiscard]] Status Gather(store::Store& store, const Site& site, Decider* decider,
                            CandidateSorter* sorter, std::vector<DestinationSummary>* summaries,
                            const GenerateProgress& progress);

// The event that a destination's canary stands in.
constexpr std::string_view kCanaryInfo = "gapferry canary";
constexpr std::string_view kCanaryDate = "2000-01-01";
[[nodiscard]] Uuid CanaryUuid(const Destination& destination);

// The technique of a galaxy tag such as misp-galaxy:mitre-attack-pattern="Web Protocols -
// T1071.001"; empty for all other tags.
[[nodiscard]] std::string TechniqueOf(std::string_view tag_name);
// The group or the software of one such as misp-galaxy:mitre-intrusion-set="APT28 - G0007".
[[nodiscard]] std::string ActorOf(std::string_view tag_name);

}  // namespace gapferry::detect
