// exporter/crossing.h: the rows of the mirror through a site's policy: which of them cross, as
// what, and what a receiver's decision about each rests on.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "exporter/config.h"
#include "exporter/tally.h"
#include "policy/cross_walk.h"
#include "store/part.h"
#include "store/store.h"

namespace gapferry::exporter {

// Of everything but the rows themselves that decides what crosses to `site`.
[[nodiscard]] Digest256 PolicyDigest(const SiteConfig& site,
                                     const std::vector<store::KnownSource>& sources);

// Whether the site takes anything of this source: one that it wants and that is in export.yml.
[[nodiscard]] bool WantsSource(const SiteConfig& site, const std::string& source);
// Shows the walk the event that it will walk next, if it has to look ahead.
[[nodiscard]] Status LookAhead(policy::CrossWalk* walk, store::Store* mirror,
                               store::RowReader* reader, const store::KnownSource& source,
                               store::EventId event);
// The decision on the next row of the walk. Rows of sources and warninglists always cross.
[[nodiscard]] policy::RowDecision DecideRow(policy::CrossWalk* walk, const store::Record& record,
                                            intel::Tlp default_tlp);

// One event or warninglist of the mirror at a time.
class Crosser {
 public:
  // Called for every row that crosses, as it crosses.
  using Sink = std::function<Status(const store::Record& crossed, const Digest256& digest)>;
  struct Part {
    std::vector<store::PartRow> rows;  // those that cross; their seq is not set
    Tally tally;
  };

  // The site's selection is judged at `now`.
  [[nodiscard]] static Result<Crosser> Create(store::Store* mirror, const SiteConfig& site,
                                              ByteView digest_key, Time now);
  Crosser(Crosser&&) noexcept;
  ~Crosser();

  [[nodiscard]] Result<Part> Event(const store::KnownSource& source, store::EventId event,
                                   const Sink& sink);
  [[nodiscard]] Result<Part> Warninglist(const store::KnownSource& source, std::int64_t list,
                                         const Sink& sink);
  // The row of the source itself, which crosses if anything below it does. Also while an event is
  // under way.
  [[nodiscard]] Result<Part> Source(const store::KnownSource& source, const Sink& sink) const;

 private:
  struct State;
  explicit Crosser(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace gapferry::exporter
