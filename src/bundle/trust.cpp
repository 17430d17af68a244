#include "bundle/trust.h"

#include <algorithm>
#include <tuple>

#include "bundle/fields.h"
#include "bundle/text.h"

namespace gapferry::bundle {
namespace {

std::string Number(const StatePoint& point) {
  return fmt::format("{} (epoch {})", point.seq, point.epoch);
}

StatePoint PointOf(const Manifest& manifest) {
  return {manifest.epoch, manifest.seq, manifest.state_digest};
}

bool SameNumber(const StatePoint& left, const StatePoint& right) {
  return left.epoch == right.epoch && left.seq == right.seq;
}

// Any state once accepted under the number of `point`.
std::optional<StatePoint> Remembered(const StreamTrust& trust, const StatePoint& point) {
  for (const auto& known : {trust.highest, trust.applied}) {
    if (known && SameNumber(*known, point)) return known;
  }
  for (const StatePoint& known : trust.recorded) {
    if (SameNumber(known, point)) return known;
  }
  return std::nullopt;
}

Status CheckStream(const TrustState& state, const Manifest& manifest,
                   const AcceptOptions& options) {
  if (options.stream && *options.stream != manifest.stream_uuid) {
    const auto own = state.root.streams.find(*options.stream);
    return Error::Make(
               Kind::kWrongStream, "made for stream {} ({}); this site takes stream {} ({})",
               manifest.stream, manifest.stream_uuid.ToString(),
               own == state.root.streams.end() ? "" : own->second.name, options.stream->ToString())
        .Hint("this medium is meant for another site: is it the right one?");
  }
  const auto role = state.root.streams.find(manifest.stream_uuid);
  if (role == state.root.streams.end()) {
    return Error::Make(Kind::kWrongStream, "root {} knows no stream {} ({})", state.root.version,
                       manifest.stream, manifest.stream_uuid.ToString());
  }
  if (manifest.epoch < role->second.epoch) {
    return Error::Make(Kind::kRollback,
                       "bundle {} is of epoch {}; root {} has moved on to epoch {}", manifest.seq,
                       manifest.epoch, state.root.version, role->second.epoch);
  }
  if (manifest.epoch > role->second.epoch || manifest.root_version > state.root.version) {
    return Error::Make(Kind::kRootStep,
                       "bundle {} is of epoch {} and made under root {}; this site holds root {} "
                       "with epoch {}",
                       manifest.seq, manifest.epoch, manifest.root_version, state.root.version,
                       role->second.epoch)
        .Hint("the bundle should carry the newer root; bring a medium that does");
  }
  return Ok();
}

Status CheckRemembered(const StreamTrust& trust, const StatePoint& point,
                       std::string_view bundle_says) {
  const auto known = Remembered(trust, point);
  if (!known || known->state_digest == point.state_digest) return Ok();
  return Error::Make(Kind::kEquivocation,
                     "{} the state {}… under number {}, but {}… was accepted under this number",
                     bundle_says, HexEncode(point.state_digest).substr(0, 16), Number(point),
                     HexEncode(known->state_digest).substr(0, 16))
      .Hint("stop, keep both media, and talk to the connected side");
}

// One number names one state: looked at before anything that an option can override. A delta also
// names the state that it starts from.
Status CheckEquivocation(const StreamTrust& trust, const Manifest& manifest) {
  GF_CHECK(CheckRemembered(trust, PointOf(manifest), fmt::format("bundle {} names", manifest.seq)));
  if (!manifest.base) return Ok();
  return CheckRemembered(trust, {manifest.epoch, manifest.base->seq, manifest.base->state_digest},
                         fmt::format("delta {} starts from", manifest.seq));
}

Status CheckRecalled(const StreamTrust& trust, const StatePoint& point) {
  if (!IsRecalled(trust, point)) return Ok();
  return Error::Make(Kind::kRollback,
                     "bundle {} was recalled ({}): it holds what should never have crossed",
                     Number(point), RecalledText(*trust.recalled))
      .Hint("no option takes it: use the newest bundle, and destroy the old media");
}

Result<Verdict> JudgeNumber(const StreamTrust& trust, const Manifest& manifest,
                            const AcceptOptions& options) {
  const StatePoint point = PointOf(manifest);
  GF_CHECK(CheckRecalled(trust, point));
  const bool is_heartbeat = manifest.kind == BundleKind::kHeartbeat;
  if (is_heartbeat && trust.highest && IsBefore(point, *trust.highest)) {
    return Error::Make(Kind::kRollback,
                       "a heartbeat says that {} is current, but this site has already accepted {}",
                       Number(point), Number(*trust.highest))
        .Hint("it is an old one: bring the newest medium");
  }
  if (trust.applied && SameNumber(*trust.applied, point)) {
    return is_heartbeat ? Verdict::kStillCurrent : Verdict::kAlreadyImported;
  }
  if (!trust.highest || IsBefore(*trust.highest, point))
    return is_heartbeat ? Verdict::kMissed : Verdict::kNew;
  if (is_heartbeat && SameNumber(*trust.highest, point)) return Verdict::kMissed;
  const bool forward = !trust.applied || IsBefore(*trust.applied, point);
  if (!is_heartbeat && forward && Remembered(trust, point)) return Verdict::kReapply;
  if (!is_heartbeat && options.allow_rollback) return Verdict::kRollback;
  return Error::Make(Kind::kRollback,
                     "bundle {} is older than {}, which this site has already accepted",
                     Number(point), Number(*trust.highest))
      .Hint("use the newest bundle; to go back on purpose: import --allow-rollback --reason TEXT");
}

// What a delta must find applied.
Status CheckBase(const StreamTrust& trust, const Manifest& manifest) {
  if (manifest.kind != BundleKind::kDelta) return Ok();
  const Base& base = *manifest.base;
  const bool usable = trust.applied && trust.applied->epoch == manifest.epoch &&
                      trust.applied->seq >= base.seq && trust.applied->seq < manifest.seq;
  if (!usable) {
    return Error::Make(Kind::kNotReady, "delta {} applies to states {} to {}; this site holds {}",
                       manifest.seq, base.seq, manifest.seq - 1,
                       trust.applied ? Number(*trust.applied) : "none")
        .Hint("import a full bundle first");
  }
  return Ok();
}

Status CheckImporter(const Manifest& manifest, const AcceptOptions& options) {
  if (options.importer_version.empty() ||
      !VersionLess(options.importer_version, manifest.min_importer))
    return Ok();
  return Error::Make(Kind::kUnsupported, "bundle {} needs gapferry {}; this is {}", manifest.seq,
                     manifest.min_importer, options.importer_version)
      .Hint("update gapferry on this side");
}

Status CheckLife(const Root& root, const Manifest& manifest) {
  const auto max_life =
      static_cast<Time>(root.streams.at(manifest.stream_uuid).max_life_days) * kSecondsPerDay;
  if (manifest.expires - manifest.created <= max_life) return Ok();
  return Error::Make(Kind::kPolicy,
                     "bundle {} lives from {} to {}, longer than the {} days that root {} allows",
                     manifest.seq, FormatTime(manifest.created), FormatTime(manifest.expires),
                     max_life / kSecondsPerDay, root.version);
}

Status CheckCreated(const TrustState& state, const Manifest& manifest, const JudgedClock& clock) {
  if (IsBelieved(clock.verdict)) {
    if (manifest.created <= clock.now + kCreatedTolerance) return Ok();
    return Error::Make(Kind::kClock, "bundle {} was created at {}, but here it is {}", manifest.seq,
                       FormatTime(manifest.created), FormatTime(clock.now))
        .Hint("compare both times with a watch and set the clock");
  }
  const Time known = std::max(state.floor, state.root.created);
  if (manifest.created <= known + kMaxClockAhead) return Ok();
  return Error::Make(Kind::kClock,
                     "bundle {} was created at {}, more than five years after {}, the latest time "
                     "that this site knows, and there is no clock to believe (it is {})",
                     manifest.seq, FormatTime(manifest.created), FormatTime(known),
                     ClockVerdictName(clock.verdict))
      .Hint(
          "compare the time with a watch. If it is wrong, the connected side's clock is: talk to "
          "them. If it is right, set the clock here and import --trust-clock --reason TEXT");
}

bool Applies(Verdict verdict) {
  return verdict == Verdict::kNew || verdict == Verdict::kReapply || verdict == Verdict::kRollback;
}

void Record(StreamTrust& trust, const StatePoint& point) {
  if (!trust.highest || IsBefore(*trust.highest, point)) trust.highest = point;
  trust.applied = point;
  if (std::find(trust.recorded.begin(), trust.recorded.end(), point) != trust.recorded.end())
    return;
  trust.recorded.push_back(point);
  std::sort(trust.recorded.begin(), trust.recorded.end(), IsBefore);
  if (trust.recorded.size() > kMaxRecordedStates) trust.recorded.erase(trust.recorded.begin());
}

}  // namespace

bool IsBefore(const StatePoint& left, const StatePoint& right) {
  return std::tie(left.epoch, left.seq) < std::tie(right.epoch, right.seq);
}

std::string RecalledText(const StateNumber& recalled) {
  if (recalled.seq == kMaxNumber) return fmt::format("all numbers of epoch {}", recalled.epoch);
  return fmt::format("numbers up to {}.{}", recalled.epoch, recalled.seq);
}

bool IsRecalled(const StreamTrust& trust, const StatePoint& point) {
  return trust.recalled && StateNumber{point.epoch, point.seq} <= *trust.recalled;
}

std::string_view ClockVerdictName(ClockVerdict verdict) {
  switch (verdict) {
    case ClockVerdict::kTrusted:
      return "trusted";
    case ClockVerdict::kPlausible:
      return "plausible";
    case ClockVerdict::kBehind:
      return "behind";
    case ClockVerdict::kAhead:
      return "ahead";
    case ClockVerdict::kAbsent:
      return "absent";
  }
  std::abort();
}

bool IsBelieved(ClockVerdict verdict) {
  return verdict == ClockVerdict::kTrusted || verdict == ClockVerdict::kPlausible;
}

JudgedClock JudgeClock(const Clock& clock, Time floor) {
  if (!clock.reading) return {ClockVerdict::kAbsent, floor};
  if (clock.trusted) return {ClockVerdict::kTrusted, *clock.reading};
  if (*clock.reading < floor) return {ClockVerdict::kBehind, floor};
  if (*clock.reading - floor > kMaxClockAhead) return {ClockVerdict::kAhead, floor};
  return {ClockVerdict::kPlausible, *clock.reading};
}

TrustState ObserveClock(TrustState state, const Clock& clock) {
  // A reading that is not believed comes back as the floor.
  state.floor = std::max(state.floor, JudgeClock(clock, state.floor).now);
  return state;
}

Result<VerifiedManifest> VerifySignatures(const Root& root, std::string_view manifest_bytes,
                                          const std::vector<std::string>& signatures,
                                          const std::set<KeyId>& revoked_here) {
  if (manifest_bytes.size() > kMaxManifestBytes) {
    return Error::Make(Kind::kTooLarge, "manifest of {} bytes; the limit is {}",
                       manifest_bytes.size(), kMaxManifestBytes);
  }
  // First any content key at all, so that no stranger's bytes reach the JSON parser.
  Role anyone;
  for (const auto& [uuid, stream] : root.streams) {
    anyone.keys.insert(stream.content.keys.begin(), stream.content.keys.end());
  }
  anyone = Without(std::move(anyone), revoked_here);
  auto by_anyone = CheckRole(anyone, root.keys, manifest_bytes, std::nullopt, signatures);
  if (!by_anyone.ok())
    return NameRevoked(std::move(by_anyone).error(), anyone, root, revoked_here, signatures);

  VerifiedManifest verified;
  GF_TRY(verified.manifest_, ParseManifest(manifest_bytes));
  const Manifest& manifest = verified.manifest_;
  const auto stream = root.streams.find(manifest.stream_uuid);
  if (stream == root.streams.end() || stream->second.name != manifest.stream) {
    return Error::Make(Kind::kWrongStream, "made for stream {} ({}), which root {} does not know",
                       manifest.stream, manifest.stream_uuid.ToString(), root.version);
  }
  const Role role = Without(stream->second.content, revoked_here);
  auto signers = CheckRole(role, root.keys, manifest_bytes, TrustedComment(manifest), signatures);
  if (!signers.ok()) {
    return NameRevoked(std::move(signers).error(), role, root, revoked_here, signatures)
        .In("stream " + manifest.stream);
  }
  verified.signers_ = *std::move(signers);
  verified.root_version_ = root.version;
  return verified;
}

Result<Acceptance> Accept(const TrustState& state, const VerifiedManifest& verified,
                          const Clock& clock, const AcceptOptions& options) {
  const Manifest& manifest = verified.manifest();
  const StatePoint point = PointOf(manifest);
  GF_CHECK(CheckStream(state, manifest, options));
  const auto known = state.streams.find(manifest.stream_uuid);
  const StreamTrust trust = known == state.streams.end() ? StreamTrust{} : known->second;
  GF_CHECK(CheckEquivocation(trust, manifest));
  GF_TRY(const Verdict verdict, JudgeNumber(trust, manifest, options));

  const JudgedClock judged = JudgeClock(clock, state.floor);
  Acceptance acceptance{verdict, judged.verdict, manifest.expires < judged.now,
                        ObserveClock(state, clock)};
  if (verdict == Verdict::kAlreadyImported) return acceptance;

  GF_CHECK(CheckImporter(manifest, options));
  GF_CHECK(CheckBase(trust, manifest));
  GF_CHECK(CheckLife(state.root, manifest));
  GF_CHECK(CheckCreated(state, manifest, judged));
  if (acceptance.expired && !options.allow_expired) {
    return Error::Make(Kind::kExpired, "bundle {} expired at {}; it is now {} (clock {})",
                       manifest.seq, FormatTime(manifest.expires), FormatTime(judged.now),
                       ClockVerdictName(judged.verdict))
        .Hint("{}", IsBelieved(judged.verdict)
                        ? "fetch a newer bundle, or import --accept-expired --reason TEXT"
                        : "the clock is not believed: `time show` says why. If it is right, import "
                          "--trust-clock --reason TEXT");
  }
  acceptance.next.floor = std::max(acceptance.next.floor, manifest.created);
  if (Applies(verdict)) Record(acceptance.next.streams[manifest.stream_uuid], point);
  if (manifest.recalled) {
    std::optional<StateNumber>& recalled = acceptance.next.streams[manifest.stream_uuid].recalled;
    recalled = std::max(recalled, manifest.recalled);
  }
  return acceptance;
}

Status CheckAgreement(const std::vector<const Manifest*>& bundles) {
  std::map<std::tuple<Uuid, std::uint64_t, std::uint64_t>, const Manifest*> named;
  const auto check = [&](const Manifest& bundle, const StatePoint& point) -> Status {
    const auto [found, added] =
        named.try_emplace({bundle.stream_uuid, point.epoch, point.seq}, &bundle);
    const Manifest& other = *found->second;
    const bool is_its_own = other.epoch == point.epoch && other.seq == point.seq;
    const Digest256& digest = is_its_own ? other.state_digest : other.base->state_digest;
    if (digest == point.state_digest) return Ok();
    return Error::Make(Kind::kEquivocation,
                       "two signed bundles of {} name different states under number {}: {}… and "
                       "{}…",
                       bundle.stream, Number(point), HexEncode(digest).substr(0, 16),
                       HexEncode(point.state_digest).substr(0, 16))
        .Hint("stop, keep the medium, and talk to the connected side");
  };
  for (const Manifest* bundle : bundles)
    GF_CHECK(check(*bundle, PointOf(*bundle)));
  for (const Manifest* bundle : bundles) {
    if (bundle->base)
      GF_CHECK(check(*bundle, {bundle->epoch, bundle->base->seq, bundle->base->state_digest}));
  }
  return Ok();
}

}  // namespace gapferry::bundle
