// importer/log_values.h: the values in a line of a log that an indicator could be. What machines
// write needs no taste, unlike what people write (collect/freetext.h): everything that has the form
// of a value is one, and the store says which of them matter.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "intel/value.h"

namespace gapferry::importer {

constexpr std::size_t kMaxLogLine = 1 << 20;

struct LogValue : intel::Indicator {
  // Of an address: those that stand with it, sorted. Empty: the line does not say which they are.
  std::vector<std::uint16_t> ports;
};

// Any bytes, up to kMaxLogLine. Every value is given: whoever writes into a log could otherwise
// push what follows out of sight. JSON on one line is read value by value; anything else as words.
// Names come as kHostname, digests as the hash of their length, each value once. A port is taken
// where nothing else can be meant: 192.0.2.1:80, http://192.0.2.1/, "dest_ip" beside "dest_port".
[[nodiscard]] std::vector<LogValue> ReadLogLine(std::string_view line);

}  // namespace gapferry::importer
