#include "exporter/commands.h"

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
    GF_TRY(const bool due, IsDue(home, site, Now()));
    if (due || !options.due) wanted.push_back(std::move(site));
  }
  return wanted;
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
  GF_TRY(std::optional<Error> failed, CollectSources(session, home, config, ""));
  if (sites.empty()) session.console.Say("no site is due");
  Status written = WriteBundles(session, home, sites, request);
  if (!failed) return written;
  if (written.ok()) return *std::move(failed);
  session.console.Report(*failed);
  return written;
}

}  // namespace

Command RunCommand() {
  return {
      "run", "collect all sources and write a bundle for every site",
      "What a timer runs. If some input was refused or a source failed, the bundles are written "
      "all the same from what the mirror holds, and the exit code says so: 5 (partly), or that "
      "of the first source where all failed.",
      [](Arguments& arguments) {
        auto options = std::make_shared<RunOptions>();
        arguments.Option("--site", &options->site, "only this site");
        DeclareMedium(arguments, &options->medium, "folder to write into, for sites without `to:`");
        arguments.Option("--passphrase-file", &options->passphrase_file,
                         "file with the passphrase of the content key, if it has one");
        arguments.Flag("--due", &options->due,
                       "only sites whose last bundle is `days_between` old; the sources are "
                       "collected in any case");
        return [options](Session& session) { return Run(session, *options); };
      }};
}

}  // namespace gapferry::exporter
