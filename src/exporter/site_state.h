// exporter/site_state.h: what a site holds, brought up to date with the mirror and written out as a
// full or a delta. Works within the mirror's open transaction.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "exporter/crossing.h"
#include "store/stream_parts.h"
#include "transfer/payload_writer.h"

namespace gapferry::exporter {

// Told the events and lists done since the last call.
using StateProgress = std::function<void(std::uint64_t)>;

class SiteState {
 public:
  [[nodiscard]] static Result<SiteState> Load(store::Store* mirror, const SiteConfig& site,
                                              const store::StreamRow& stream);

  // Looks at what changed in the mirror since the last time (at everything, if the policy changed)
  // and gives each row that differs the number `seq`. With `full`, looks at everything and writes
  // it there too. True if anything differs.
  [[nodiscard]] Result<bool> Refresh(std::uint64_t seq, transfer::PayloadWriter* full,
                                     const StateProgress& progress);

  // Every key touched after the number `base`: as its row, or as a tombstone.
  // Error: kNotReady if what went since `base` is no longer known.
  [[nodiscard]] Status WriteDelta(std::uint64_t base, transfer::PayloadWriter* delta,
                                  const StateProgress& progress);

  [[nodiscard]] Status Save();

  [[nodiscard]] Digest256 digest() const { return digest_.value(); }
  [[nodiscard]] const Tally& tally() const { return tally_; }
  [[nodiscard]] std::uint64_t base_seq() const { return state_.base_seq; }
  [[nodiscard]] std::uint64_t oldest_base() const { return state_.oldest_base; }
  // Events and lists of the mirror, for the progress.
  [[nodiscard]] std::uint64_t parts() const { return parts_in_mirror_; }

 private:
  struct Unit;  // an event or a list of the mirror
  SiteState(store::Store* mirror, const SiteConfig& site, const store::StreamRow& stream,
            Crosser crosser);
  [[nodiscard]] Result<std::vector<Unit>> Units(const store::KnownSource& source);
  [[nodiscard]] Result<Crosser::Part> Cross(const store::KnownSource& source, const Unit& unit,
                                            const Crosser::Sink& sink);
  [[nodiscard]] Status RefreshSource(const store::KnownSource& source,
                                     transfer::PayloadWriter* full, const StateProgress& progress);
  [[nodiscard]] Result<std::uint64_t> RefreshUnit(const store::KnownSource& source,
                                                  const Unit& unit, const Crosser::Sink& sink);
  // What is there now in the place of the part with this key. Returns its live rows.
  [[nodiscard]] Result<std::uint64_t> Replace(const store::PartKey& key,
                                              const store::PartHead& head,
                                              const std::optional<Digest256>& input_digest,
                                              Crosser::Part now);
  // The part as it was before this refresh; one with id 0 if there was none.
  [[nodiscard]] store::PartHead TakeHead(const store::PartKey& key);
  [[nodiscard]] Status WriteUnit(const store::KnownSource& source, const Unit& unit,
                                 const store::PartHead& head, std::uint64_t base,
                                 transfer::PayloadWriter* delta);
  using PartList = std::vector<std::pair<store::PartKey, store::PartHead>>;
  // `parts`: those of one source that were touched.
  [[nodiscard]] Status WriteSourceDelta(const PartList& parts, bool source_is_there,
                                        std::uint64_t base, transfer::PayloadWriter* delta);

  store::Store* mirror_;
  SiteConfig site_;
  store::StreamRow stream_;
  Crosser crosser_;
  store::StreamParts parts_;
  std::vector<store::KnownSource> sources_;
  std::map<store::PartKey, store::PartHead> heads_;  // those not seen yet in a refresh
  store::StreamState state_;
  store::StateDigest digest_;
  Tally tally_;
  std::uint64_t seq_ = 0;
  std::uint64_t parts_in_mirror_ = 0;
  bool everything_ = false;
  bool changed_ = false;
};

}  // namespace gapferry::exporter
