#include "importer/commands.h"

namespace gapferry::importer {
namespace {

struct RunOptions {
  ImportOptions import;
  bool accept_change = false;
};

}  // namespace

Command RunCommand(Runners runners) {
  return {"run", "import a bundle and generate all artifacts",
          "What an administrator does with a new medium: `import`, then `generate`. Artifacts are "
          "also made when the "
          "bundle was imported before.",
          [runners = std::move(runners)](Arguments& arguments) {
            auto options = std::make_shared<RunOptions>();
            arguments.Positional("PATH", &options->import.path,
                                 "a bundle, or the folder of a medium");
            arguments.Flag("--allow-rollback", &options->import.allow_rollback,
                           "take an older state; needs --reason");
            arguments.Flag("--accept-expired", &options->import.allow_expired,
                           "take a bundle past its expiry; needs --reason");
            arguments.Flag("--trust-clock", &options->import.trust_clock,
                           "believe this machine's clock, whatever it shows; needs --reason");
            arguments.Option("--reason", &options->import.reason, "why the exception is made");
            arguments.Flag("--accept-change", &options->accept_change,
                           "switch even if a guard finds the change large");
            return [options, runners](Session& session) -> Status {
              GF_TRY(const Home home, Home::Open(session));
              GF_TRY(Config config, home.LoadConfig());
              GF_TRY(const Fd lock, home.Lock());
              GF_TRY(const Imported imported, ImportBundle(session, home, config, options->import));
              Status made = GenerateArtifacts(session, home, std::move(config),
                                              {.accept_change = options->accept_change}, runners);
              if (!made.ok() && imported.left_out) session.console.Report(*imported.left_out);
              GF_CHECK(std::move(made));
              return imported.left_out ? Status(*imported.left_out) : Ok();
            };
          }};
}

}  // namespace gapferry::importer
