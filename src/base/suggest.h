// base/suggest.h: "did you mean", for commands, keys and names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gapferry {

// Edit distance with transposition of neighbours (optimal string alignment).
[[nodiscard]] std::size_t EditDistance(std::string_view a, std::string_view b);
// "; did you mean \"x\"?" for the nearest candidate, or "" if none is near.
[[nodiscard]] std::string DidYouMean(std::string_view word,
                                     const std::vector<std::string>& candidates);

}  // namespace gapferry
