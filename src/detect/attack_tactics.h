// detect/attack_tactics.h: which tactics of MITRE ATT&CK a technique serves.
#pragma once

#include <string_view>
#include <vector>

namespace gapferry::detect {

// "T1071" or "T1071.004" gives {"command-and-control"}, in the order of the matrix. Empty for what
// is no technique, or one that is newer than the table.
[[nodiscard]] std::vector<std::string_view> TacticsOf(std::string_view technique);

}  // namespace gapferry::detect
