// detect/manifest.h: what stands beside the artifacts: what they were made from, what they hold,
// what was left out and why.
#pragma once

#include "base/json.h"
#include "detect/format.h"
#include "detect/generate.h"
#include "detect/output.h"

namespace gapferry::detect {

[[nodiscard]] Json MakeManifest(const Site& site, const Destination& destination,
                                const Format& format, const DestinationSummary& summary,
                                const OutputFolder& output);

// True if both name the same files with the same content and the same rights.
[[nodiscard]] bool SameFiles(const Json& a, const Json& b);
[[nodiscard]] std::uint64_t ValuesOf(const Json& manifest);
[[nodiscard]] inline std::uint64_t ValuesOf(const DestinationSummary& summary) {
  std::uint64_t sum = 0;
  for (const auto& [kind, count] : summary.values)
    sum += count;
  return sum;
}

}  // namespace gapferry::detect
