#include "exporter/position.h"

#include <algorithm>

#include "bundle/manifest.h"
#include "exporter/crossing.h"
#include "exporter/next_root.h"
#include "exporter/written.h"

namespace gapferry::exporter {
namespace {

using store::LedgerRow;

Error NoStream(const SiteConfig& site, const bundle::Root& root) {
  for (const auto& [uuid, role] : root.streams) {
    if (role.name != site.name) continue;
    return Error::Make(Kind::kNotReady, "root {} gives {} the stream {}, which the mirror lacks",
                       root.version, site.name, uuid.ToString())
        .Hint("`gapferry-export root adopt` makes the mirror follow the root");
  }
  return Error::Make(Kind::kNotReady, "site {} has no stream in the root of trust yet", site.name)
      .Hint("`gapferry-export init --site {}` gives it one", site.name);
}

}  // namespace

const LedgerRow* Position::Find(std::uint64_t seq) const {
  const auto found = std::find_if(ledger.begin(), ledger.end(), [&](const LedgerRow& row) {
    return static_cast<std::uint64_t>(row.seq) == seq;
  });
  return found == ledger.end() ? nullptr : &*found;
}

std::optional<std::uint64_t> Position::LastFullBytes() const {
  const auto full = std::find_if(ledger.rbegin(), ledger.rend(), [](const LedgerRow& row) {
    return row.kind == bundle::KindName(bundle::BundleKind::kFull);
  });
  if (full == ledger.rend()) return std::nullopt;
  return full->stored_bytes;
}

Result<Position> FindPosition(const SiteConfig& site, const bundle::Root& root,
                              store::Store* mirror) {
  GF_TRY(const auto stream, mirror->FindStream(site.name));
  const auto role = stream ? root.streams.find(stream->uuid) : root.streams.end();
  if (role == root.streams.end()) return NoStream(site, root);
  // An exporter that was restored from a backup must not use a number again.
  GF_CHECK(CheckEpoch(mirror, *stream, role->second));
  if (static_cast<std::uint64_t>(site.days_valid) > role->second.max_life_days) {
    return Error::Make(Kind::kConfig, "site {} asks for bundles valid {} days; its root allows {}",
                       site.name, site.days_valid, role->second.max_life_days);
  }
  Position position{*stream, role->second, {}};
  GF_TRY(position.ledger, mirror->Ledger(stream->uuid));
  GF_TRY(const auto written, LastWritten(mirror, stream->uuid, position.ledger));
  if (written && written->epoch == stream->epoch)
    position.written = static_cast<std::uint64_t>(written->seq);
  std::erase_if(position.ledger, [&](const LedgerRow& row) { return row.epoch != stream->epoch; });
  return position;
}

Status CheckCollected(Session& session, const SiteConfig& site,
                      const std::vector<std::string>& sources, const Position& position,
                      store::Store* mirror) {
  GF_TRY(std::vector<std::string> collected, mirror->ListSources());
  std::erase_if(collected, [&](const std::string& name) { return !WantsSource(site, name); });
  std::vector<std::string> missing;
  for (const std::string& name : sources) {
    const bool there = std::find(collected.begin(), collected.end(), name) != collected.end();
    if (WantsSource(site, name) && !there) missing.push_back(name);
  }
  if (collected.empty()) {
    Error error = Error::Make(Kind::kNotReady, "nothing was collected yet for site {}", site.name);
    if (missing.empty()) error = std::move(error).Hint("name its sources in export.yml, then");
    return std::move(error).Hint("`{} collect` reads the sources into the mirror", session.program);
  }
  if (missing.empty()) return Ok();
  // The first number of a later epoch replaces all that the site holds.
  if (position.ledger.empty() && position.stream.epoch > 1) {
    return Error::Make(Kind::kNotReady,
                       "not collected yet: {}; without it, the first bundle of epoch {} would "
                       "remove from {} what it gave before",
                       fmt::join(missing, ", "), position.stream.epoch, site.name)
        .Hint("`{} collect`, or take it out of export.yml", session.program);
  }
  session.console.Warn(fmt::format("not collected yet, so not in the bundle for {}: {}", site.name,
                                   fmt::join(missing, ", ")));
  return Ok();
}

Status NoteForgottenSources(Session& session, const std::vector<std::string>& known,
                            store::Store* mirror) {
  GF_TRY(const std::vector<std::string> collected, mirror->ListSources());
  for (const std::string& name : collected) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    session.console.Warn(fmt::format(
        "source {0} is in the mirror and no longer in export.yml: nothing of it crosses, and sites "
        "that hold it are told to drop it; put it back, or remove it with `{1} sources remove {0}`",
        name, session.program));
  }
  return Ok();
}

Status CheckClock(const SiteConfig& site, const Position& position, Time now) {
  const auto newest = std::max_element(
      position.ledger.rbegin(), position.ledger.rend(),
      [](const LedgerRow& left, const LedgerRow& right) { return left.created < right.created; });
  if (newest == position.ledger.rend() || newest->created <= now) return Ok();
  return Error::Make(Kind::kClock, "this clock says {}, but number {} of {} was created at {}",
                     FormatTime(now), position.Number(static_cast<std::uint64_t>(newest->seq)),
                     site.name, FormatTime(newest->created))
      .Hint(
          "set the clock of this machine; if the earlier time was the wrong one, start a new "
          "epoch: `gapferry-export root change --new-epoch --site {} --key KEY`",
          site.name);
}

}  // namespace gapferry::exporter
