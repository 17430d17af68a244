// importer/check_store.h: is a store what its signed manifest says, to the last row?
#pragma once

#include "importer/trust_store.h"

namespace gapferry::importer {

struct Checked {
  std::optional<Applied> applied;
  std::uint64_t rows = 0;     // read and hashed again
  std::uint64_t refused = 0;  // known by their digest only
};
// SQLite's own check, then the state digest from every row. Errors: kDamaged with both digests;
// those of the store.
[[nodiscard]] Result<Checked> CheckStore(store::Store* store);

}  // namespace gapferry::importer
