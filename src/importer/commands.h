// importer/commands.h: the commands of gapferry-import; each is a file cmd_<name>.cpp.
#pragma once

#include <memory>
#include <optional>

#include "base/app.h"
#include "base/fence.h"
#include "importer/home.h"
#include "importer/trust_store.h"

namespace gapferry::importer {

// How the consumers' own programs are run.
struct Runners {
  CommandRunner plain;  // checks and reloads
  // What reads the rules of strangers; the last argument: not without Landlock.
  std::function<Result<CommandEnd>(const std::vector<std::string>&, std::chrono::seconds,
                                   const Fence&, bool)>
      fenced;
};

[[nodiscard]] Command AuditCommand();
[[nodiscard]] Command BackupCommand();
[[nodiscard]] Command DiffCommand();
[[nodiscard]] Command DumpCommand();
[[nodiscard]] Command EnrichCommand();
[[nodiscard]] Command ExplainCommand();
[[nodiscard]] Command FormatsCommand();
[[nodiscard]] Command FsckCommand();
[[nodiscard]] Command GenerateCommand(Runners runners);
[[nodiscard]] Command ImportCommand();
[[nodiscard]] Command InitCommand();
[[nodiscard]] Command InspectCommand();
[[nodiscard]] Command KeyCommand();
[[nodiscard]] Command ReceiptCommand();
[[nodiscard]] Command RecipientCommand();
[[nodiscard]] Command RestoreCommand();
[[nodiscard]] Command RollbackCommand(Runners runners);
[[nodiscard]] Command RootCommand();
[[nodiscard]] Command RunCommand(Runners runners);
[[nodiscard]] Command StatusCommand();
[[nodiscard]] Command TestCommand(CommandRunner run);
[[nodiscard]] Command TimeCommand();
[[nodiscard]] Command VerifyCommand();
[[nodiscard]] Command WhyCommand();

// All of them, sorted by name.
[[nodiscard]] Program ImportProgram(const Runners& runners);

// What `run` shares with the single commands; the caller holds the lock.

struct ImportOptions {
  std::string path;
  bool allow_rollback = false;
  bool allow_expired = false;
  bool trust_clock = false;  // the caller vouches for this machine's clock
  std::string reason;
  bool dry_run = false;  // say what would change, and change nothing
};
struct Imported {
  bool applied = false;           // false if it was there already or nothing was to change
  std::optional<Error> left_out;  // RootsLeftOut: to be returned when all else is done
};
[[nodiscard]] Result<Imported> ImportBundle(Session& session, const Home& home,
                                            const Config& config, const ImportOptions& options);

// The site as detect sees it, with the lists it points to.
struct LoadedSite {
  detect::Site site;
  std::unique_ptr<policy::Allowlist> allowlist;
  std::unique_ptr<policy::Allowlist> own;
  std::unique_ptr<policy::Additions> additions;
};
// Error: kNotReady if nothing has been imported, kConfig for a bad list.
[[nodiscard]] Result<LoadedSite> LoadSite(Config config, store::Store* store);
struct GenerateOptions {
  bool accept_change = false;
  bool preview = false;             // say what would change, and put nothing into use
  std::vector<std::string> only{};  // destinations; empty: all
};
[[nodiscard]] Status GenerateArtifacts(Session& session, const Home& home, Config config,
                                       const GenerateOptions& options, const Runners& runners);

}  // namespace gapferry::importer
