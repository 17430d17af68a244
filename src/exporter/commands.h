// exporter/commands.h: the commands of gapferry-export; each is a file cmd_<name>.cpp.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/app.h"
#include "exporter/bundle_maker.h"
#include "exporter/home.h"
#include "policy/reason.h"

namespace gapferry::exporter {

[[nodiscard]] Command BackupCommand();
[[nodiscard]] Command BundleCommand();
[[nodiscard]] Command CollectCommand();
[[nodiscard]] Command ContextCommand();
[[nodiscard]] Command ExplainCommand();
[[nodiscard]] Command InitCommand();
[[nodiscard]] Command KeyCommand();
[[nodiscard]] Command MispCommand();
[[nodiscard]] Command RestoreCommand();
[[nodiscard]] Command RootAdoptCommand();
[[nodiscard]] Command RootChangeCommand();
[[nodiscard]] Command RootCommand();
[[nodiscard]] Command ReceiptCommand();
[[nodiscard]] Command RunCommand();
[[nodiscard]] Command SignCommand();
[[nodiscard]] Command SourcesCommand();
[[nodiscard]] Command SourcesDefaultsCommand();
[[nodiscard]] Command StatusCommand();

// All of them, sorted by name.
[[nodiscard]] Program ExportProgram();

// What `run` shares with the single commands; the caller holds the lock.

struct Collected {
  std::size_t good = 0;       // sources
  std::size_t unchanged = 0;  // of those
  std::vector<std::string> failed;
  std::vector<std::string> warned;  // those whose reading led to warnings
  std::uint64_t added = 0;          // events and warninglists
  std::uint64_t changed = 0;
  std::uint64_t removed = 0;
  std::uint64_t values_added = 0;  // of csv and freetext
  std::uint64_t values_gone = 0;
  std::uint64_t refused = 0;
  // kPartly if some input was refused or some sources failed and the rest is in place; the first
  // one's error if all failed, after the others were reported.
  std::optional<Error> problem;
};
// Collects the source with this name, or all. Errors: there is nothing to collect, or no mirror.
[[nodiscard]] Result<Collected> CollectSources(Session& session, const Home& home,
                                               const Config& config, const std::string& only);
// Says what the newest root of the home is.
[[nodiscard]] Status ShowNewestRoot(Session& session, const Home& home);
struct WrittenBundles {
  std::uint64_t epoch = 0;
  std::uint64_t seq = 0;
  std::vector<std::string> kinds;
  std::optional<Error> unfinished;  // kPartly: no site takes them before others have signed
};
// Writes the site's next bundles into `site.to`.
[[nodiscard]] Result<WrittenBundles> WriteBundle(Session& session, const Home& home,
                                                 const SiteConfig& site,
                                                 const BundleRequest& request);
// When the site's courier expects the next number (`days_between`); none: it has none yet.
[[nodiscard]] Result<std::optional<Time>> NextDue(const Home& home, const SiteConfig& site);

struct SiteOutcome {
  std::string site;
  std::optional<WrittenBundles> written;  // none: it failed
};
// "north 1.2 full+delta, south FAILED"
[[nodiscard]] std::string OutcomesText(const std::vector<SiteOutcome>& outcomes);

// WriteBundle for each of them: one that fails must not keep the others from theirs. `outcomes`
// gets what became of each, also if there is an error.
// Errors: that of the only site; else, after each error was reported, one of the kind of the first
// site that failed, or kPartly if bundles need further signatures.
[[nodiscard]] Status WriteBundles(Session& session, const Home& home,
                                  const std::vector<SiteConfig>& sites,
                                  const BundleRequest& request, std::vector<SiteOutcome>* outcomes);

// Options of `bundle` and `run` about the medium.
struct MediumOptions {
  std::string to;
  std::string volume_size;
  bool replace = false;
};
void DeclareMedium(Arguments& arguments, MediumOptions* options, const std::string& to_help);
// Sets what was given over what the site's configuration says. Error: kUsage.
[[nodiscard]] Status ApplyMedium(const MediumOptions& options, SiteConfig* site);

}  // namespace gapferry::exporter
