#include "base/version.h"
#include "importer/commands.h"
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
          const Received& received) {
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
  console.Emit("import", described.json);

  console.Say("IMPORTED   the state is the signed one, to the last row");
  for (const std::string& line : described.lines)
    console.Say(line);
  console.Say(before ? fmt::format("number     {} → {}", before->manifest.seq,
                                   opened.verified.manifest().seq)
                     : fmt::format("number     first import: {}", opened.verified.manifest().seq));
  console.Say(fmt::format("sandbox    {}", received.sandbox));
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

Status SayAlreadyThere(Session& session, const bundle::Manifest& manifest) {
  session.console.Emit(
      "import", {{"already_imported", true}, {"stream", manifest.stream}, {"seq", manifest.seq}});
  session.console.Say(
      fmt::format("ALREADY IMPORTED   {} number {}.{} is what is here; nothing to do",
                  manifest.stream, manifest.epoch, manifest.seq));
  return Ok();
}

}  // namespace

Result<bool> ImportBundle(Session& session, const Home& home, const Config& config,
                          const ImportOptions& options) {
  if ((options.allow_rollback || options.allow_expired) && options.reason.empty()) {
    return Error::Make(Kind::kUsage, "an exception needs a reason")
        .Hint("add --reason \"why\"; `status` shows it for as long as the state is in use");
  }
  GF_TRY(store::Store store, home.OpenStore());
  GF_TRY(SiteTrust trust, LoadTrust(&store));
  bundle::Root walked = trust.state.root;
  auto opened = OpenVerified(options.path, StreamName(trust), trust.state.root,
                             trust.state.revoked_here, &walked);
  GF_CHECK(KeepRoot(&store, &trust, walked));
  if (!opened.ok()) return std::move(opened).error();

  bundle::AcceptOptions accept;
  accept.stream = trust.stream;
  accept.importer_version = std::string(kVersion);
  accept.allow_rollback = options.allow_rollback;
  accept.allow_expired = options.allow_expired;
  GF_TRY(const bundle::Acceptance acceptance,
         bundle::Accept(trust.state, opened->verified, bundle::Clock{Now(), false}, accept));
  const bundle::Manifest& manifest = opened->verified.manifest();
  if (acceptance.verdict == bundle::Verdict::kAlreadyImported) {
    GF_CHECK(SayAlreadyThere(session, manifest));
    return false;
  }
  if (manifest.kind != bundle::BundleKind::kFull) {
    return Error::Make(Kind::kUnsupported, "this program imports full bundles; this one is a {}",
                       bundle::KindName(manifest.kind));
  }
  GF_TRY(const std::optional<Applied> before, LoadApplied(&store));
  SiteTrust next = trust;
  next.state = acceptance.next;
  GF_TRY(const Received received, ReceiveFull(session.console, home, config, &opened->reader,
                                              opened->verified, next, Exception(options), &store));
  Show(session, *opened, before, received);
  return true;
}

Command ImportCommand() {
  return {"import", "verify a bundle and take its state into the store",
          "Signatures first, then every chunk by its signed hash, then a confined reader parses, "
          "then this site's "
          "clearance decides row by row. One transaction: it commits only if the resulting state "
          "is the signed one.",
          [](Arguments& arguments) {
            auto options = std::make_shared<ImportOptions>();
            arguments.Positional("PATH", &options->path, "a bundle, or the folder of a medium");
            arguments.Flag("--allow-rollback", &options->allow_rollback,
                           "take an older state; needs --reason");
            arguments.Flag("--accept-expired", &options->allow_expired,
                           "take a bundle past its expiry; needs --reason");
            arguments.Option("--reason", &options->reason, "why the exception is made");
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
