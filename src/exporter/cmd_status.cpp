#include "exporter/commands.h"

#include "bundle/root_text.h"
#include "exporter/collect_log.h"
#include "exporter/context_text.h"
#include "exporter/position.h"
#include "exporter/receipts.h"
#include "exporter/written.h"
#include "store/stream_parts.h"

namespace gapferry::exporter {
namespace {

// What the holders of the root keys still have to do.
Status ShowTrust(Session& session, const Home& home) {
  GF_TRY(const bundle::Root root, home.LoadNewestRoot());
  const std::filesystem::path draft = home.drafts() / bundle::RootFileName(root.version + 1);
  std::error_code error;
  const bool pending = std::filesystem::exists(draft, error);
  const std::string banner = bundle::ReviewBanner(root, Now());
  session.console.Emit("trust", {{"root_version", root.version},
                                 {"review_by", FormatTime(root.review_by)},
                                 {"review_due", !banner.empty()},
                                 {"draft", pending ? Json(draft.string()) : Json(nullptr)}});
  session.console.Say(
      fmt::format("root    version {}, review by {}", root.version, FormatDate(root.review_by)));
  if (!banner.empty()) session.console.Warn(banner);
  if (pending) {
    session.console.Note(fmt::format(
        "root {} is a draft and not in force: {}; sign it with `{} root sign`, then `{} root "
        "accept`, or `{} root discard`",
        root.version + 1, draft.string(), session.program, session.program, session.program));
  }
  return Ok();
}

std::string ProtectionText(const SiteConfig& site) {
  if (site.recipients.empty()) return "not encrypted";
  return fmt::format("encrypted to {} recipient{}", site.recipients.size(),
                     site.recipients.size() == 1 ? "" : "s");
}

struct SiteReport {
  Json last = nullptr;  // as in --json
  std::string text = "no bundle written yet";
  std::vector<std::string> lines;
};

// The newest bundle that reached a medium, and numbers that did not.
Status ReportLast(const SiteConfig& site, const store::StreamRow& stream, store::Store* mirror,
                  SiteReport* report) {
  GF_TRY(const std::vector<store::LedgerRow> ledger, mirror->Ledger(stream.uuid));
  GF_TRY(const std::optional<store::LedgerRow> row, LastWritten(mirror, stream.uuid, ledger));
  if (!ledger.empty() && (!row || ledger.back().seq != row->seq)) {
    report->lines.push_back(fmt::format("number {}.{} is spent, and was never written whole",
                                        ledger.back().epoch, ledger.back().seq));
  }
  if (!row) return Ok();
  GF_TRY(const std::optional<Signing> signing, SigningOf(mirror, stream.uuid, *row));
  const Time due = row->created + site.days_between * kSecondsPerDay;
  report->last = {{"epoch", row->epoch},
                  {"seq", row->seq},
                  {"created", FormatTime(row->created)},
                  {"expires", FormatTime(row->expires)},
                  {"next_due", FormatTime(due)},
                  {"state_digest", HexEncode(row->state_digest)},
                  {"signatures", signing ? Json(signing->keys) : Json(nullptr)},
                  {"threshold", signing ? Json(signing->threshold) : Json(nullptr)}};
  if (signing && signing->missing() > 0) {
    report->lines.push_back(fmt::format(
        "number {}.{} was written with {} of the {} signatures that it needs; what `sign` added "
        "since is not known here",
        row->epoch, row->seq, signing->keys.size(), signing->threshold));
  }
  report->text = fmt::format("bundle {}.{} of {}, next due {}, expires {}{}", row->epoch, row->seq,
                             FormatDate(row->created), FormatDate(due), FormatDate(row->expires),
                             Now() > due ? "  OVERDUE" : "");
  return Ok();
}

Json NumberJson(std::int64_t epoch, std::uint64_t seq) {
  return {{"epoch", epoch}, {"seq", seq}};
}

Status ShowSite(Session& session, const SiteConfig& site, store::Store* mirror) {
  GF_TRY(const auto stream, mirror->FindStream(site.name));
  if (!stream) {
    session.console.Emit("site", {{"site", site.name}, {"stream", nullptr}});
    session.console.Say(fmt::format(
        "site    {}: no stream in the mirror; `{} init --site {}`, or `{} root adopt` if the root "
        "names it",
        site.name, session.program, site.name, session.program));
    return Ok();
  }
  SiteReport report;
  GF_CHECK(ReportLast(site, *stream, mirror, &report));
  GF_TRY(const auto state, store::LoadStreamState(mirror, stream->uuid));
  Json base = nullptr;
  if (state && state->epoch == stream->epoch && state->base_seq > 0) {
    base = NumberJson(stream->epoch, state->base_seq);
    report.lines.push_back(
        fmt::format("deltas start from number {}.{}", stream->epoch, state->base_seq));
  }
  GF_TRY(const std::optional<TakenReceipt> receipt, LastReceipt(mirror, stream->uuid));
  if (receipt) {
    report.lines.push_back(fmt::format("last receipt: number {}.{}, taken {}", receipt->epoch,
                                       receipt->seq, FormatTime(receipt->taken)));
  }
  session.console.Emit("site", {{"site", site.name},
                                {"stream", stream->uuid.ToString()},
                                {"clearance", intel::TlpName(site.cross.clearance)},
                                {"recipients", site.recipients.size()},
                                {"last", report.last},
                                {"delta_base", base},
                                {"receipt", receipt ? Json({{"epoch", receipt->epoch},
                                                            {"seq", receipt->seq},
                                                            {"taken", FormatTime(receipt->taken)}})
                                                    : Json(nullptr)}});
  session.console.Say(fmt::format("site    {} (TLP up to {}, {}): {}", site.name,
                                  intel::TlpName(site.cross.clearance), ProtectionText(site),
                                  report.text));
  for (const std::string& line : report.lines)
    session.console.Say("        " + line);
  return Ok();
}

Status ShowSource(Session& session, const SourceConfig& source, store::Store* mirror) {
  std::error_code error;
  const bool fetched = !source.url.empty();
  const bool path_there = fetched || std::filesystem::exists(source.path, error);
  GF_TRY(const std::vector<report::CollectedRun> runs, LoggedRuns(mirror, source.name));
  const std::optional<collect::Context> context = ContextOrWarning(session, source);
  const Json last = runs.empty() ? Json(nullptr) : Json(FormatTime(runs.back().time));
  const std::string place = fetched ? collect::ShownUrl(source.url) : source.path.string();
  session.console.Emit("source",
                       {{"source", source.name},
                        {"kind", source.kind},
                        {"url", fetched ? Json(place) : Json(nullptr)},
                        {"path", source.path.empty() ? Json(nullptr) : Json(source.path.string())},
                        {"path_there", fetched ? Json(nullptr) : Json(path_there)},
                        {"default_tlp", intel::TlpName(source.default_tlp)},
                        {"collected", !runs.empty()},
                        {"last_collected", last},
                        {"context", context ? ContextSummaryJson(*context) : Json(nullptr)}});
  session.console.Say(fmt::format(
      "source  {} ({}, {}): {}{}", source.name, source.kind, place,
      runs.empty() ? "not collected yet" : "last collected " + FormatTime(runs.back().time),
      path_there ? "" : ": PATH IS NOT THERE"));
  if (context) session.console.Say("        " + ContextSummary(*context));
  return Ok();
}

Status ShowStatus(Session& session) {
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(const Config config, home.LoadConfig());
  GF_TRY(store::Store mirror, home.OpenMirror());
  GF_TRY(const auto counts, mirror.CountRows());
  GF_TRY(const auto unknown, mirror.UnknownFields());
  session.console.Emit(
      "mirror", {{"home", home.folder().string()}, {"rows", counts}, {"unlisted_fields", unknown}});
  session.console.Say(fmt::format("home    {}", home.folder().string()));
  session.console.Say(
      fmt::format("mirror  {} events, {} attributes, {} warninglists with {} entries",
                  Grouped(counts.at("event")), Grouped(counts.at("attribute")),
                  Grouped(counts.at("warninglist")), Grouped(counts.at("warninglist-entry"))));
  for (const SourceConfig& source : config.sources)
    GF_CHECK(ShowSource(session, source, &mirror));
  if (config.sources.empty()) session.console.Say("source  none: name some in export.yml");
  GF_CHECK(NoteForgottenSources(session, SourceNames(config), &mirror));
  GF_CHECK(ShowTrust(session, home));
  for (const SiteConfig& site : config.sites)
    GF_CHECK(ShowSite(session, site, &mirror));
  return Ok();
}

}  // namespace

Command StatusCommand() {
  return {"status", "show the mirror, the sources and what each site has been given",
          "Reads only. Sites whose courier is overdue are marked.", [](Arguments&) -> Runner {
            return [](Session& session) { return ShowStatus(session); };
          }};
}

}  // namespace gapferry::exporter
