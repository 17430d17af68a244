#include <algorithm>

#include "base/suggest.h"
#include "collect/feed_event.h"
#include "exporter/collect_log.h"
#include "exporter/commands.h"
#include "exporter/crossing.h"
#include "report/feed_quality_page.h"

namespace gapferry::exporter {
namespace {

void Show(Console& console, const report::SourceQuality& source) {
  console.Emit("source_quality", report::ToJson(source));
  console.Say(fmt::format("{}: {}", source.name, report::AdviceName(source.advice)));
  for (const std::string& reason : source.reasons)
    console.Say("  " + Printable(reason));
  console.Say(fmt::format("  {} events, {} attributes, {} for sensors; newest {}",
                          Grouped(source.events), Grouped(source.attributes),
                          Grouped(source.to_ids),
                          source.newest == 0 ? "unknown" : FormatDate(source.newest)));
  console.Say(fmt::format("  {} values: {} % in no other source, {} % on warninglists",
                          Grouped(source.values), report::Percent(source.unique, source.values),
                          report::Percent(source.listed, source.values)));
  for (const auto& [other, count] : source.shared) {
    const unsigned percent = report::Percent(count, source.values);
    if (percent > 0) console.Say(fmt::format("    {} % also in {}", percent, other));
  }
  std::vector<std::string> tlps;
  for (int i = 0; i < intel::kTlpLevels; ++i) {
    const std::uint64_t count = source.tlp[static_cast<std::size_t>(i)];
    if (count > 0) {
      tlps.push_back(fmt::format("{} {} %", intel::TlpName(static_cast<intel::Tlp>(i)),
                                 report::Percent(count, source.attributes)));
    }
  }
  console.Say(fmt::format("  TLP: {}; untagged {} %", fmt::join(tlps, ", "),
                          report::Percent(source.untagged, source.attributes)));
  const std::string churn = report::ChurnText(source);
  console.Say(fmt::format("  past the life of its type: {} % of what is for sensors{}",
                          report::Percent(source.dead, source.to_ids),
                          churn.empty() ? ""
                                        : fmt::format("; {} of its {} move a run", churn,
                                                      source.by_values ? "values" : "events")));
}

// Whether the source is collected, and which sites take it.
void NoteSites(const Config& config, report::SourceQuality* source) {
  const std::vector<std::string> names = SourceNames(config);
  source->configured = std::find(names.begin(), names.end(), source->name) != names.end();
  for (const SiteConfig& site : config.sites) {
    if (WantsSource(site, source->name)) source->sites.push_back(site.name);
  }
  std::sort(source->sites.begin(), source->sites.end());
}

Status Report(Session& session, const std::string& html) {
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(const Config config, home.LoadConfig());
  GF_TRY(store::Store mirror, store::Store::OpenReadOnly(home.mirror_file()));
  GF_TRY(const auto counts, mirror.CountRows());
  if (counts.at("event") == 0) {
    return Error::Make(Kind::kNotReady, "the mirror holds no events")
        .Hint("`{} collect`", session.program);
  }
  Progress progress(session.console, "measuring", "events", counts.at("event"));
  GF_TRY(const report::FirstListed listed, collect::ReadFirstListed(&mirror));
  GF_TRY(report::FeedQuality quality,
         report::MeasureFeeds(mirror, Now(), listed,
                              [&](std::uint64_t done) { progress.Advance(done); }));
  for (report::SourceQuality& source : quality.sources) {
    GF_TRY(source.runs, LoggedRuns(&mirror, source.name));
    NoteSites(config, &source);
  }
  report::Advise(&quality);
  for (const report::SourceQuality& source : quality.sources)
    Show(session.console, source);
  if (quality.warninglists == 0)
    session.console.Note("the mirror holds no warninglists, so that no noise can be seen");
  if (html.empty()) return Ok();
  GF_CHECK(WriteFileAtomically(html, report::FeedQualityPage(quality), 0644));
  session.console.Say("page: " + html);
  return Ok();
}

Command SourcesReportCommand() {
  return {
      "report", "measure what each source is worth: its own share, age, noise, TLP",
      "Compares the sources of the mirror with each other and with the mirror's warninglists, and "
      "advises to keep, review or drop each, with the reasons. Changes nothing.",
      [](Arguments& arguments) {
        auto html = std::make_shared<std::string>();
        arguments.Option("--html", html.get(),
                         "also write a page with charts into this file; it needs no network");
        return [html](Session& session) { return Report(session, *html); };
      }};
}

Status Remove(Session& session, const std::string& name, bool yes) {
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(const Config config, home.LoadConfig());
  const std::vector<std::string> known = SourceNames(config);
  if (std::find(known.begin(), known.end(), name) != known.end()) {
    return Error::Make(Kind::kUsage, "source {} is in export.yml, and would be collected again",
                       name)
        .Hint("take it out of {} first", home.config_file().string());
  }
  GF_TRY(const Fd lock, home.Lock());
  GF_TRY(store::Store mirror, home.OpenMirror());
  GF_TRY(const std::vector<std::string> collected, mirror.ListSources());
  if (std::find(collected.begin(), collected.end(), name) == collected.end()) {
    return Error::Make(Kind::kNotFound, "there is no source \"{}\" in the mirror{}", name,
                       DidYouMean(name, collected));
  }
  if (!yes) {
    return Error::Make(Kind::kUsage, "all rows of source {} would be removed from the mirror", name)
        .Hint("--yes does it");
  }
  GF_CHECK(mirror.Begin());
  Status removed = mirror.RemoveSource(name);
  if (removed.ok()) removed = ForgetRuns(&mirror, name);
  if (!removed.ok()) {
    mirror.Rollback();
    return removed;
  }
  GF_CHECK(mirror.Commit());
  session.console.Emit("source-removed", {{"source", name}});
  session.console.Say(fmt::format("removed {} from the mirror", name));
  return Ok();
}

Command SourcesRemoveCommand() {
  return {"remove", "remove from the mirror what a source gave that is no longer in export.yml",
          "Nothing of such a source crosses in any case. What was fetched for it, in cache/NAME of "
          "the home, stays.",
          [](Arguments& arguments) {
            auto name = std::make_shared<std::string>();
            auto yes = std::make_shared<bool>(false);
            arguments.Positional("NAME", name.get(), "the source's name");
            arguments.Flag("--yes", yes.get(), "do it; else only say what would be done");
            return [name, yes](Session& session) { return Remove(session, *name, *yes); };
          }};
}

}  // namespace

Command SourcesCommand() {
  return CommandGroup("sources", "choose and judge the sources",
                      "Sources are written in export.yml; docs/sources.md describes every kind, "
                      "docs/curation.md what the report measures.",
                      {SourcesDefaultsCommand(), SourcesRemoveCommand(), SourcesReportCommand()});
}

}  // namespace gapferry::exporter
