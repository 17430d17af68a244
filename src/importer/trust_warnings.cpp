#include "importer/trust_warnings.h"

#include "bundle/root_text.h"
#include "importer/revocation.h"

namespace gapferry::importer {
namespace {

void WarnOfClock(const bundle::JudgedClock& clock, Time reading, Time floor,
                 const std::optional<Applied>& applied, std::vector<TrustWarning>* warnings) {
  if (clock.verdict == bundle::ClockVerdict::kBehind) {
    const bool of_bundle = applied && applied->manifest.created >= floor;
    warnings->push_back(
        {"clock-behind",
         fmt::format("the clock shows {}, before {}, {}; set it, or {} if that time was wrong",
                     FormatTime(reading), FormatTime(floor),
                     of_bundle ? "when the bundle in use was created"
                               : "the latest time that this site knows",
                     of_bundle ? "`rollback` and then `time reset`" : "`time reset`")});
  } else if (clock.verdict == bundle::ClockVerdict::kAhead) {
    warnings->push_back(
        {"clock-ahead", fmt::format("the clock shows {}, years after {}, the latest time that this "
                                    "site knows; it is not believed",
                                    FormatTime(reading), FormatTime(floor))});
  }
}

void WarnOfRecall(const SiteTrust& trust, const Applied& applied,
                  std::vector<TrustWarning>* warnings) {
  const auto stream = trust.state.streams.find(trust.stream);
  const bundle::StatePoint point = PointOf(applied.manifest);
  if (stream == trust.state.streams.end() || !bundle::IsRecalled(stream->second, point)) return;
  warnings->push_back(
      {"recalled", fmt::format("number {}.{} in use was recalled: it holds what "
                               "should never have crossed; import the newest bundle",
                               point.epoch, point.seq)});
}

// A stream that has fallen silent may have been cut off: someone may keep the newer bundles away.
void WarnOfSilence(const Applied& applied, Time now, std::vector<TrustWarning>* warnings) {
  const bundle::Manifest& manifest = applied.manifest;
  if (!applied.missed.empty()) {
    warnings->push_back({"missed", fmt::format("number {} is current and this site holds {}.{}: a "
                                               "delivery was missed",
                                               applied.missed, manifest.epoch, manifest.seq)});
  }
  if (now > manifest.expires) {
    warnings->push_back(
        {"expired", fmt::format("bundle {} in use expired at {}, {} days ago; ask the "
                                "connected side for a newer one",
                                manifest.seq, FormatTime(manifest.expires),
                                (now - manifest.expires) / kSecondsPerDay)});
  } else if (now > applied.next_due) {
    warnings->push_back(
        {"overdue", fmt::format("after bundle {} the next was due at {}, {} days ago; was it "
                                "held back on the way?",
                                manifest.seq, FormatTime(applied.next_due),
                                (now - applied.next_due) / kSecondsPerDay)});
  }
}

}  // namespace

std::vector<TrustWarning> TrustWarnings(const SiteTrust& trust,
                                        const std::optional<Applied>& applied, Time reading) {
  std::vector<TrustWarning> warnings;
  const bundle::JudgedClock clock =
      bundle::JudgeClock(bundle::Clock{reading, false}, trust.state.floor);
  if (!trust.state.root.streams.contains(trust.stream)) {
    warnings.push_back(
        {"no-stream", fmt::format("root {} has dropped this site's stream {}",
                                  trust.state.root.version, trust.stream.ToString())});
  }
  for (const std::string& line : LostByRevocation(trust))
    warnings.push_back({"revoked-here", line});
  WarnOfClock(clock, reading, trust.state.floor, applied, &warnings);
  if (applied) WarnOfSilence(*applied, clock.now, &warnings);
  if (applied) WarnOfRecall(trust, *applied, &warnings);
  if (!trust.state.revoked_here.empty()) {
    warnings.push_back(
        {"revoked-here", "revoked by this site: " + bundle::KeyList(trust.state.revoked_here)});
  }
  const std::string review = bundle::ReviewBanner(trust.state.root, clock.now);
  if (!review.empty()) warnings.push_back({"review-due", review});
  return warnings;
}

}  // namespace gapferry::importer
