// importer/log_values.h: the values in a line of a log that an indicator could be. What machines
// write needs no taste, unlike what people write (collect/freetext.h): everything that has the form
// of a value is one, and the store says which of them matter.
#pragma once

#include <string_view>
#include <vector>

#include "intel/value.h"

namespace gapferry::importer {

constexpr std::size_t kMaxLogLine = 1 << 20;

// Any bytes, up to kMaxLogLine. Every value is given: whoever writes into a log could otherwise
// push what follows out of sight. JSON on one line is read value by value; anything else as words.
// Names come as kHostname, digests as the hash of their length, each value once.
[[nodiscard]] std::vector<intel::Indicator> ReadLogLine(std::string_view line);

}  // namespace gapferry::importer
