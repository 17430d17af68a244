// importer/difference.h: what another state would change here, row by row and in the artifacts.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/app.h"
#include "importer/config.h"
#include "importer/home.h"
#include "importer/opened.h"
#include "store/store.h"

namespace gapferry::importer {

struct Change {
  std::uint64_t added = 0;
  std::uint64_t changed = 0;
  std::uint64_t removed = 0;
};
// Of attributes, by effective TLP, type and source; of all rows by kind.
struct Difference {
  std::map<std::string, Change> kind;
  std::map<std::string, Change> type;
  std::map<std::string, Change> tlp;
  std::map<std::string, Change> source;
};

// Compares event by event, list by list; holds one of each in memory.
[[nodiscard]] Result<Difference> Compare(store::Store* before, store::Store* after);

// Shows the difference between the present store and the one that the bundle made aside, and how
// the destinations' artifacts would grow or shrink.
[[nodiscard]] Status ShowDifference(Session& session, const Opened& opened, const Config& config,
                                    store::Store* present, store::Store* aside, const Home& home);

}  // namespace gapferry::importer
