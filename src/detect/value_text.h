// detect/value_text.h: what several formats say of a value.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "detect/candidate.h"

namespace gapferry::detect {

// The attribute types of its first mentions, sorted, with a semicolon between them.
[[nodiscard]] std::string TypesOf(const Candidate& candidate);
// Whether every mention of it names a port.
[[nodiscard]] bool HasPorts(const Candidate& candidate);
// The ports of an address that HasPorts, either direction; else none.
[[nodiscard]] std::set<std::uint16_t> PortsOf(const Candidate& candidate);
// "high", "medium", "low" or "undefined".
[[nodiscard]] std::string_view ThreatLevelName(std::uint8_t threat_level);
// The latest timestamp of its first mentions; 0: none has one.
[[nodiscard]] Time LastActivity(const Candidate& candidate);
// As FormatTime; empty for 0.
[[nodiscard]] std::string TimeText(Time time);
// The same for the same value on every site and day.
[[nodiscard]] Uuid ValueUuid(std::string_view format, const Candidate& candidate);

}  // namespace gapferry::detect
