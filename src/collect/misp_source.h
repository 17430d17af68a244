// collect/misp_source.h: sources of kind "misp": an instance of MISP, read through its API with a
// key that may only read. Enumerated as MISP's own pull does; each event is fetched when its
// timestamp in the index moves, into a cache, and read from there as a feed's files are. So an
// interruption at any request costs nothing but that request.
#pragma once

#include <functional>

#include "collect/collect_report.h"
#include "collect/misp_index.h"
#include "collect/source.h"
#include "store/store.h"

namespace gapferry::collect {

enum class WhichLists { kNone, kEnabled, kAll };

struct MispOptions {
  std::filesystem::path cache;  // of this source alone
  // Local tags, sharing groups and other things change without moving an event's timestamp; an
  // event is fetched again after so many days. 0: never.
  std::int64_t refresh_days = 7;
  // An event that is being edited leaves MISP's index until it is published again; for so many days
  // after the edit the mirror keeps what was published last, as MISP's own pull does for ever.
  std::int64_t edit_grace_days = 7;
  WhichLists lists = WhichLists::kEnabled;
};

// Makes the mirror's events and warninglists of this source equal to what the instance shows this
// key and the selection takes; each kind in one transaction, after all requests. An event that is
// missing in the index is asked for by itself: deleted, unpublished, being edited, or left out by a
// faulty index. An event that cannot be had is refused by name, and keeps its earlier state.
// Errors, after which the mirror is as before: kDenied for a key of a site admin, or one that the
// instance refuses; kConfig if filters of the user would thin out what is read; kMalformed
// also of CheckLoss; kNetwork, and the store's.
[[nodiscard]] Result<CollectReport> CollectMisp(store::Store& store, const SourceOptions& options,
                                                const MispOptions& misp, MispApi& api,
                                                const CollectProgress& fetching = {},
                                                const CollectProgress& reading = {});

}  // namespace gapferry::collect
