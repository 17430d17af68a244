// detect/ids_keywords.h: what a stranger's rule for Suricata or Snort may be made of. A list of
// what is allowed: what the next version of an engine adds is refused until somebody has looked at
// it.
#pragma once

#include <cstdint>
#include <string_view>

namespace gapferry::detect {

enum class Sensor : std::uint8_t { kSuricata, kSnort };

// Whether the keyword looks at traffic or describes the rule, and does nothing else: it blinds no
// other rule, changes, marks and writes nothing, reads no file. In upper or lower case.
[[nodiscard]] bool IsIdsKeyword(Sensor sensor, std::string_view keyword);

// Whether the configuration that the engines come with names it: HOME_NET, HTTP_PORTS.
[[nodiscard]] bool IsIdsVariable(std::string_view name);

}  // namespace gapferry::detect
