// bundle/number_json.h: the number of a state in what programs print for other programs.
#pragma once

#include <optional>

#include "base/json.h"

namespace gapferry::bundle {

// {"epoch", "seq"}, or null if there is none. `Number`: StateNumber or StatePoint.
template <typename Number>
[[nodiscard]] Json NumberJson(const std::optional<Number>& number) {
  if (!number) return nullptr;
  return {{"epoch", number->epoch}, {"seq", number->seq}};
}

}  // namespace gapferry::bundle
