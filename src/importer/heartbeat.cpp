#include "importer/heartbeat.h"

#include <algorithm>

#include "importer/import_report.h"
#include "importer/recall.h"

namespace gapferry::importer {

Status TakeHeartbeat(Session& session, const Home& home, const bundle::Manifest& manifest,
                     const bundle::Acceptance& acceptance, SiteTrust trust,
                     const std::optional<Applied>& held, store::Store* store) {
  Applied applied = held.value_or(Applied{});
  SiteTrust next = trust;
  next.state = acceptance.next;
  const bundle::StreamTrust& stream = next.state.streams[trust.stream];
  bundle::StreamTrust& known = trust.state.streams[trust.stream];
  const bool recalls = known.recalled != stream.recalled;
  if (acceptance.verdict == bundle::Verdict::kMissed) {
    applied.missed = fmt::format("{}, as a heartbeat of {} says", NumberText(manifest),
                                 FormatDate(manifest.created));
    GF_CHECK(store->Begin());
    GF_CHECK(store->SetMeta("missed", applied.missed));
    known.recalled = stream.recalled;
    GF_CHECK(SaveTrust(store, trust));
    GF_CHECK(store->Commit());
    GF_CHECK(HeedRecall(session, home, stream, recalls));
    return Error::Make(Kind::kNotReady,
                       "a heartbeat says that number {} is current; this site holds {}",
                       NumberText(manifest), held ? NumberText(held->manifest) : "none")
        .Hint("fetch and import the newer bundle: a delivery was missed");
  }
  applied.next_due = std::max(applied.next_due, manifest.next_due);
  GF_CHECK(store->Begin());
  GF_CHECK(SaveTrust(store, next));
  GF_CHECK(SaveApplied(store, applied));
  GF_CHECK(store->Commit());
  GF_CHECK(HeedRecall(session, home, stream, recalls));
  session.console.Emit("import", {{"still_current", true},
                                  {"stream", manifest.stream},
                                  {"seq", manifest.seq},
                                  {"next_due", FormatTime(applied.next_due)}});
  session.console.Say(fmt::format("STILL CURRENT      {} number {}.{}, as of {}; next due {}",
                                  manifest.stream, manifest.epoch, manifest.seq,
                                  FormatTime(manifest.created), FormatDate(applied.next_due)));
  return Ok();
}

}  // namespace gapferry::importer
