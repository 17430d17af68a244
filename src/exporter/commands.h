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
[[nodiscard]] Command StatusCommand();

// All of them, sorted by name.
[[nodiscard]] Program ExportProgram();

// What `run` shares with the single commands; the caller holds the lock.

// Collects the source with this name, or all. kPartly if some input was refused and the rest is in
// place.
[[nodiscard]] Status CollectSources(Session& session, const Home& home, const Config& config,
                                    const std::string& only);
// Writes the site's next bundles into `to`.
[[nodiscard]] Status WriteBundle(Session& session, const Home& home, const SiteConfig& site,
                                 const std::filesystem::path& to,
                                 const BundleRequest& request = {});

}  // namespace gapferry::exporter
