#include <unistd.h>

#include "bundle/archive.h"
#include "exporter/commands.h"
#include "exporter/keys.h"
#include "exporter/next_root.h"
#include "exporter/recall.h"

namespace gapferry::exporter {
namespace {

namespace fs = std::filesystem;

constexpr char kLabel[] = "gapferry-export";
constexpr char kMirror[] = "mirror.db";

struct BackupOptions {
  std::string to;
  bool with_keys = false;
};

// A mirror with nothing but the streams and their ledgers, which already demands a new epoch:
// whoever restores it cannot know which numbers were used since.
Status WriteLedgerOnly(store::Store* mirror, const bundle::Root& root, const fs::path& file) {
  GF_TRY(store::Store copy, store::Store::Open(file));
  GF_CHECK(copy.Begin());
  std::map<Uuid, std::uint64_t> epochs;
  for (const auto& [uuid, role] : root.streams) {
    epochs[uuid] = role.epoch;
    GF_TRY(const std::optional<store::StreamRow> stream, mirror->FindStream(role.name));
    if (!stream) continue;
    GF_CHECK(copy.PutStream(*stream));
    GF_TRY(const std::vector<store::LedgerRow> ledger, mirror->Ledger(uuid));
    for (const store::LedgerRow& row : ledger)
      GF_CHECK(copy.AppendLedger(uuid, row));
    GF_CHECK(CopyRecalled(mirror, uuid, &copy));
  }
  GF_CHECK(DemandNewEpoch(&copy, epochs));
  return copy.Commit();
}

// Public files of keys/, and the secret ones if they are wanted.
Result<std::vector<bundle::ArchiveEntry>> KeyEntries(const Home& home, bool with_keys) {
  GF_TRY(const std::vector<fs::path> files, ListFiles(home.keys()));
  std::vector<bundle::ArchiveEntry> entries;
  for (const fs::path& file : files) {
    if (file.extension() == ".key" && !with_keys) continue;
    entries.push_back({"keys/" + file.filename().string(), file});
  }
  return entries;
}

Status Backup(Session& session, const BackupOptions& options) {
  if (options.to.empty()) return Error::Make(Kind::kUsage, "where to? give --to FILE");
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(const Fd lock, home.Lock());
  GF_TRY(const bundle::Root root, home.LoadNewestRoot());
  GF_TRY(store::Store mirror, home.OpenMirror());
  GF_CHECK(MakeFolder(home.work(), 0700));
  const fs::path ledger = home.work() / "backup.db";
  ::unlink(ledger.c_str());
  GF_CHECK(WriteLedgerOnly(&mirror, root, ledger));
  GF_TRY(std::vector<bundle::ArchiveEntry> entries, KeyEntries(home, options.with_keys));
  entries.push_back({kMirror, ledger});
  // Last: a home is one when it has its configuration.
  entries.push_back({home.config_file().filename().string(), home.config_file()});
  const std::vector<fs::path> unfit = bundle::TakeOutUnfit(&entries);
  Status written = bundle::WriteArchive(options.to, kLabel, entries);
  ::unlink(ledger.c_str());
  GF_CHECK(written);
  session.console.Emit(
      "backup",
      {{"file", options.to}, {"with_keys", options.with_keys}, {"files", entries.size()}});
  session.console.Say(
      fmt::format("BACKUP   {} with {} files, read back", options.to, entries.size()));
  session.console.Say(options.with_keys
                          ? "         it holds the secret keys: keep it as you keep them"
                          : "         without secret keys; --with-keys takes them too");
  return bundle::NotInBackup(unfit);
}

Status Restore(Session& session, const fs::path& file) {
  GF_TRY(const std::vector<std::string> names,
         bundle::UnpackArchive(file, kLabel, fs::path(session.home)));
  session.console.Emit("restore", {{"home", session.home}, {"files", names.size()}});
  session.console.Say(fmt::format("RESTORED {} files into {}", names.size(), session.home));
  session.console.Say(
      "next     put the secret keys into keys/ if they were not in the backup. Then take the "
      "roots");
  session.console.Say(
      "         that were made since from the medium that was written last; without them a "
      "revoked");
  session.console.Say("         key would come back, and the sites would raise an alarm:");
  session.console.Say(fmt::format("         {} root adopt MEDIUM", session.program));
  session.console.Say(
      fmt::format("         {} root change --new-epoch --site all --key KEY", session.program));
  session.console.Say(fmt::format("         {} collect", session.program));
  session.console.Say(
      "         If anything was recalled since the backup, recall it again with the next bundle");
  return Ok();
}

}  // namespace

Command BackupCommand() {
  return {
      "backup", "write what cannot be collected again into one file",
      "Configuration, roots, public keys, and each stream with its ledger. What sources gave is "
      "not in it. With --with-keys also the secret keys, as they lie in keys/.",
      [](Arguments& arguments) {
        auto options = std::make_shared<BackupOptions>();
        arguments.Option("--to", &options->to, "the file to write");
        arguments.Flag("--with-keys", &options->with_keys, "secret keys too");
        return [options](Session& session) { return Backup(session, *options); };
      }};
}

Command RestoreCommand() {
  return {"restore", "make a home from a backup",
          "Into a home that does not exist yet. No bundle can be written before a new epoch has "
          "begun, because nobody knows which numbers were used after the backup.",
          [](Arguments& arguments) {
            auto file = std::make_shared<std::string>();
            arguments.Positional("FILE", file.get(), "what `backup` wrote");
            return [file](Session& session) { return Restore(session, *file); };
          }};
}

}  // namespace gapferry::exporter
