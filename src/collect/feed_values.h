// collect/feed_values.h: what the readers of feeds without events have in common.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "collect/strict_sax.h"
#include "collect/value_form.h"

namespace gapferry::collect {

constexpr std::uint64_t kMaxFeedBytes = std::uint64_t{2} << 30;

using TakeValue = std::function<Status(const FormedValue& value, std::uint64_t line)>;

// What one file had beside values.
struct ValueReport {
  static constexpr std::size_t kMaxExamples = 20;

  std::uint64_t lines = 0;
  std::uint64_t excluded = 0;      // by the user's pattern
  std::uint64_t without_form = 0;  // cells of a value column that are no value of a known form
  std::vector<Refusal> examples;   // the first of those
  std::vector<Refusal> refused;    // rows and lines that could not be read
  std::uint64_t refused_count = 0;
  std::vector<std::string> notes;
};

}  // namespace gapferry::collect
