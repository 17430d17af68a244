#include "exporter/commands.h"

#include <algorithm>

#include "bundle/root_text.h"

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
  if (!banner.empty()) session.console.Note(banner);
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

Status ShowSite(Session& session, const SiteConfig& site, store::Store* mirror) {
  GF_TRY(const auto stream, mirror->FindStream(site.name));
  if (!stream) {
    session.console.Emit("site", {{"site", site.name}, {"stream", nullptr}});
    session.console.Say(fmt::format("site    {}: no stream yet; `{} init --site {}`", site.name,
                                    session.program, site.name));
    return Ok();
  }
  GF_TRY(const std::vector<store::LedgerRow> ledger, mirror->Ledger(stream->uuid));
  Json last = nullptr;
  std::string text = "no bundle written yet";
  if (!ledger.empty()) {
    const store::LedgerRow& row = ledger.back();
    const Time due = row.created + site.days_between * kSecondsPerDay;
    last = {{"epoch", row.epoch},
            {"seq", row.seq},
            {"created", FormatTime(row.created)},
            {"expires", FormatTime(row.expires)},
            {"next_due", FormatTime(due)},
            {"state_digest", HexEncode(row.state_digest)}};
    text =
        fmt::format("bundle {} of {}, next due {}, expires {}{}", row.seq, FormatDate(row.created),
                    FormatDate(due), FormatDate(row.expires), Now() > due ? "  OVERDUE" : "");
  }
  session.console.Emit("site", {{"site", site.name},
                                {"stream", stream->uuid.ToString()},
                                {"clearance", intel::TlpName(site.cross.clearance)},
                                {"recipients", site.recipients.size()},
                                {"last", last}});
  session.console.Say(fmt::format("site    {} (TLP up to {}, {}): {}", site.name,
                                  intel::TlpName(site.cross.clearance), ProtectionText(site),
                                  text));
  return Ok();
}

Status Show(Session& session) {
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(const Config config, home.LoadConfig());
  GF_TRY(store::Store mirror, home.OpenMirror());
  GF_TRY(const auto counts, mirror.CountRows());
  GF_TRY(const auto unknown, mirror.UnknownFields());
  GF_TRY(const std::vector<std::string> collected, mirror.ListSources());
  session.console.Emit(
      "mirror", {{"home", home.folder().string()}, {"rows", counts}, {"unlisted_fields", unknown}});
  session.console.Say(fmt::format("home    {}", home.folder().string()));
  session.console.Say(
      fmt::format("mirror  {} events, {} attributes, {} warninglists with {} entries",
                  Grouped(counts.at("event")), Grouped(counts.at("attribute")),
                  Grouped(counts.at("warninglist")), Grouped(counts.at("warninglist-entry"))));
  for (const SourceConfig& source : config.sources) {
    const bool there =
        std::find(collected.begin(), collected.end(), source.name) != collected.end();
    session.console.Emit("source", {{"source", source.name},
                                    {"kind", source.kind},
                                    {"path", source.path.string()},
                                    {"default_tlp", intel::TlpName(source.default_tlp)},
                                    {"collected", there}});
    session.console.Say(fmt::format("source  {} ({}, {}){}", source.name, source.kind,
                                    source.path.string(), there ? "" : ": not collected yet"));
  }
  if (config.sources.empty()) session.console.Say("source  none: name some in export.yml");
  GF_CHECK(ShowTrust(session, home));
  for (const SiteConfig& site : config.sites)
    GF_CHECK(ShowSite(session, site, &mirror));
  return Ok();
}

}  // namespace

Command StatusCommand() {
  return {"status", "show the mirror, the sources and what each site has been given",
          "Reads only. Sites whose courier is overdue are marked.",
          [](Arguments&) -> Runner { return [](Session& session) { return Show(session); }; }};
}

}  // namespace gapferry::exporter
