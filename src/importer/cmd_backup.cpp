#include <unistd.h>

#include "bundle/archive.h"
#include "importer/audit.h"
#include "importer/commands.h"

namespace gapferry::importer {
namespace {

namespace fs = std::filesystem;

constexpr char kLabel[] = "gapferry-import";

// Whatever lies in the home, but not what is made anew, what is open, or what others put there.
Result<std::vector<bundle::ArchiveEntry>> EntriesOf(const Home& home, const fs::path& artifacts) {
  std::vector<bundle::ArchiveEntry> entries;
  std::error_code error;
  fs::recursive_directory_iterator walk(home.folder(), error);
  for (; !error && walk != fs::recursive_directory_iterator(); walk.increment(error)) {
    const fs::path& path = walk->path();
    const fs::file_type type = walk->symlink_status(error).type();
    if (type == fs::file_type::directory) {
      if (path == home.work() || path == home.states() ||
          path.lexically_normal() == artifacts.lexically_normal())
        walk.disable_recursion_pending();
      continue;
    }
    const std::string name = path.lexically_relative(home.folder()).string();
    const bool left_out = name == "lock" || path == home.config_file() ||
                          name.starts_with(home.store_file().filename().string());
    if (type == fs::file_type::regular && !left_out) entries.push_back({name, path});
  }
  if (error) return SystemError("cannot list " + home.folder().string(), error.value());
  return entries;
}

Status Backup(Session& session, const std::string& to) {
  if (to.empty()) return Error::Make(Kind::kUsage, "where to? give --to FILE");
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(const Config config, home.LoadConfig());
  GF_TRY(const Fd lock, home.Lock());
  GF_TRY(std::vector<bundle::ArchiveEntry> entries, EntriesOf(home, config.artifacts));
  GF_CHECK(MakeFolder(home.work(), 0700));
  const fs::path snapshot = home.work() / "backup.db";
  ::unlink(snapshot.c_str());
  {
    GF_TRY(store::Store store, home.OpenStore());
    GF_CHECK(store.SnapshotTo(snapshot));
  }
  entries.push_back({home.store_file().filename().string(), snapshot});
  // Last: a home is one when it has its configuration.
  entries.push_back({home.config_file().filename().string(), home.config_file()});
  const std::vector<fs::path> unfit = bundle::TakeOutUnfit(&entries);
  Status written = bundle::WriteArchive(to, kLabel, entries);
  ::unlink(snapshot.c_str());
  GF_CHECK(written);
  session.console.Emit("backup", {{"file", to}, {"files", entries.size()}});
  session.console.Say(fmt::format("BACKUP   {} with {} files, read back", to, entries.size()));
  return bundle::NotInBackup(unfit);
}

Status Restore(Session& session, const fs::path& file) {
  GF_TRY(const std::vector<std::string> names,
         bundle::UnpackArchive(file, kLabel, fs::path(session.home)));
  const Home home{fs::path(session.home)};
  GF_TRY(store::Store store, home.OpenStore());
  GF_TRY(const SiteTrust trust, LoadTrust(&store));
  const auto stream = trust.state.streams.find(trust.stream);
  std::string highest = "none";
  if (stream != trust.state.streams.end() && stream->second.highest) {
    highest = fmt::format("{}.{}", stream->second.highest->epoch, stream->second.highest->seq);
  }
  GF_CHECK(AppendAudit(home.audit_file(), "restored",
                       {{"highest", highest}, {"root_version", trust.state.root.version}}));
  session.console.Emit("restore", {{"home", session.home},
                                   {"files", names.size()},
                                   {"highest", highest},
                                   {"root_version", trust.state.root.version}});
  session.console.Say(fmt::format("RESTORED {} files into {}", names.size(), session.home));
  session.console.Say(
      fmt::format("holds    root {}, highest number {}", trust.state.root.version, highest));
  session.console.Say(
      "         what came between the backup and now would be accepted again; so import the "
      "newest");
  session.console.Say(
      "         bundle now, and repeat each `key revoke` that was made since the backup");
  return Ok();
}

}  // namespace

Command BackupCommand() {
  return {
      "backup", "write this site's state into one file",
      "Configuration, keys, lists in the home, and a snapshot of the store: the pin, the highest "
      "number, the time floor, revocations, ids and rows. Artifacts are left out; `generate` "
      "makes them again.",
      [](Arguments& arguments) {
        auto to = std::make_shared<std::string>();
        arguments.Option("--to", to.get(), "the file to write");
        return [to](Session& session) { return Backup(session, *to); };
      }};
}

Command RestoreCommand() {
  return {
      "restore", "make a home from a backup",
      "Into a home that does not exist yet. Replay protection is that of the backup's day until "
      "the newest bundle has been imported.",
      [](Arguments& arguments) {
        auto file = std::make_shared<std::string>();
        arguments.Positional("FILE", file.get(), "what `backup` wrote");
        return [file](Session& session) { return Restore(session, *file); };
      }};
}

}  // namespace gapferry::importer
