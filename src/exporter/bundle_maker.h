// exporter/bundle_maker.h: the next bundles of a site: which kinds, from which state, under which
// number. docs/bundle-format.md §7 says what a receiver may do with them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/app.h"
#include "bundle/volume.h"
#include "exporter/home.h"
#include "exporter/site_state.h"

namespace gapferry::exporter {

enum class BundleChoice {
  kAuto,       // a delta where a site can use one, and a full beside it while that is cheap
  kFull,       // a full, from which later deltas start
  kDelta,      // a delta only
  kHeartbeat,  // no content: the newest number is still current
};
[[nodiscard]] std::optional<BundleChoice> ParseBundleChoice(std::string_view name);

// A full as large as this is written beside every delta (`full: auto`): it costs a courier nothing
// and makes a site independent of what it holds.
constexpr std::uint64_t kCheapFullBytes = 256ULL << 20;
// Deltas grow until the next full. One larger than this part of a full calls for a new base.
constexpr std::uint64_t kDeltaPartOfFull = 4;

struct BundleRequest {
  BundleChoice choice = BundleChoice::kAuto;
  std::optional<std::uint64_t> since;  // a delta from this number instead of the usual base
  std::vector<std::string> sources;    // all of export.yml
  std::string passphrase_file;         // for content keys, may be empty
  bool recall = false;                 // states before held what should never have crossed
  bool replace = false;                // older bundles on the medium go once the new ones are there
};

// A bundle without its signature: its number is spent, and its content will never be another.
struct MadeBundle {
  bundle::Manifest manifest;
  std::string manifest_bytes;
  Fd stored;  // the payload; closed for a heartbeat
};
struct MadeBundles {
  std::vector<MadeBundle> bundles;  // a delta before a full
  Tally tally;                      // of the state after them
  bool changed = false;             // since the number before; a first one has
  bool rebase = false;              // later deltas start here, once it is written
};

// What the root says of the site's stream. Errors: kNotReady if it has none, or if the exporter was
// restored and needs a new epoch.
[[nodiscard]] Result<bundle::StreamRole> FindRole(const SiteConfig& site, const bundle::Root& root,
                                                  store::Store* mirror);

// Asked before the number is spent; an error leaves everything as it was.
using BeforeSpending = std::function<Status(const MadeBundles&)>;

// Looks at the mirror, makes the payloads and records the number, in one transaction of the mirror.
// A crash afterwards leaves a gap in the numbers, never two contents under one. Whoever has written
// them calls MarkWritten (written.h).
// Errors: kNotReady (no stream; nothing collected; no base for a delta; a heartbeat for a state
// that changed), kClock (the clock went back since the last number), kUsage (`since` names no
// number of this epoch), kConfig (valid for longer than the root allows).
[[nodiscard]] Result<MadeBundles> MakeBundles(Session& session, const Home& home,
                                              const SiteConfig& site, const bundle::Root& root,
                                              const BundleRequest& request,
                                              const BeforeSpending& ask, store::Store* mirror);

}  // namespace gapferry::exporter
