// report/feed_quality.h: what each source is worth: how much it says, how much of that nobody else
// says, how old and how noisy it is.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "intel/tlp.h"
#include "store/store.h"

namespace gapferry::report {

// One run of `collect`, as far as it is remembered.
struct CollectedRun {
  Time time = 0;
  std::uint64_t added = 0;  // events; of a list of values, values
  std::uint64_t changed = 0;
  std::uint64_t removed = 0;
};

enum class Advice { kKeep, kReview, kDrop };
[[nodiscard]] std::string_view AdviceName(Advice advice);

struct SourceQuality {
  std::string name;
  // One list of values: what comes and goes are values, and the time of one is when it was first
  // listed, not when it was dated anew last.
  bool by_values = false;
  // Of what is not deleted.
  std::uint64_t events = 0;
  std::uint64_t attributes = 0;
  std::uint64_t to_ids = 0;
  std::map<std::string, std::uint64_t> types;  // of all attributes
  // Attributes by effective TLP; `untagged` of them have it from the source's default.
  std::array<std::uint64_t, intel::kTlpLevels> tlp{};
  std::uint64_t untagged = 0;

  // Distinct indicators, normalised: evil.example is one, however it is written. Where some are
  // meant for sensors (to_ids), only those count, and only what others mean so takes their place.
  std::uint64_t values = 0;
  bool for_sensors = false;
  std::uint64_t unique = 0;                     // no other source has them
  std::map<std::string, std::uint64_t> shared;  // with each other source
  // Of those, what the other has under a TLP that is no stricter: it crosses wherever this does.
  std::map<std::string, std::uint64_t> covered;
  std::uint64_t listed = 0;                    // a warninglist that drops holds them
  std::map<std::string, std::uint64_t> lists;  // by list

  std::uint64_t dead = 0;  // to_ids attributes past the life of their type
  std::uint64_t false_positives = 0;
  std::uint64_t not_indicators = 0;  // to_ids attributes whose value is none
  // Attributes by age of their last activity: up to 7, 30, 90, 365 days, older, without a time.
  std::array<std::uint64_t, 6> ages{};
  Time newest = 0;  // last activity of any attribute or event; 0: none has a time

  std::vector<CollectedRun> runs;  // oldest first

  // Known to the caller alone: whether it is still collected, and the sites that take it, by name.
  bool configured = true;
  std::vector<std::string> sites;

  Advice advice = Advice::kKeep;
  std::vector<std::string> reasons;
};

struct FeedQuality {
  Time now = 0;
  std::vector<SourceQuality> sources;  // those with events, by name
  std::uint64_t values = 0;            // distinct over all sources
  std::uint64_t warninglists = 0;
};

constexpr std::size_t kMaxSources = 1024;

// Of sources that are lists of values: when each attribute was first listed, by UUID.
using FirstListed = std::map<std::string, std::vector<std::pair<Uuid, Time>>>;

// Walks once over the store, with the store's own warninglists in their default modes. Holds 8
// bytes for each value of each source. Leaves `runs` and `sites` empty and gives no advice.
// Errors: kTooLarge beyond kMaxSources; kIo.
[[nodiscard]] Result<FeedQuality> MeasureFeeds(store::Store& store, Time now,
                                               const FirstListed& first_listed,
                                               const std::function<void(std::uint64_t)>& progress);

// Fills advice and reasons. Where all of it is followed, nothing is lost but what the reasons say.
// What the limits are is in docs/curation.md.
void Advise(FeedQuality* quality);

// 0 … 100, rounded; 0 of nothing.
[[nodiscard]] unsigned Percent(std::uint64_t part, std::uint64_t whole);

}  // namespace gapferry::report
