#include "base/version.h"
#include "importer/audit.h"
#include "importer/commands.h"
#include "importer/difference.h"
#include "importer/next_store.h"
#include "importer/opened.h"
#include "importer/receive.h"

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

void Show(Session& session, const Opened& opened, const std::optional<Applied>& before,
          const Received& received, const AuditHead& audit) {
  Console& console = session.console;
  Described described = Describe(opened);
  described.json["previous_seq"] = before ? Json(before->manifest.seq) : Json(nullptr);
  described.json["sandbox"] = received.sandbox;
  described.json["rows_before"] = received.before;
  described.json["rows_after"] = received.after;
  Json refused = Json::object();
  for (const auto& [kind, reasons] : received.refused) {
    for (const auto& [key, count] : reasons.map()) {
      refused[kind].push_back(
          {{"reason", policy::ReasonCode(key.reason)}, {"detail", key.detail}, {"count", count}});
    }
  }
  described.json["refused"] = refused;
  described.json["rows_received"] = received.rows;
  described.json["tombstones_received"] = received.tombstones;
  described.json["audit"] = {{"entries", audit.entries}, {"head", audit.hash}};
  console.Emit("import", described.json);

  console.Say("IMPORTED   the state is the signed one, to the last row");
  for (const std::string& line : described.lines)
    console.Say(line);
  console.Say(before ? fmt::format("number     {} → {}", before->manifest.seq,
                                   opened.verified.manifest().seq)
                     : fmt::format("number     first import: {}", opened.verified.manifest().seq));
  if (opened.verified.manifest().kind == bundle::BundleKind::kDelta) {
    console.Say(fmt::format("delta      {} rows and {} tombstones came", Grouped(received.rows),
                            Grouped(received.tombstones)));
  }
  console.Say(fmt::format("sandbox    {}", received.sandbox));
  console.Say(fmt::format("audit      {}", audit.ToString()));
  for (const auto& [kind, after] : received.after) {
    const auto found = received.before.find(kind);
    const std::uint64_t was = found == received.before.end() ? 0 : found->second;
    if (was != 0 || after != 0) {
      console.Say(fmt::format("{:<17} {:>12} → {}", kind, Grouped(was), Grouped(after)));
    }
  }
  for (const auto& [kind, reasons] : received.refused) {
    for (const auto& [key, count] : reasons.map()) {
      console.Say(fmt::format("refused    {:>12}  {} rows: {}{}", Grouped(count), kind,
                              policy::ReasonCode(key.reason),
                              key.detail.empty() ? "" : " (" + Printable(key.detail) + ")"));
    }
  }
}

std::string Exception(const ImportOptions& options) {
  if (options.reason.empty()) return "";
  return fmt::format("{}{}: {}", options.allow_rollback ? "rollback allowed" : "",
                     options.allow_expired
                         ? (options.allow_rollback ? ", expiry set aside" : "expiry set aside")
                         : "",
                     options.reason);
}

// What an import writes into the audit log.
class Record {
 public:
  explicit Record(const Home& home) : log_(home.audit_file()) {}

  // An import that ended between taking its state over and saying so, or before.
  Status Settle(const std::optional<Applied>& applied) const {
    GF_TRY(const AuditHead head, ReadAuditHead(log_));
    if (head.entries == 0 || head.last["event"] != "import.begin") return Ok();
    const Json& detail = head.last["detail"];
    const bool is_there = applied && detail["epoch"] == applied->manifest.epoch &&
                          detail["seq"] == applied->manifest.seq;
    return Put(is_there ? "import.done" : "import.interrupted",
               {{"epoch", detail["epoch"]}, {"seq", detail["seq"]}, {"found_at_next_start", true}});
  }
  Status Begin(const Opened& opened, const std::string& exception) const {
    const bundle::Manifest& manifest = opened.verified.manifest();
    Json signers = Json::array();
    for (const bundle::KeyId& id : opened.verified.signers())
      signers.push_back(id.ToString());
    return Put("import.begin",
               {{"stream", manifest.stream},
                {"epoch", manifest.epoch},
                {"seq", manifest.seq},
                {"kind", bundle::KindName(manifest.kind)},
                {"manifest", HexEncode(Hash256(AsBytes(opened.reader.manifest().bytes)))},
                {"signers", signers},
                {"root_version", opened.verified.root_version()},
                {"exception", exception}});
  }
  [[nodiscard]] Result<AuditHead> Done(const bundle::Manifest& manifest) const {
    return Audit(log_, "import.done",
                 {{"epoch", manifest.epoch},
                  {"seq", manifest.seq},
                  {"state_digest", HexEncode(manifest.state_digest)}});
  }
  Status Refused(const std::string& path, const Error& error) const {
    return Put("import.refused",
               {{"path", Printable(path)}, {"kind", Info(error.kind).name}, {"why", error.what}});
  }
  Status NewRoot(std::uint64_t from, std::uint64_t to) const {
    return Put("root.accepted", {{"from", from}, {"to", to}});
  }
  Status Put(std::string_view event, const Json& detail) const {
    GF_TRY(const AuditHead ignored, Audit(log_, event, detail));
    (void)ignored;
    return Ok();
  }

 private:
  std::filesystem::path log_;
};

Status SayAlreadyThere(Session& session, const bundle::Manifest& manifest) {
  session.console.Emit(
      "import", {{"already_imported", true}, {"stream", manifest.stream}, {"seq", manifest.seq}});
  session.console.Say(
      fmt::format("ALREADY IMPORTED   {} number {}.{} is what is here; nothing to do",
                  manifest.stream, manifest.epoch, manifest.seq));
  return Ok();
}

// No content: only what it says about the state that is here.
Status TakeHeartbeat(Session& session, const bundle::Manifest& manifest,
                     const bundle::Acceptance& acceptance, SiteTrust trust, Applied applied,
                     store::Store* store) {
  if (acceptance.verdict == bundle::Verdict::kMissed) {
    return Error::Make(Kind::kNotReady,
                       "a heartbeat says that number {}.{} is current; this site holds {}.{}",
                       manifest.epoch, manifest.seq, applied.manifest.epoch, applied.manifest.seq)
        .Hint("fetch and import the newer bundle: a delivery was missed");
  }
  trust.state = acceptance.next;
  applied.next_due = std::max(applied.next_due, manifest.next_due);
  GF_CHECK(store->Begin());
  GF_CHECK(SaveTrust(store, trust));
  GF_CHECK(SaveApplied(store, applied));
  GF_CHECK(store->Commit());
  session.console.Emit("import", {{"still_current", true},
                                  {"stream", manifest.stream},
                                  {"seq", manifest.seq},
                                  {"next_due", FormatTime(applied.next_due)}});
  session.console.Say(fmt::format("STILL CURRENT      {} number {}.{}, as of {}; next due {}",
                                  manifest.stream, manifest.epoch, manifest.seq,
                                  FormatTime(manifest.created), FormatDate(applied.next_due)));
  return Ok();
}

class Importing {
 public:
  Importing(Session& session, const Home& home, const Config& config, const ImportOptions& options)
      : session_(session), home_(home), config_(config), options_(options), record_(home) {}

  Result<bool> Run() {
    GF_TRY(store_, home_.OpenStore());
    GF_TRY(trust_, LoadTrust(&*store_));
    GF_TRY(before_, LoadApplied(&*store_));
    GF_CHECK(record_.Settle(before_));
    auto imported = Import();
    if (!imported.ok() && !options_.dry_run)
      GF_CHECK(record_.Refused(options_.path, imported.error()));
    return imported;
  }

 private:
  Result<bool> Import() {
    bundle::Root walked = trust_.state.root;
    auto opened = OpenVerified(options_.path, StreamName(trust_), trust_.state.root,
                               trust_.state.revoked_here, &walked);
    GF_CHECK(KeepWalked(walked));
    if (!opened.ok()) return std::move(opened).error();

    bundle::AcceptOptions accept;
    accept.stream = trust_.stream;
    accept.importer_version = std::string(kVersion);
    accept.allow_rollback = options_.allow_rollback;
    accept.allow_expired = options_.allow_expired;
    GF_TRY(const bundle::Acceptance acceptance,
           bundle::Accept(trust_.state, opened->verified, bundle::Clock{Now(), false}, accept));
    const bundle::Manifest& manifest = opened->verified.manifest();
    if (acceptance.verdict == bundle::Verdict::kAlreadyImported) {
      GF_CHECK(SayAlreadyThere(session_, manifest));
      return false;
    }
    if (manifest.kind == bundle::BundleKind::kHeartbeat) {
      if (!options_.dry_run) {
        GF_CHECK(TakeHeartbeat(session_, manifest, acceptance, trust_, before_.value_or(Applied{}),
                               &*store_));
      }
      return false;
    }
    return TakeState(&*opened, acceptance);
  }

  // In a dry run nothing is kept; the next import walks the same roots.
  Status KeepWalked(const bundle::Root& walked) {
    const std::uint64_t from = trust_.state.root.version;
    if (walked.version == from) return Ok();
    if (options_.dry_run) {
      trust_.state.root = walked;
      return Ok();
    }
    GF_CHECK(KeepRoot(&*store_, &trust_, walked));
    return record_.NewRoot(from, walked.version);
  }

  Result<bool> TakeState(Opened* opened, const bundle::Acceptance& acceptance) {
    const bundle::Manifest& manifest = opened->verified.manifest();
    const std::string exception = Exception(options_);
    SiteTrust next_trust = trust_;
    next_trust.state = acceptance.next;
    if (!options_.dry_run) GF_CHECK(record_.Begin(*opened, exception));
    const bool is_delta = manifest.kind == bundle::BundleKind::kDelta;
    GF_TRY(const auto rows_before, store_->CountRows());
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
    store_.reset();
    GF_CHECK(next.Adopt(before_ ? std::optional(PointOf(before_->manifest)) : std::nullopt,
                        config_.keep_states));
    GF_TRY(const AuditHead audit, record_.Done(manifest));
    Show(session_, *opened, before_, received, audit);
    return true;
  }

  Session& session_;
  const Home& home_;
  const Config& config_;
  const ImportOptions& options_;
  Record record_;
  std::optional<store::Store> store_;
  SiteTrust trust_;
  std::optional<Applied> before_;
};

}  // namespace

Result<bool> ImportBundle(Session& session, const Home& home, const Config& config,
                          const ImportOptions& options) {
  if ((options.allow_rollback || options.allow_expired) && options.reason.empty()) {
    return Error::Make(Kind::kUsage, "an exception needs a reason")
        .Hint("add --reason \"why\"; `status` shows it for as long as the state is in use");
  }
  return Importing(session, home, config, options).Run();
}

Command ImportCommand() {
  return {
      "import", "verify a bundle and take its state into the store",
      "Signatures first, then every chunk by its signed hash, then a confined reader parses, "
      "then this site's "
      "clearance decides row by row. The new state is made aside and takes the place of the old "
      "one only if it is the signed one; the old one is kept for `rollback`. Of several bundles "
      "on a medium the cheapest that leads to the newest state is taken.",
      [](Arguments& arguments) {
        auto options = std::make_shared<ImportOptions>();
        arguments.Positional("PATH", &options->path, "a bundle, or the folder of a medium");
        arguments.Flag("--allow-rollback", &options->allow_rollback,
                       "take an older state; needs --reason");
        arguments.Flag("--accept-expired", &options->allow_expired,
                       "take a bundle past its expiry; needs --reason");
        arguments.Option("--reason", &options->reason, "why the exception is made");
        arguments.Flag("--dry-run", &options->dry_run,
                       "say what would change, as `diff` does, and change nothing");
        return [options](Session& session) -> Status {
          GF_TRY(const Home home, Home::Open(session));
          GF_TRY(const Config config, home.LoadConfig());
          GF_TRY(const Fd lock, home.Lock());
          GF_TRY(const bool applied, ImportBundle(session, home, config, *options));
          if (applied) {
            session.console.Note(
                fmt::format("next: `{} generate` makes the artifacts", session.program));
          }
          return Ok();
        };
      }};
}

}  // namespace gapferry::importer
