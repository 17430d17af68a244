#include "importer/receive.h"

#include "importer/site_identity.h"
#include "policy/cross_walk.h"
#include "sandbox/sandbox.h"
#include "transfer/frames.h"
#include "transfer/payload_reader.h"

namespace gapferry::importer {
namespace {

using policy::RowDecision;
using store::Record;
using store::RecordKind;

// The importing end of the pipe: what may stay goes into the store, the rest is known by its
// digest.
class Keeper {
 public:
  Keeper(const policy::CrossPolicy& policy, store::Store* store)
      : walk_(policy, policy::CrossWalk::Question::kTlpOnly),
        store_(store),
        writer_(store->Writer()) {}

  Status Describe(const transfer::PayloadMeta& meta, const bundle::Manifest& manifest) {
    const bool agrees = meta.stream == manifest.stream_uuid &&
                        meta.epoch == static_cast<std::int64_t>(manifest.epoch) &&
                        meta.seq == static_cast<std::int64_t>(manifest.seq);
    if (!agrees) {
      return Error::Make(Kind::kMalformed,
                         "the payload says stream {} number {}.{}, the manifest {} number {}.{}",
                         meta.stream.ToString(), meta.epoch, meta.seq,
                         manifest.stream_uuid.ToString(), manifest.epoch, manifest.seq);
    }
    digest_key_ = meta.digest_key;
    return store_->SetMeta("digest_key", AsText(meta.digest_key));
  }

  Status Take(ByteView encoded) {
    if (digest_key_.empty())
      return Error::Make(Kind::kMalformed, "rows came before the payload's description");
    GF_CHECK(store::DecodeRecord(encoded, &record_));
    const Digest256 row_digest = store::RowDigest(AsText(encoded), digest_key_);
    digest_.Add(row_digest);
    ++count_;
    const RowDecision row = Decide();
    if (row.decision.allowed) return writer_.PutRecord(record_);
    refused_[std::string(RecordKindName(record_.kind))].Add(row.decision.reason,
                                                            row.decision.detail);
    return store_->PutRefused(record_, row_digest,
                              std::string(policy::ReasonCode(row.decision.reason)));
  }

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] Digest256 digest() const { return digest_.value(); }
  [[nodiscard]] std::map<std::string, policy::ReasonCounts>& refused() { return refused_; }

 private:
  RowDecision Decide() {
    switch (record_.kind) {
      case RecordKind::kSource:
        default_tlp_ = record_.default_tlp;
        break;
      case RecordKind::kEvent:
        return walk_.Event(record_.event, record_.source, default_tlp_);
      case RecordKind::kObject:
        return walk_.Object(record_.object);
      case RecordKind::kAttribute:
        return walk_.Attribute(record_.attribute, record_.object_uuid);
      case RecordKind::kReference:
        return walk_.Reference(record_.reference, record_.object_uuid);
      case RecordKind::kReport:
        return walk_.Report(record_.report);
      case RecordKind::kWarninglist:
      case RecordKind::kWarninglistEntry:
        break;
    }
    return {policy::Decision::Allow(), intel::Tlp::kClear};
  }

  policy::CrossWalk walk_;
  store::Store* store_;
  store::RowWriter writer_;
  intel::Tlp default_tlp_ = intel::Tlp::kAmber;
  Bytes digest_key_;
  Record record_;
  store::StateDigest digest_;
  std::uint64_t count_ = 0;
  std::map<std::string, policy::ReasonCounts> refused_;
};

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
                   Keeper* keeper) {
  std::uint64_t expected = 0;
  for (const auto& [kind, rows] : manifest.counts.kind)
    expected += rows;
  Progress progress(console, "importing", "rows", expected);
  transfer::FrameReader frames(child->from_child());
  for (;;) {
    GF_TRY(const transfer::FrameReader::Frame frame, frames.Next());
    switch (frame.type) {
      case transfer::FrameType::kMeta: {
        GF_TRY(const transfer::PayloadMeta meta, transfer::DecodeMeta(frame.body));
        GF_CHECK(keeper->Describe(meta, manifest));
        break;
      }
      case transfer::FrameType::kRecord:
        GF_CHECK(keeper->Take(frame.body));
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

}  // namespace

Result<Received> ReceiveFull(const Console& console, const Home& home, const Config& config,
                             bundle::BundleReader* reader, const bundle::VerifiedManifest& verified,
                             const SiteTrust& next, const std::string& exception,
                             store::Store* store) {
  const bundle::Manifest& manifest = verified.manifest();
  GF_CHECK(MakeFolder(home.work(), 0700));
  GF_TRY(Fd scratch, UnnamedFile(home.work()));
  const transfer::Expected expected{manifest.payload->plain_size, manifest.payload->plain_digest,
                                    !manifest.payload->recipients.empty()};
  GF_TRY(bundle::AgeIdentities identities, IdentitiesFor(home, manifest.payload->recipients));
  sandbox::Limits limits;
  limits.file_bytes = expected.plain_size + 1;
  GF_TRY(sandbox::Child child, sandbox::Child::Start(
                                   [&](const sandbox::ChildPipes& pipes) {
                                     return transfer::ReadPayload(
                                         {pipes.input, pipes.output, pipes.scratch}, expected,
                                         std::move(identities));
                                   },
                                   std::move(scratch), limits, config.require_landlock));

  identities.clear();  // this process needs them no more
  Received received;
  received.sandbox = child.level().Describe();
  GF_TRY(received.before, store->CountRows());
  policy::CrossPolicy policy;
  policy.clearance = config.clearance;
  GF_CHECK(Feed(console, reader, manifest, &child));

  GF_CHECK(store->Begin());
  GF_CHECK(store->Clear());
  Keeper keeper(policy, store);
  GF_CHECK(Explain(&child, TakeRecords(console, manifest, &child, &keeper)));
  if (keeper.digest() != manifest.state_digest) {
    return Error::Make(Kind::kDiverged, "the state after import is {}…, the signed one {}…",
                       HexEncode(keeper.digest()).substr(0, 16),
                       HexEncode(manifest.state_digest).substr(0, 16))
        .Hint("nothing was changed; report this to the connected side with both numbers");
  }
  GF_TRY(received.after, store->CountRows());
  received.refused = std::move(keeper.refused());
  GF_CHECK(SaveTrust(store, next));
  GF_CHECK(SaveApplied(store, Applied{manifest, Now(), reader->manifest().bytes, exception}));
  GF_CHECK(store->Commit());
  return received;
}

}  // namespace gapferry::importer
