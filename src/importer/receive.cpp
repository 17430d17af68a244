#include "importer/receive.h"

#include "importer/site_identity.h"
#include "importer/taking.h"
#include "sandbox/sandbox.h"
#include "transfer/frames.h"
#include "transfer/payload_reader.h"

namespace gapferry::importer {
namespace {

// What the child's end says, if it is worse than what its last frame said.
Status Explain(sandbox::Child* child, Status said) {
  GF_TRY(const sandbox::Ending ending, child->Wait());
  if (ending.BrokeRules()) {
    return Error::Make(Kind::kSandbox, "the confined reader broke the sandbox's rules: {}",
                       ending.Describe())
        .Hint(
            "the bundle is signed, but its content attacks the reader: keep the medium and call "
            "the connected side");
  }
  if (said.ok() && (ending.signal != 0 || ending.exit_code != 0)) {
    return Error::Make(Kind::kSandbox, "the confined reader failed: {}", ending.Describe());
  }
  if (!said.ok() && said.error().kind == Kind::kSandbox && ending.signal != 0) {
    return Error::Make(Kind::kSandbox, "{}: {}", said.error().what, ending.Describe());
  }
  if (!said.ok() && said.error().kind == Kind::kMalformed) {
    return std::move(said).error().Hint(
        "the bundle is rightly signed, and its content is not what gapferry writes: keep the "
        "medium and call the connected side");
  }
  return said;
}

Status Feed(const Console& console, bundle::BundleReader* reader, const bundle::Manifest& manifest,
            sandbox::Child* child) {
  Progress progress(console, "verifying", "bytes", manifest.payload->stored_size);
  bool listening = true;
  GF_CHECK(reader->ReadPayload([&](ByteView chunk) -> Status {
    progress.Advance(chunk.size());
    // A reader that has given up says why on its other pipe; the rest is still verified.
    listening = listening && WriteFull(child->to_child(), chunk).ok();
    return Ok();
  }));
  child->CloseInput();
  return Ok();
}

Status TakeRecords(const Console& console, const bundle::Manifest& manifest, sandbox::Child* child,
                   Taker* taker) {
  // A delta does not say how many rows it has.
  std::uint64_t expected = 0;
  if (manifest.kind == bundle::BundleKind::kFull) {
    for (const auto& [kind, rows] : manifest.counts.kind)
      expected += rows;
  }
  Progress progress(console, "importing", "rows", expected);
  transfer::FrameReader frames(child->from_child());
  for (;;) {
    GF_TRY(const transfer::FrameReader::Frame frame, frames.Next());
    switch (frame.type) {
      case transfer::FrameType::kMeta: {
        GF_TRY(const transfer::PayloadMeta meta, transfer::DecodeMeta(frame.body));
        GF_CHECK(taker->Describe(meta, manifest));
        break;
      }
      case transfer::FrameType::kTombstone:
        GF_CHECK(taker->Tombstone(frame.body));
        break;
      case transfer::FrameType::kRecord:
        GF_CHECK(taker->Take(frame.body));
        progress.Advance(1);
        break;
      case transfer::FrameType::kError:
        return transfer::DecodeError(frame.body);
      case transfer::FrameType::kEnd:
        return Ok();
      default:
        return Error::Make(Kind::kSandbox, "the confined reader sent a frame of no known type");
    }
  }
}

// A delta leaves out what did not change, so it cannot bring what a lower clearance refused before.
Status MeetClearance(const Config& config, const policy::CrossPolicy& policy,
                     const std::optional<Applied>& before, store::Store* aside) {
  const intel::Tlp was = before ? before->clearance : config.clearance;
  if (config.clearance == was) return Ok();
  if (config.clearance < was) return RefuseAboveClearance(aside, policy);
  bool refused_any = false;
  GF_CHECK(
      aside->ForEachRefused([&](const Digest256&, const std::string&) { refused_any = true; }));
  if (!refused_any) return Ok();
  return Error::Make(Kind::kNotReady,
                     "the clearance was raised from TLP:{} to TLP:{} since the last import: only a "
                     "full bundle brings what was refused until now",
                     intel::TlpName(was), intel::TlpName(config.clearance))
      .Hint("import a full; or set the clearance back to {} until one comes", intel::TlpName(was));
}

// Counting all rows costs more than a small delta: from the counts before, if nothing else moved.
Result<std::map<std::string, std::uint64_t>> CountAfter(const Config& config,
                                                        const std::optional<Applied>& before,
                                                        const Taker& taker, store::Store* aside) {
  const std::map<std::string, std::int64_t> balance = taker.Balance();
  const bool known = before && !before->rows.empty() && before->clearance == config.clearance;
  if (balance.empty() || !known) return aside->CountRows();
  std::map<std::string, std::uint64_t> rows = before->rows;
  for (const auto& [kind, change] : balance)
    rows[kind] += static_cast<std::uint64_t>(change);
  return rows;
}

// Roughly: the payload unpacked, and the store of it beside the present one; twice if it is then
// written anew.
Status CheckRoom(const Home& home, const bundle::Manifest& manifest, bool from_recalled) {
  std::error_code error;
  const std::uintmax_t store = std::filesystem::file_size(home.store_file(), error);
  const std::uint64_t unpacked =
      std::max(manifest.payload->plain_size, manifest.payload->stored_size);
  const bool is_delta = manifest.kind == bundle::BundleKind::kDelta;
  const std::uint64_t stores = from_recalled ? 2 : 1;
  const std::uint64_t needed = unpacked + (is_delta && !error ? stores * store : unpacked);
  GF_TRY(const FileSystemRoom room, RoomIn(home.work()));
  if (room.free >= needed) return Ok();
  return Error::Make(Kind::kNoSpace,
                     "taking this bundle in needs about {} bytes in {}; {} are free",
                     Grouped(needed), home.work().string(), Grouped(room.free))
      .Hint("make room there; `keep_states` in import.yml says how many old states are kept");
}

Result<sandbox::Child> StartReader(const Home& home, const Config& config,
                                   const bundle::Manifest& manifest, bool from_recalled) {
  GF_CHECK(MakeFolder(home.work(), 0700));
  GF_CHECK(CheckRoom(home, manifest, from_recalled));
  GF_TRY(Fd scratch, UnnamedFile(home.work()));
  const transfer::Expected expected{manifest.payload->plain_size, manifest.payload->plain_digest,
                                    !manifest.payload->recipients.empty()};
  // The child has them by the fork; here they are gone when this returns.
  GF_TRY(bundle::AgeIdentities identities, IdentitiesFor(home, manifest.payload->recipients));
  sandbox::Limits limits;
  limits.file_bytes = expected.plain_size + 1;
  return sandbox::Child::Start(
      [&](const sandbox::ChildPipes& pipes) {
        return transfer::ReadPayload({pipes.input, pipes.output, pipes.scratch}, expected,
                                     std::move(identities));
      },
      std::move(scratch), limits, config.require_landlock);
}

// Then the rows that go leave words, tags and bytes behind that must go, too.
bool StartsFromRecalled(const Receiving& receiving) {
  if (!receiving.before) return false;
  const auto trust = receiving.next.state.streams.find(receiving.next.stream);
  return trust != receiving.next.state.streams.end() &&
         bundle::IsRecalled(trust->second, PointOf(receiving.before->manifest));
}

}  // namespace

Result<Received> Receive(const Console& console, const Home& home, const Config& config,
                         bundle::BundleReader* reader, const Receiving& receiving,
                         store::Store* aside) {
  const bundle::Manifest& manifest = receiving.verified.manifest();
  const bool from_recalled = StartsFromRecalled(receiving);
  GF_TRY(sandbox::Child child, StartReader(home, config, manifest, from_recalled));
  Received received;
  received.sandbox = child.level().Describe();
  GF_CHECK(Feed(console, reader, manifest, &child));

  policy::CrossPolicy policy;
  policy.clearance = config.clearance;
  const bool is_delta = manifest.kind == bundle::BundleKind::kDelta;
  GF_CHECK(aside->Begin());
  if (is_delta) GF_CHECK(MeetClearance(config, policy, receiving.before, aside));
  Taker taker(aside, policy,
              is_delta ? std::optional(receiving.before->manifest.state_digest) : std::nullopt);
  GF_CHECK(Explain(&child, TakeRecords(console, manifest, &child, &taker)));
  if (taker.digest() != manifest.state_digest) {
    return Error::Make(Kind::kDiverged, "the state after import is {}…, the signed one {}…",
                       HexEncode(taker.digest()).substr(0, 16),
                       HexEncode(manifest.state_digest).substr(0, 16))
        .Hint("nothing was changed; {}report this to the connected side with both numbers",
              is_delta ? "import a full bundle, and " : "");
  }
  GF_TRY(received.after, CountAfter(config, receiving.before, taker, aside));
  received.rows = taker.rows();
  received.tombstones = taker.tombstones();
  received.refused = taker.refused();
  if (from_recalled) GF_CHECK(aside->ForgetUnused());
  GF_CHECK(SaveTrust(aside, receiving.next));
  GF_CHECK(
      SaveApplied(aside, Applied{manifest, Now(), reader->manifest().bytes, receiving.exception,
                                 config.clearance, manifest.next_due, received.after}));
  GF_CHECK(aside->Commit());
  return received;
}

}  // namespace gapferry::importer
