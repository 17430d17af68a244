#include "exporter/bundle_maker.h"
#include "exporter/commands.h"

namespace gapferry::exporter {
namespace {

constexpr std::int64_t kNoSince = -1;

struct BundleOptions {
  std::string site;
  bool all = false;
  MediumOptions medium;
  BundleRequest request;
  std::string kind = "auto";
  std::int64_t since = kNoSince;
};

Result<BundleRequest> RequestOf(const BundleOptions& options) {
  BundleRequest request = options.request;
  request.replace = options.medium.replace;
  const auto choice = ParseBundleChoice(options.kind);
  if (!choice) {
    return Error::Make(Kind::kUsage, "--kind is \"{}\"; it can be auto, full, delta or heartbeat",
                       options.kind);
  }
  request.choice = *choice;
  if (request.recall && request.choice == BundleChoice::kHeartbeat)
    return Error::Make(Kind::kUsage, "--recall needs a new state: no --kind heartbeat");
  if (options.since != kNoSince) {
    if (options.since < 1) {
      return Error::Make(Kind::kUsage, "--since is {}; numbers begin at 1", options.since)
          .Hint("`--kind full` writes a bundle for a site that holds nothing");
    }
    request.since = static_cast<std::uint64_t>(options.since);
    const bool fits =
        request.choice == BundleChoice::kAuto || request.choice == BundleChoice::kDelta;
    if (!fits)
      return Error::Make(Kind::kUsage, "--since is for a delta, not for --kind {}", options.kind);
    request.choice = BundleChoice::kDelta;
  }
  return request;
}

Result<std::vector<SiteConfig>> SitesOf(const BundleOptions& options, const Config& config) {
  if (!options.all) {
    GF_TRY(SiteConfig site, FindSite(config, options.site));
    return std::vector<SiteConfig>{std::move(site)};
  }
  if (!options.site.empty())
    return Error::Make(Kind::kUsage, "--all and --site exclude each other");
  // One number means another state for each site.
  if (options.since != kNoSince)
    return Error::Make(Kind::kUsage, "--since is for one site, not for --all");
  if (config.sites.empty()) return Error::Make(Kind::kNotReady, "no site is configured");
  return config.sites;
}

}  // namespace

Command BundleCommand() {
  return {
      "bundle", "write the next signed bundle for a site",
      "Takes what the mirror holds, applies the site's policy, and writes what changed since the "
      "last full (a delta, good for a site that holds any number since) and, while that is cheap, "
      "everything beside it (a full), signed with the content key, into DIR. The files get their "
      "names only after all were read back from the medium. Nothing is collected.",
      [](Arguments& arguments) {
        auto options = std::make_shared<BundleOptions>();
        arguments.Option("--site", &options->site, "the site that the bundle is for");
        arguments.Flag("--all", &options->all,
                       "every site of export.yml; one that fails does not stop the others");
        DeclareMedium(arguments, &options->medium,
                      "folder to write into, such as a mounted medium");
        arguments.Option("--kind", &options->kind,
                         "auto (default), full, delta, or heartbeat: the newest is still current");
        arguments.Option("--since", &options->since,
                         "a delta for a site that holds this number or a later one");
        arguments.Option("--passphrase-file", &options->request.passphrase_file,
                         "file with the passphrase of the content key, if it has one");
        arguments.Flag("--recall", &options->request.recall,
                       "what should never have crossed is in the states before: sites that import "
                       "this, or a later one, remove what they kept of them");
        arguments.Values("--kind", {"auto", "full", "delta", "heartbeat"});
        return [options](Session& session) -> Status {
          GF_TRY(BundleRequest request, RequestOf(*options));
          GF_TRY(const Home home, Home::Open(session));
          GF_TRY(const Config config, home.LoadConfig());
          request.sources = SourceNames(config);
          GF_TRY(std::vector<SiteConfig> sites, SitesOf(*options, config));
          for (SiteConfig& site : sites) {
            if (!options->medium.to.empty()) site.to = options->medium.to;
            GF_CHECK(ApplyMedium(options->medium, &site));
          }
          GF_TRY(const Fd lock, home.Lock());
          std::vector<SiteOutcome> outcomes;
          Status written = WriteBundles(session, home, sites, request, &outcomes);
          if (outcomes.size() > 1) session.console.Say("sites: " + OutcomesText(outcomes));
          return written;
        };
      }};
}

}  // namespace gapferry::exporter
