// exporter/commands.h: the commands of gapferry-export; each is a file cmd_<name>.cpp.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/app.h"
#include "exporter/bundle_maker.h"
#include "exporter/home.h"
#include "policy/reason.h"

namespace gapferry::exporter {

[[nodiscard]] Command BundleCommand();
[[nodiscard]] Command CollectCommand();
[[nodiscard]] Command InitCommand();
[[nodiscard]] Command RunCommand();
[[nodiscard]] Command SignCommand();
[[nodiscard]] Command StatusCommand();

// All of them, sorted by name.
[[nodiscard]] Program ExportProgram();

// What `run` shares with the single commands; the caller holds the lock.

// Collects the source with this name, or all. kPartly if some input was refused and the rest is in
// place.
[[nodiscard]] Status CollectSources(Session& session, const Home& home, const Config& config,
                                    const std::string& only);
// Writes the site's next bundles into `site.to`. With `replace` older bundles of its stream go once
// the new ones are complete.
[[nodiscard]] Status WriteBundle(Session& session, const Home& home, const SiteConfig& site,
                                 bool replace, const BundleRequest& request = {});

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
