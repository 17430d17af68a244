// detect/id_use.h: how much of its range of sids a destination has used up. A destination without
// sids can make no new generation, so that it is told before.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "detect/destination.h"
#include "store/store.h"

namespace gapferry::detect {

struct IdUse {
  std::string destination;
  std::int64_t used = 0;  // given, also to what is gone since
  std::int64_t total = 0;
  std::optional<std::int64_t> days_left;  // at the pace of the last weeks, if there was one

  [[nodiscard]] bool IsLow() const;  // four fifths are used
  [[nodiscard]] std::string ToString() const;
};

// One for each destination that has a range of sids. Error: kIo.
[[nodiscard]] Result<std::vector<IdUse>> UseOfIds(store::Store& store,
                                                  const std::vector<Destination>& destinations);

// As sentences: those that are low. Error: kIo.
[[nodiscard]] Result<std::vector<std::string>> LowIds(store::Store& store,
                                                      const std::vector<Destination>& destinations);

}  // namespace gapferry::detect
