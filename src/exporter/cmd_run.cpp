#include "exporter/commands.h"
#include "exporter/run_summary.h"

namespace gapferry::exporter {
namespace {

struct RunOptions {
  std::string site;
  MediumOptions medium;
  std::string passphrase_file;
  bool due = false;
};

Result<std::vector<SiteConfig>> SitesOf(const RunOptions& options, const Home& home,
                                        const Config& config) {
  std::vector<SiteConfig> sites = config.sites;
  if (!options.site.empty()) {
    GF_TRY(SiteConfig only, FindSite(config, options.site));
    sites = {std::move(only)};
  }
  std::vector<SiteConfig> wanted;
  for (SiteConfig& site : sites) {
    if (site.to.empty()) site.to = options.medium.to;
    GF_CHECK(ApplyMedium(options.medium, &site));
    GF_TRY(const std::optional<Time> next, NextDue(home, site));
    // A timer that fires a little early must not skip a whole rhythm.
    constexpr Time kEarly = 3600;
    if (!options.due || !next || Now() + kEarly >= *next) wanted.push_back(std::move(site));
  }
  return wanted;
}

// The run ends with one of the two and reports the other. Of two, the bundles' problem, unless it
// is only that some input is missing or others have to sign, and no source could be collected.
Status EndOf(Session& session, const std::optional<Error>& collecting, Status bundling) {
  if (!collecting) return bundling;
  if (bundling.ok()) return *collecting;
  const bool collecting_ends = bundling.error().kind == Kind::kPartly;
  session.console.Report(collecting_ends ? bundling.error() : *collecting);
  return collecting_ends ? Status(*collecting) : bundling;
}

Status Run(Session& session, const RunOptions& options) {
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(const Config config, home.LoadConfig());
  GF_TRY(const Fd lock, home.Lock());
  GF_TRY(const std::vector<SiteConfig> sites, SitesOf(options, home, config));
  BundleRequest request;
  request.passphrase_file = options.passphrase_file;
  request.replace = options.medium.replace;
  request.sources = SourceNames(config);
  GF_TRY(const Collected collected, CollectSources(session, home, config, ""));
  if (sites.empty()) session.console.Say("no site is due");
  std::vector<SiteOutcome> outcomes;
  Status done =
      EndOf(session, collected.problem, WriteBundles(session, home, sites, request, &outcomes));
  GF_CHECK(ShowRun(session, home, config, {collected, outcomes, done}));
  return done;
}

}  // namespace

Command RunCommand() {
  return {"run", "collect all sources and write a bundle for every site",
          "What a timer runs. The last line, fit for a log, sums up. If some input was refused or "
          "a source failed, the bundles are written "
          "all the same from what the mirror holds, and the exit code says so: 5 (partly), or that "
          "of the first source where all failed. A site that gets no bundle keeps no other from "
          "its own; the exit code is then that of the first such site, never 5.",

          [](Arguments& arguments) {
            auto options = std::make_shared<RunOptions>();
            arguments.Option("--site", &options->site, "only this site");
            DeclareMedium(arguments, &options->medium,
                          "folder to write into, for sites without `to:`");
            arguments.Option("--passphrase-file", &options->passphrase_file,
                             "file with the passphrase of the content key, if it has one");
            arguments.Flag("--due", &options->due,
                           "only sites whose last bundle is `days_between` old; the sources are "
                           "collected in any case");
            return [options](Session& session) { return Run(session, *options); };
          }};
}

}  // namespace gapferry::exporter
