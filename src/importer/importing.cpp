#include <algorithm>
#include <utility>

#include "base/version.h"
#include "importer/commands.h"
#include "importer/difference.h"
#include "importer/heartbeat.h"
#include "importer/import_record.h"
#include "importer/import_report.h"
#include "importer/next_store.h"
#include "importer/opened.h"
#include "importer/recall.h"
#include "importer/receive.h"
#include "importer/site_identity.h"

namespace gapferry::importer {
namespace {

// A newer root is kept at once, whatever becomes of the content it came with.
Status KeepRoot(store::Store* store, SiteTrust* trust, const bundle::Root& walked) {
  if (walked.version == trust->state.root.version) return Ok();
  trust->state.root = walked;
  GF_CHECK(store->Begin());
  GF_CHECK(SaveTrust(store, *trust));
  return store->Commit();
}

std::string Exception(const ImportOptions& options) {
  std::vector<std::string_view> set_aside;
  if (options.allow_rollback) set_aside.emplace_back("rollback allowed");
  if (options.allow_expired) set_aside.emplace_back("expiry set aside");
  if (options.trust_clock) set_aside.emplace_back("clock vouched for");
  if (options.reason.empty()) return "";
  return fmt::format("{}: {}", fmt::join(set_aside, ", "), options.reason);
}

// The cause keeps its hints: they say what to do about it.
Error Partly(const std::string& what, const Error& why) {
  Error partly = Error::Make(Kind::kPartly, "{} ({}, {}): {}", what, Info(why.kind).exit_code,
                             Info(why.kind).name, why.what);
  for (const std::string& hint : why.hints)
    partly = std::move(partly).Hint("{}", hint);
  if (why.hints.empty()) partly = std::move(partly).Hint("ask the connected side for a good copy");
  return partly;
}

class Importing {
 public:
  Importing(Session& session, const Home& home, const Config& config, const ImportOptions& options)
      : session_(session), home_(home), config_(config), options_(options), record_(home) {}

  // True if a state was taken in.
  Result<bool> Run() {
    RemoveLeftAside(home_);
    GF_TRY(store_, home_.OpenStore());
    GF_TRY(trust_, LoadTrust(&*store_));
    GF_TRY(before_, LoadApplied(&*store_));
    GF_CHECK(record_.Settle(before_, &*store_));
    if (!options_.dry_run)
      GF_CHECK(HeedRecall(session_, home_, trust_.state.streams[trust_.stream], false));
    auto imported = Import();
    // What was taken in, or would be, is described with it.
    if (!imported.ok() || (!*imported && !options_.dry_run))
      ShowForeign(session_.console, foreign_);
    if (!imported.ok() && !options_.dry_run)
      GF_CHECK(record_.Refused(options_.path, imported.error()));
    return imported;
  }
  // After a state was taken in: the medium holds another that leads on from it.
  [[nodiscard]] bool leads_on() const { return leads_on_; }
  // Newer than what was taken, and of no use here.
  struct LeftOut {
    std::optional<Error> root;
    std::optional<bundle::StatePoint> number;
    std::optional<Error> bundle;
  };
  [[nodiscard]] const LeftOut& left_out() const { return left_out_; }
  // The number that the site holds afterwards.
  [[nodiscard]] const bundle::StatePoint& reached() const { return reached_; }
  // A heartbeat names a newer number than what is here.
  [[nodiscard]] bool missed() const { return missed_; }

 private:
  Result<bool> Import() {
    bundle::Root walked = trust_.state.root;
    const bundle::StreamTrust held = trust_.state.streams[trust_.stream];
    auto medium = OpenMedium(
        options_.path, {StreamName(trust_), trust_.state.root, trust_.state.revoked_here, held},
        &walked, &foreign_);
    GF_CHECK(KeepWalked(walked));
    if (!medium.ok()) return std::move(medium).error();
    left_out_.root = RootsLeftOut(*medium);
    NoteStrayRoots(session_.console, *medium);
    GF_CHECK(CheckAgreement(*medium));
    if (medium->bundles.empty() ||
        !bundle::LeadsForward(held, medium->bundles.front().verified.manifest())) {
      GF_TRY(Opened only, TakeBest(std::move(medium).value()));
      return TakeOne(&only);
    }
    SayFaults(session_.console, *medium);
    const std::optional<MediumFault> newer = NewerLeftOut(*medium);
    if (newer) LeaveOut({newer->name.epoch, newer->name.seq, {}}, newer->error);
    return TakeFirstWhole(held, &medium->bundles);
  }

  static Status CheckAgreement(const OpenedMedium& medium) {
    std::vector<const bundle::Manifest*> manifests;
    for (const Opened& opened : medium.bundles)
      manifests.push_back(&opened.verified.manifest());
    return bundle::CheckAgreement(manifests);
  }

  // One that this site cannot use, such as a damaged one, or a delta where the rows of a full are
  // needed, does not stop another that also leads forward.
  static bool MayBePassedOver(Kind kind) {
    return kind == Kind::kIncomplete || kind == Kind::kDamaged || kind == Kind::kNotReady ||
           kind == Kind::kDiverged;
  }

  // Only the newest matters: it says what a good medium would have led to.
  void LeaveOut(const bundle::StatePoint& number, const Error& why) {
    if (left_out_.number && !bundle::IsBefore(*left_out_.number, number)) return;
    left_out_.number = number;
    left_out_.bundle = Partly(fmt::format("number {}.{} on this medium is newer and cannot be used",
                                          number.epoch, number.seq),
                              why);
  }

  Result<bool> TakeFirstWhole(const bundle::StreamTrust& held, std::vector<Opened>* bundles) {
    for (std::size_t i = 0;; ++i) {
      auto taken = TakeOne(&(*bundles)[i]);
      const bundle::StatePoint number = PointOf((*bundles)[i].verified.manifest());
      if (taken.ok()) {
        leads_on_ = *taken && LeadsOn(number, *bundles);
        reached_ = number;
        LeaveOutStrangers(number, *bundles);
        return taken;
      }
      const bool another = i + 1 < bundles->size() &&
                           bundle::LeadsForward(held, (*bundles)[i + 1].verified.manifest());
      if (!MayBePassedOver(taken.error().kind) || !another) return taken;
      (*bundles)[i].broken = taken.error().kind != Kind::kNotReady;
      LeaveOut(number, taken.error());
      session_.console.Report(taken.error());
      session_.console.Note("going on with the next bundle on the medium");
    }
  }

  // A heartbeat leads nowhere, but may say that this was not the newest number.
  static bool LeadsOn(const bundle::StatePoint& taken, const std::vector<Opened>& bundles) {
    bundle::StreamTrust then;
    then.applied = taken;
    return std::any_of(bundles.begin(), bundles.end(), [&](const Opened& opened) {
      const bundle::Manifest& other = opened.verified.manifest();
      const bool is_ahead = bundle::IsBefore(taken, PointOf(other));
      return (bundle::LeadsForward(then, other) && !opened.broken) ||
             (other.kind == bundle::BundleKind::kHeartbeat && is_ahead);
    });
  }

  // Newer deltas that begin after what the medium leads to.
  void LeaveOutStrangers(const bundle::StatePoint& taken, const std::vector<Opened>& bundles) {
    for (const Opened& opened : bundles) {
      const bundle::Manifest& other = opened.verified.manifest();
      if (!other.base || other.epoch != taken.epoch || other.base->seq <= taken.seq) continue;
      LeaveOut(PointOf(other),
               Error::Make(Kind::kNotReady, "delta {} applies to states {} to {}", other.seq,
                           other.base->seq, other.seq - 1)
                   .Hint("a delivery was missed: fetch a full, or the deltas between"));
    }
  }

  Result<bool> TakeOne(Opened* opened) {
    bundle::AcceptOptions accept;
    accept.stream = trust_.stream;
    accept.importer_version = std::string(kVersion);
    accept.allow_rollback = options_.allow_rollback;
    accept.allow_expired = options_.allow_expired;
    GF_TRY(const bundle::Acceptance acceptance,
           bundle::Accept(trust_.state, opened->verified, clock(), accept));
    const bundle::Manifest& manifest = opened->verified.manifest();
    if (acceptance.verdict == bundle::Verdict::kAlreadyImported) {
      SayAlreadyThere(session_, manifest);
      return false;
    }
    if (manifest.kind != bundle::BundleKind::kHeartbeat) return TakeState(opened, acceptance);
    if (options_.dry_run) {
      session_.console.Say(fmt::format("NO CHANGE   {} number {} is a heartbeat: it has no content",
                                       manifest.stream, NumberText(manifest)));
      return false;
    }
    missed_ = acceptance.verdict == bundle::Verdict::kMissed;
    GF_CHECK(TakeHeartbeat(session_, home_, manifest, acceptance, trust_, before_, &*store_));
    GF_CHECK(record_.StillCurrent(manifest));
    return false;
  }

  [[nodiscard]] bundle::Clock clock() const { return {Now(), options_.trust_clock}; }

  // In a dry run nothing is kept; the next import walks the same roots.
  Status KeepWalked(const bundle::Root& walked) {
    const bundle::Root before = trust_.state.root;
    if (walked.version == before.version) return Ok();
    if (options_.dry_run) {
      session_.console.Note(
          fmt::format("an import would first take root {} → {}", before.version, walked.version));
      trust_.state.root = walked;
      return Ok();
    }
    GF_CHECK(KeepRoot(&*store_, &trust_, walked));
    session_.console.Emit("root_accepted", RootChangeJson(before, walked));
    SayRootChange(session_.console, before, walked);
    return record_.NewRoot(before, walked);
  }

  Result<bool> TakeState(Opened* opened, const bundle::Acceptance& acceptance) {
    const bundle::Manifest& manifest = opened->verified.manifest();
    const std::string exception = Exception(options_);
    SiteTrust next_trust = trust_;
    next_trust.state = acceptance.next;
    AuditHead begun;
    if (!options_.dry_run) {
      GF_TRY(begun, record_.Begin(*opened, exception));
    }
    const bool is_delta = manifest.kind == bundle::BundleKind::kDelta;
    std::map<std::string, std::uint64_t> rows_before;
    if (before_) rows_before = before_->rows;
    if (rows_before.empty()) {
      GF_TRY(rows_before, store_->CountRows());
    }
    GF_TRY(NextStore next,
           NextStore::Create(home_, is_delta ? NextStore::Start::kCopy : NextStore::Start::kEmpty));
    GF_TRY(Received received,
           Receive(session_.console, home_, config_, &opened->reader,
                   {opened->verified, next_trust, exception, before_}, &next.store()));
    received.before = rows_before;
    if (options_.dry_run) {
      GF_CHECK(ShowDifference(session_, *opened, config_, &*store_, &next.store(), home_));
      return false;
    }
    GF_CHECK(SaveAuditAnchor(&next.store(), begun));
    store_.reset();
    const bundle::StreamTrust& trust = next_trust.state.streams[trust_.stream];
    const bool recalled = before_ && bundle::IsRecalled(trust, PointOf(before_->manifest));
    if (recalled && is_delta) GF_CHECK(next.Compact());
    std::optional<bundle::StatePoint> kept;
    if (before_ && !recalled) kept = PointOf(before_->manifest);
    GF_CHECK(next.Adopt(kept, config_.keep_states));
    GF_CHECK(HeedRecall(session_, home_, trust,
                        trust.recalled != trust_.state.streams[trust_.stream].recalled));
    GF_TRY(const AuditHead audit, record_.Done(manifest));
    ShowImport(session_, *opened, bundle::JudgeClock(clock(), trust_.state.floor), before_,
               received, audit);
    return true;
  }

  Session& session_;
  const Home& home_;
  const Config& config_;
  const ImportOptions& options_;
  ImportRecord record_;
  std::optional<store::Store> store_;
  SiteTrust trust_;
  std::optional<Applied> before_;
  Foreign foreign_;
  bool leads_on_ = false;
  bool missed_ = false;
  LeftOut left_out_;
  bundle::StatePoint reached_;
};

// What is on the medium after the state that was just taken in. Nothing of it undoes that. kPartly
// if something of it cannot be used, or says that a delivery was missed.
std::optional<Error> TakeWhatFollows(Session& session, const Home& home, const Config& config,
                                     const ImportOptions& options, bundle::StatePoint* reached) {
  for (bool more = true; more;) {
    Importing next(session, home, config, options);
    const auto taken = next.Run();
    if (!taken.ok() && next.missed()) {
      return Error::Make(Kind::kPartly, "{}", taken.error().what)
          .Hint("fetch and import the newer bundle: a delivery was missed");
    }
    if (!taken.ok()) {
      return Partly("what follows on this medium cannot be used", taken.error());
    }
    if (*taken) *reached = next.reached();
    more = *taken && next.leads_on();
  }
  return std::nullopt;
}

// The first, with the others reported before it.
std::optional<Error> LastSaid(Console& console, const std::vector<std::optional<Error>>& errors) {
  std::optional<Error> last;
  for (const std::optional<Error>& error : errors) {
    if (!error) continue;
    if (last) {
      console.Report(*error);
    } else {
      last = error;
    }
  }
  return last;
}

}  // namespace

Result<Imported> ImportBundle(Session& session, const Home& home, const Config& config,
                              const ImportOptions& options) {
  const bool is_exception = options.allow_rollback || options.allow_expired || options.trust_clock;
  if (is_exception && options.reason.empty()) {
    return Error::Make(Kind::kUsage, "an exception needs a reason")
        .Hint("add --reason \"why\"; `status` shows it for as long as the state is in use");
  }
  GF_TRY(const std::vector<std::string> loose, LooseIdentities(home));
  for (const std::string& line : loose)
    session.console.Warn(line);
  Importing first(session, home, config, options);
  const auto taken = first.Run();
  const Importing::LeftOut& left_out = first.left_out();
  if (!taken.ok()) {
    for (const std::optional<Error>& error : {left_out.bundle, left_out.root}) {
      if (error) session.console.Report(*error);
    }
    return taken.error();
  }
  bundle::StatePoint reached = first.reached();
  std::optional<Error> follows;
  if (*taken && first.leads_on()) {
    follows = TakeWhatFollows(session, home, config, options, &reached);
  }
  // What could not be used at first may have fitted the state that was taken meanwhile.
  const bool overtaken = left_out.number && !bundle::IsBefore(reached, *left_out.number);
  return Imported{*taken, LastSaid(session.console, {left_out.root, follows,
                                                     overtaken ? std::nullopt : left_out.bundle})};
}

}  // namespace gapferry::importer
