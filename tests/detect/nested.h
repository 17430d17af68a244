// tests/detect/nested.h: candidates of values, in the order in which writers get them.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "detect/candidate.h"

namespace gapferry::detect::fixtures {

inline std::vector<Candidate> InNestedOrder(const std::vector<intel::Indicator>& values) {
  auto sorter = CandidateSorter::Create(std::filesystem::temp_directory_path(), false);
  EXPECT_TRUE(sorter.ok());
  Mention mention;
  mention.type = "text";
  mention.event_uuid.bytes.fill(7);
  for (const intel::Indicator& value : values)
    EXPECT_TRUE(sorter->Add(value, mention, 1, 0).ok());
  std::vector<Candidate> candidates;
  EXPECT_TRUE(sorter
                  ->ForEachValue(1,
                                 [&](std::size_t, const Candidate& candidate) -> Status {
                                   candidates.push_back(candidate);
                                   return Ok();
                                 })
                  .ok());
  return candidates;
}

}  // namespace gapferry::detect::fixtures
