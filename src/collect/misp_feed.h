// collect/misp_feed.h: sources of kind "misp-feed" (a folder in MISP's feed format: manifest.json
// and <uuid>.json) and "misp-event" (single files): read into the mirror.
// hashes.csv is not read: publishers disagree on its columns, and it may lack values.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "collect/collect_report.h"
#include "collect/misp_event.h"
#include "collect/source.h"
#include "store/store.h"

namespace gapferry::collect {

constexpr std::uint64_t kMaxManifestBytes = std::uint64_t{256} << 20;

// One file of a source, and what is known of it beforehand.
struct EventFile {
  std::filesystem::path path;
  std::optional<Uuid> expected;  // the one event that must be in it
  // Its event could not be fetched: refused for this reason, and kept as it is in the mirror.
  std::optional<Refusal> failed = std::nullopt;
  // The source no longer shows it as it was, but means it to stay so for now.
  bool keep = false;
  // It is there, but not as the selection wants it.
  bool left_out = false;
};

// Of a selection that is set, only what it takes comes into the mirror; what it took before and
// does not take any more leaves it. A selection that is as it was before does not lose almost all
// at once, but by age.
// Makes the mirror's rows of this source equal to what the folder holds, in one transaction: new
// and changed events are read, unchanged files (by BLAKE2b) skipped, events that are no longer
// listed removed. What is refused is named in the report, keeps its earlier state, and does not
// stop the rest. A folder without manifest.json stands for all *.json in it. Errors, after which
// the mirror is as before: kNotFound (no folder, or nothing in it), kMalformed (the manifest, or
// CheckLoss), kTooLarge, and the store's.
[[nodiscard]] Result<CollectReport> CollectFeedFolder(store::Store& store,
                                                      const SourceOptions& options,
                                                      const std::filesystem::path& folder,
                                                      const CollectProgress& progress = {});

// The same for these files: the source is what they hold together.
[[nodiscard]] Result<CollectReport> CollectEventFiles(
    store::Store& store, const SourceOptions& options,
    const std::vector<std::filesystem::path>& files, const CollectProgress& progress = {});

// What the mirror holds of this source; nothing for one that is new.
[[nodiscard]] Result<std::vector<store::KnownEvent>> EventsOf(store::Store& store,
                                                              const std::string& source);

// Error: kMalformed if `lost` of `known` events are too many at once (IsCollapse), unless the
// options allow it. `left_out`: those of them that are there, but not selected any more.
[[nodiscard]] Status CheckLoss(const SourceOptions& options, std::size_t known, std::size_t lost,
                               std::size_t left_out = 0);
// The same, where all that is not listed is lost.
[[nodiscard]] Status CheckListed(store::Store& store, const SourceOptions& options,
                                 const std::vector<Uuid>& listed);

// CollectEventFiles for files that were fetched, each with one event.
[[nodiscard]] Result<CollectReport> CollectFetchedEvents(store::Store& store,
                                                         const SourceOptions& options,
                                                         const std::vector<EventFile>& files,
                                                         std::vector<Refusal> refused,
                                                         const CollectProgress& progress = {});

}  // namespace gapferry::collect
