// collect/warninglist_folder.h: sources of kind "warninglist": a folder as misp-warninglists lays
// it out (lists/<name>/list.json), one of <name>/list.json, one of *.json, or one such file.
#pragma once

#include <filesystem>

#include "collect/collect_report.h"
#include "collect/source.h"
#include "store/store.h"

namespace gapferry::collect {

// Makes the mirror's warninglists of this source equal to the folder's, in one transaction. Files
// that did not change are skipped (by BLAKE2b). A list that is refused is named with its reason and
// keeps its earlier state; then no list is removed, because a broken file does not tell which one
// it is. So is a list that has no entries any more, or in the same version almost none
// (IsCollapse), and one of an older version, unless the options accept it. What changed is in the
// report's `lists`. Errors, after which the mirror is as before: kNotFound (no folder, or no list
// in it), kMalformed if all lists or almost all are gone, and the store's.
[[nodiscard]] Result<CollectReport> CollectWarninglistFolder(store::Store& store,
                                                             const SourceOptions& options,
                                                             const std::filesystem::path& folder,
                                                             const CollectProgress& progress = {});

// The same for lists that were fetched into `folder`, which may be none. With something `refused`,
// no list is removed.
[[nodiscard]] Result<CollectReport> CollectFetchedWarninglists(store::Store& store,
                                                               const SourceOptions& options,
                                                               const std::filesystem::path& folder,
                                                               std::vector<Refusal> refused);

}  // namespace gapferry::collect
