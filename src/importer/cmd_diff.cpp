#include "importer/commands.h"

namespace gapferry::importer {

Command DiffCommand() {
  return {
      "diff", "say what a bundle would change here, before anything is written",
      "Verifies and reads the bundle exactly as `import` would, into a store aside, and compares: "
      "rows added, changed and removed, by type, TLP and source, and how each destination's "
      "artifacts would grow or shrink. The same as `import --dry-run`.",
      [](Arguments& arguments) {
        auto options = std::make_shared<ImportOptions>();
        options->dry_run = true;
        arguments.Positional("PATH", &options->path, "a bundle, or the folder of a medium");
        return [options](Session& session) -> Status {
          GF_TRY(const Home home, Home::Open(session));
          GF_TRY(const Config config, home.LoadConfig());
          GF_TRY(const Fd lock, home.Lock());
          GF_TRY(const Imported imported, ImportBundle(session, home, config, *options));
          return imported.left_out ? Status(*imported.left_out) : Ok();
        };
      }};
}

}  // namespace gapferry::importer
