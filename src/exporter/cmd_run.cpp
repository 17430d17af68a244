#include "exporter/commands.h"

namespace gapferry::exporter {
namespace {

struct Options {
  std::string site;
  MediumOptions medium;
  std::string passphrase_file;
};

}  // namespace

Command RunCommand() {
  return {"run", "collect all sources and write a bundle for every site",
          "What a timer runs. If some input was refused, the bundles are written all the same from "
          "what is good, and "
          "the exit code says so (5, partly).",
          [](Arguments& arguments) {
            auto options = std::make_shared<Options>();
            arguments.Option("--site", &options->site, "only this site");
            DeclareMedium(arguments, &options->medium,
                          "folder to write into, for sites without `to:`");
            arguments.Option("--passphrase-file", &options->passphrase_file,
                             "file with the passphrase of the content key, if it has one");
            return [options](Session& session) -> Status {
              GF_TRY(const Home home, Home::Open(session));
              GF_TRY(const Config config, home.LoadConfig());
              std::vector<SiteConfig> sites = config.sites;
              if (!options->site.empty()) {
                GF_TRY(SiteConfig only, FindSite(config, options->site));
                sites = {std::move(only)};
              }
              for (SiteConfig& site : sites) {
                if (site.to.empty()) site.to = options->medium.to;
                GF_CHECK(ApplyMedium(options->medium, &site));
              }
              BundleRequest request;
              request.passphrase_file = options->passphrase_file;
              request.replace = options->medium.replace;
              GF_TRY(const Fd lock, home.Lock());
              Status collected = CollectSources(session, home, config, "");
              if (!collected.ok() && collected.error().kind != Kind::kPartly) return collected;
              for (const SiteConfig& site : sites)
                GF_CHECK(WriteBundle(session, home, site, request));
              return collected;
            };
          }};
}

}  // namespace gapferry::exporter
