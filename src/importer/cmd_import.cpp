#include "importer/commands.h"

namespace gapferry::importer {

Command ImportCommand() {
  return {
      "import", "verify a bundle and take its state into the store",
      "Signatures first, then every chunk by its signed hash, then a confined reader parses, "
      "then this site's "
      "clearance decides row by row. The new state is made aside and takes the place of the old "
      "one only if it is the signed one; the old one is kept for `rollback`. Of several bundles "
      "on a medium the cheapest that leads to the newest state is taken.",
      [](Arguments& arguments) {
        auto options = std::make_shared<ImportOptions>();
        arguments.Positional("PATH", &options->path, "a bundle, or the folder of a medium");
        arguments.Flag("--allow-rollback", &options->allow_rollback,
                       "take an older state; needs --reason");
        arguments.Flag("--accept-expired", &options->allow_expired,
                       "take a bundle past its expiry; needs --reason");
        arguments.Flag("--trust-clock", &options->trust_clock,
                       "believe this machine's clock, whatever it shows; needs --reason");
        arguments.Option("--reason", &options->reason, "why the exception is made");
        arguments.Flag("--dry-run", &options->dry_run,
                       "say what would change, as `diff` does, and change nothing");
        return [options](Session& session) -> Status {
          GF_TRY(const Home home, Home::Open(session));
          GF_TRY(const Config config, home.LoadConfig());
          GF_TRY(const Fd lock, home.Lock());
          GF_TRY(const Imported imported, ImportBundle(session, home, config, *options));
          if (imported.applied) {
            session.console.Note(
                fmt::format("next: `{} generate` makes the artifacts", session.program));
          }
          return imported.left_out ? Status(*imported.left_out) : Ok();
        };
      }};
}

}  // namespace gapferry::importer
