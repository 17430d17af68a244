#include "exporter/bundle_maker.h"

#include <unistd.h>

#include <algorithm>

#include "base/version.h"
#include "exporter/position.h"
#include "exporter/recall.h"
#include "exporter/written.h"

namespace gapferry::exporter {
namespace {

using bundle::BundleKind;
using store::LedgerRow;

// Removes a work file whatever happens.
class WorkFile {
 public:
  explicit WorkFile(std::filesystem::path path) : path_(std::move(path)) { Remove(); }
  ~WorkFile() { Remove(); }
  WorkFile(const WorkFile&) = delete;
  WorkFile& operator=(const WorkFile&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  void Remove() const { ::unlink(path_.c_str()); }
  std::filesystem::path path_;
};

class Maker {
 public:
  Maker(Session& session, const Home& home, const SiteConfig& site, const bundle::Root& root,
        const BeforeSpending& ask, store::Store* mirror, Position position, SiteState state,
        Time created, const std::optional<bundle::StateNumber>& recalled)
      : session_(session),
        home_(home),
        site_(site),
        root_(root),
        ask_(ask),
        mirror_(mirror),
        position_(std::move(position)),
        state_(std::move(state)),
        seq_(position_.last() + 1),
        created_(created),
        recalled_(recalled) {
    made_.changed = position_.ledger.empty();
  }

  Result<MadeBundles> Make(const BundleRequest& request) {
    if (request.choice == BundleChoice::kHeartbeat) return Heartbeat();
    GF_TRY(const std::optional<bundle::Base> base, ChooseBase(request));
    const bool with_full = WantsFull(request, base.has_value());
    const WorkFile plain(home_.work() / "full.db");
    if (with_full) {
      GF_CHECK(RefreshInto(plain.path()));
    } else {
      GF_CHECK(Refresh(nullptr));
    }
    std::uint64_t delta_bytes = 0;
    if (base) {
      GF_CHECK(MakeDelta(*base));
      delta_bytes = made_.bundles.back().manifest.payload->stored_size;
    }
    const std::uint64_t full_bytes = position_.LastFullBytes().value_or(0);
    const bool outgrown = base && delta_bytes > full_bytes / kDeltaPartOfFull;
    if (with_full) {
      GF_CHECK(Add(BundleKind::kFull, std::nullopt, plain.path()));
    } else if (outgrown && request.choice == BundleChoice::kAuto &&
               site_.full != FullRule::kNever) {
      GF_CHECK(RefreshInto(plain.path()));
      GF_CHECK(Add(BundleKind::kFull, std::nullopt, plain.path()));
    }
    const bool has_full = made_.bundles.back().manifest.kind == BundleKind::kFull;
    made_.rebase = has_full && (!base || outgrown || request.choice == BundleChoice::kFull);
    return Finish();
  }

 private:
  Result<MadeBundles> Heartbeat() {
    GF_CHECK(Refresh(nullptr));
    if (position_.ledger.empty() || made_.changed) {
      return Error::Make(Kind::kNotReady,
                         "{} has changed since number {}: a heartbeat would be a lie", site_.name,
                         position_.Number(position_.last()))
          .Hint("`gapferry-export bundle --site {}` writes what changed", site_.name);
    }
    if (position_.written < position_.last()) {
      return Error::Make(Kind::kNotReady,
                         "number {} of {} was never written; the newest on a medium is {}",
                         position_.Number(position_.last()), site_.name,
                         position_.Number(position_.written))
          .Hint("`gapferry-export bundle --site {}` writes the next one", site_.name);
    }
    seq_ = position_.last();
    MadeBundle& made = made_.bundles.emplace_back();
    made.manifest = Describe(BundleKind::kHeartbeat);
    return Finish();
  }

  // The state that a delta starts from, if one is wanted and possible.
  Result<std::optional<bundle::Base>> ChooseBase(const BundleRequest& request) {
    if (request.choice == BundleChoice::kFull) return std::optional<bundle::Base>();
    const std::uint64_t wanted = request.since.value_or(state_.base_seq());
    const LedgerRow* row = position_.Find(wanted);
    if (row != nullptr && wanted >= state_.oldest_base()) {
      return std::optional(bundle::Base{wanted, row->state_digest});
    }
    if (request.since) {
      return Error::Make(Kind::kUsage, "there is no delta from number {} of {}: known are {} to {}",
                         position_.Number(wanted), site_.name,
                         position_.Number(std::max<std::uint64_t>(state_.oldest_base(), 1)),
                         position_.Number(position_.last()));
    }
    if (request.choice == BundleChoice::kDelta) {
      return Error::Make(Kind::kNotReady, "{} has had no full that a delta could start from",
                         site_.name)
          .Hint("`gapferry-export bundle --site {} --kind full` writes one", site_.name);
    }
    return std::optional<bundle::Base>();
  }

  bool WantsFull(const BundleRequest& request, bool has_base) const {
    if (request.choice != BundleChoice::kAuto) return request.choice == BundleChoice::kFull;
    if (!has_base || site_.full == FullRule::kAlways) return true;
    if (site_.full == FullRule::kNever || request.since) return false;
    return position_.LastFullBytes().value_or(0) <= kCheapFullBytes;
  }

  Status Refresh(transfer::PayloadWriter* full) {
    Progress progress(session_.console, "selecting", "events", state_.parts());
    GF_TRY(const bool changed,
           state_.Refresh(seq_, full, [&](std::uint64_t parts) { progress.Advance(parts); }));
    made_.changed = made_.changed || changed;
    return Ok();
  }

  Result<transfer::PayloadWriter> NewPayload(const std::filesystem::path& path) const {
    return transfer::PayloadWriter::Create(
        path, {position_.stream.uuid, position_.stream.epoch, static_cast<std::int64_t>(seq_),
               position_.stream.digest_key});
  }

  Status RefreshInto(const std::filesystem::path& plain) {
    GF_TRY(transfer::PayloadWriter writer, NewPayload(plain));
    GF_CHECK(Refresh(&writer));
    GF_TRY(const transfer::PayloadSummary summary, writer.Finish());
    if (summary.state_digest == state_.digest()) return Ok();
    return Error::Make(Kind::kDiverged,
                       "the rows of {} have the state digest {}…, their record says {}…",
                       site_.name, HexEncode(summary.state_digest).substr(0, 16),
                       HexEncode(state_.digest()).substr(0, 16))
        .Hint("start a new epoch: `gapferry-export root change --new-epoch --site {}`", site_.name);
  }

  Status MakeDelta(const bundle::Base& base) {
    const WorkFile plain(home_.work() / "delta.db");
    GF_TRY(transfer::PayloadWriter writer, NewPayload(plain.path()));
    GF_CHECK(state_.WriteDelta(base.seq, &writer, [](std::uint64_t) {}));
    GF_TRY(const transfer::PayloadSummary ignored, writer.Finish());
    (void)ignored;
    return Add(BundleKind::kDelta, base, plain.path());
  }

  Status Add(BundleKind kind, const std::optional<bundle::Base>& base,
             const std::filesystem::path& plain) {
    MadeBundle made;
    GF_TRY(made.stored, UnnamedFile(home_.work()));
    Progress progress(session_.console, "packing", "bytes", std::filesystem::file_size(plain));
    GF_TRY(bundle::Payload payload,
           transfer::Pack(plain, made.stored.get(), site_.recipients,
                          [&](std::uint64_t bytes) { progress.Advance(bytes); }));
    made.manifest = Describe(kind);
    made.manifest.base = base;
    made.manifest.payload = std::move(payload);
    made_.bundles.push_back(std::move(made));
    return Ok();
  }

  bundle::Manifest Describe(BundleKind kind) const {
    bundle::Manifest manifest;
    manifest.stream = site_.name;
    manifest.stream_uuid = position_.stream.uuid;
    manifest.epoch = static_cast<std::uint64_t>(position_.stream.epoch);
    manifest.seq = seq_;
    manifest.kind = kind;
    manifest.state_digest = state_.digest();
    manifest.recalled = recalled_;
    manifest.created = created_;
    manifest.expires = created_ + site_.days_valid * kSecondsPerDay;
    manifest.next_due = created_ + site_.days_between * kSecondsPerDay;
    manifest.tlp_ceiling = std::string(intel::TlpName(site_.cross.clearance));
    manifest.root_version = root_.version;
    manifest.producer = fmt::format("gapferry {}", kVersion);
    manifest.counts = state_.tally().Rows();
    return manifest;
  }

  Result<MadeBundles> Finish() {
    const bool hides = !site_.recipients.empty() && !site_.show_counts;
    for (MadeBundle& made : made_.bundles) {
      if (hides) bundle::HideContent(&made.manifest);
      made.manifest_bytes = bundle::SerializeManifest(made.manifest);
    }
    GF_CHECK(ask_(made_));
    GF_CHECK(KeepLastWritten(mirror_, position_.stream));
    for (const MadeBundle& made : made_.bundles) {
      GF_CHECK(mirror_->AppendLedger(position_.stream.uuid, LedgerRowOf(made)));
    }
    GF_CHECK(state_.Save());
    made_.tally = state_.tally();
    return std::move(made_);
  }

  static LedgerRow LedgerRowOf(const MadeBundle& made) {
    const bundle::Manifest& manifest = made.manifest;
    LedgerRow row;
    row.epoch = static_cast<std::int64_t>(manifest.epoch);
    row.seq = static_cast<std::int64_t>(manifest.seq);
    row.kind = std::string(bundle::KindName(manifest.kind));
    row.base_seq = manifest.base ? static_cast<std::int64_t>(manifest.base->seq) : 0;
    row.state_digest = manifest.state_digest;
    row.manifest_digest = Hash512(AsBytes(made.manifest_bytes));
    row.created = manifest.created;
    row.expires = manifest.expires;
    row.stored_bytes = manifest.payload ? manifest.payload->stored_size : 0;
    return row;
  }

  Session& session_;
  const Home& home_;
  const SiteConfig& site_;
  const bundle::Root& root_;
  const BeforeSpending& ask_;
  store::Store* mirror_;
  Position position_;
  SiteState state_;
  std::uint64_t seq_;
  Time created_;  // of all bundles of this number
  std::optional<bundle::StateNumber> recalled_;
  MadeBundles made_;
};

}  // namespace

std::optional<BundleChoice> ParseBundleChoice(std::string_view name) {
  if (name == "auto") return BundleChoice::kAuto;
  if (name == "full") return BundleChoice::kFull;
  if (name == "delta") return BundleChoice::kDelta;
  if (name == "heartbeat") return BundleChoice::kHeartbeat;
  return std::nullopt;
}

Result<bundle::StreamRole> FindRole(const SiteConfig& site, const bundle::Root& root,
                                    store::Store* mirror) {
  GF_TRY(Position position, FindPosition(site, root, mirror));
  return std::move(position.role);
}

Result<MadeBundles> MakeBundles(Session& session, const Home& home, const SiteConfig& site,
                                const bundle::Root& root, const BundleRequest& request,
                                const BeforeSpending& ask, store::Store* mirror) {
  GF_TRY(Position position, FindPosition(site, root, mirror));
  GF_CHECK(CheckCollected(session, site, request.sources, position, mirror));
  const Time now = Now();
  GF_CHECK(CheckClock(site, position, now));
  GF_CHECK(MakeFolder(home.work(), 0700));
  if (request.recall) GF_CHECK(RecallAllBefore(mirror, position));
  GF_CHECK(mirror->Begin());
  auto made = [&]() -> Result<MadeBundles> {
    GF_TRY(SiteState state, SiteState::Load(mirror, site, position.stream));
    GF_TRY(const auto recalled, LoadRecalled(mirror, position.stream.uuid));
    return Maker(session, home, site, root, ask, mirror, std::move(position), std::move(state), now,
                 recalled)
        .Make(request);
  }();
  if (!made.ok()) {
    mirror->Rollback();
    return made;
  }
  GF_CHECK(mirror->Commit());
  return made;
}

}  // namespace gapferry::exporter
