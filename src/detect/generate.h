// detect/generate.h: from a store to the artifacts of every destination.
//
// <folder>/<destination>/generations/<number>-<state digest, 8 digits>/   one generation
// <folder>/<destination>/current -> generations/…                        the one in use
// A generation is written aside, checked, synced, and only then named by `current`; whatever fails
// before that leaves the old one in use.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "detect/destination.h"
#include "detect/file_change.h"
#include "detect/late_refusals.h"
#include "policy/reason.h"
#include "store/store.h"

namespace gapferry::detect {

enum class Outcome {
  kSwitched,   // a new generation is in use
  kUnchanged,  // its files would be the same, byte for byte
  kRefused,    // the guard, the check, the reload or the disk said no: the old one is in use
  kPreviewed,  // would be switched; nothing was
};

struct WiderValue {
  std::string value;
  std::string where;  // the entry, as "file:line"
};

struct DestinationSummary {
  std::string name;
  std::string format;
  Outcome outcome = Outcome::kRefused;
  // kRefused: kGuard, kArtifactCheck, kTooLarge, kIo, …; otherwise: old generations stay.
  std::optional<Error> error;
  std::filesystem::path generation;   // the one in use now; empty if there is none
  std::uint64_t attributes = 0;       // of the store, and what the site adds
  std::uint64_t used = 0;             // attributes that are in the artifacts
  policy::ReasonCounts reasons;       // all others: used + reasons.Total() == attributes
  LateRefusals refused_late;          // which of them only the writer refused
  policy::ReasonCounts part_reasons;  // parts left out of composites whose other part is used
  std::map<std::string, std::uint64_t> values;  // in the artifacts, by kind
  std::uint64_t values_before = 0;              // in the generation that was in use
  std::vector<FileChange> changes;              // of a preview: files that would differ
  // Files in use that somebody had changed or taken away; they are written anew.
  std::vector<std::string> altered;
  // Values in the artifacts, domains and networks, that hold an entry of the allowlist: they match
  // what the site calls good, too.
  static constexpr std::size_t kMaxWider = 5;
  std::uint64_t wider = 0;
  std::vector<WiderValue> wider_first;  // at most kMaxWider of them
};

struct GenerateSummary {
  std::vector<DestinationSummary> destinations;  // in the order of the site
};

// Called now and then with how many further attributes were decided.
constexpr std::uint64_t kProgressStep = 4096;
using GenerateProgress = std::function<void(std::uint64_t attributes)>;

// One walk over the store serves all destinations. Ids are registered in the store, in a
// transaction of its own, before any switch. A destination that fails does not stop the others.
// Errors: those of CheckSite; kIo, kNoSpace, kLocked where nothing at all could be made.
[[nodiscard]] Result<GenerateSummary> Generate(store::Store& store, const Site& site,
                                               const std::filesystem::path& folder,
                                               const GenerateProgress& progress = {});

}  // namespace gapferry::detect
