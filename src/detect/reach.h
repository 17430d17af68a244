// detect/reach.h: what an entry of a list matches beside the very value, at the consumer of each
// format. reference: the page of each format in docs/formats.md.
#pragma once

#include <string_view>

#include "detect/destination.h"

namespace gapferry::detect {

struct Reach {
  bool below = false;     // an entry for a domain also matches names below it
  bool within = false;    // an entry for a network also matches the addresses in it
  bool path_end = false;  // an entry for a file also matches paths of Windows that end with it
};

[[nodiscard]] Reach ReachOf(const Destination& destination);
// Whether this page knows the format. One that it does not know compares whole values.
[[nodiscard]] bool KnowsReach(std::string_view format);

}  // namespace gapferry::detect
