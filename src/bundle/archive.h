// bundle/archive.h: a home in one file, for backups: plain ustar, as `tar tf` lists it, with a
// label that says whose it is. Nothing in it is signed: it never crosses the gap.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace gapferry::bundle {

struct ArchiveEntry {
  std::string name;  // a member name: relative, no ".."
  std::filesystem::path source;
};

// Takes out the entries whose names a member cannot have, such as one with a space. Returns their
// files.
[[nodiscard]] std::vector<std::filesystem::path> TakeOutUnfit(std::vector<ArchiveEntry>* entries);
// kPartly that names the files which are not in a backup; Ok if there are none.
[[nodiscard]] Status NotInBackup(const std::vector<std::filesystem::path>& files);

// Mode 0600, synced, read back and compared. `label` is one line, such as "gapferry-export". The
// last member, gapferry-digests, is what `b2sum -c` reads. Errors: kUsage for a name that a member
// cannot have; kIo, also if `target` is there and no regular file; kNoSpace; kDamaged if the disk
// does not give back what was written.
[[nodiscard]] Status WriteArchive(const std::filesystem::path& target, const std::string& label,
                                  const std::vector<ArchiveEntry>& entries);

// Unpacks into `folder`, which must not exist or be empty: beside it first, renamed when all is
// there. Files get mode 0600. Returns their names. Errors: kUsage if the folder is in use or the
// archive has another label; kDamaged if a file does not have the digest that was written with it;
// kMalformed, kIncomplete; kIo, kNoSpace.
[[nodiscard]] Result<std::vector<std::string>> UnpackArchive(const std::filesystem::path& archive,
                                                             const std::string& label,
                                                             const std::filesystem::path& folder);

}  // namespace gapferry::bundle
