// exporter/position.h: where a site's stream stands, and whether a next number may be made of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/app.h"
#include "bundle/root.h"
#include "exporter/config.h"
#include "store/store.h"

namespace gapferry::exporter {

// In the present epoch.
struct Position {
  store::StreamRow stream;
  bundle::StreamRole role;
  std::vector<store::LedgerRow> ledger;  // by number
  std::uint64_t written = 0;             // the newest number that reached a medium; 0: none

  [[nodiscard]] std::uint64_t last() const {
    return ledger.empty() ? 0 : static_cast<std::uint64_t>(ledger.back().seq);
  }
  // "2.41": how a number is shown.
  [[nodiscard]] std::string Number(std::uint64_t seq) const {
    return fmt::format("{}.{}", stream.epoch, seq);
  }
  [[nodiscard]] const store::LedgerRow* Find(std::uint64_t seq) const;
  [[nodiscard]] std::optional<std::uint64_t> LastFullBytes() const;
};

// Errors: kNotReady if root or mirror lacks the stream, or if a new epoch must begin first; kConfig
// if the site's bundles would live longer than the root allows.
[[nodiscard]] Result<Position> FindPosition(const SiteConfig& site, const bundle::Root& root,
                                            store::Store* mirror);

// A mirror that was made anew must not tell a site that everything is gone. `sources`: all of
// export.yml. Warns of those that were never collected. Error: kNotReady if that is all the site
// takes, or if one is missing in the first bundle of a later epoch, which replaces what the site
// holds.
[[nodiscard]] Status CheckCollected(Session& session, const SiteConfig& site,
                                    const std::vector<std::string>& sources,
                                    const Position& position, store::Store* mirror);

// Warns of sources that the mirror still holds though export.yml no longer names them: nothing of
// them crosses. `known`: all of export.yml.
[[nodiscard]] Status NoteForgottenSources(Session& session, const std::vector<std::string>& known,
                                          store::Store* mirror);

// Sites judge the age of a bundle by this clock. Error: kClock if it is before the last number's.
[[nodiscard]] Status CheckClock(const SiteConfig& site, const Position& position, Time now);

}  // namespace gapferry::exporter
