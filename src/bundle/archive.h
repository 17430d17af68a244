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

// Mode 0600, synced, read back and compared; then it takes its name. `label` is one line, such as
// "gapferry-export". Errors: kUsage for a name that a member cannot have; kIo, kNoSpace; kDamaged
// if the disk does not give back what was written.
[[nodiscard]] Status WriteArchive(const std::filesystem::path& target, const std::string& label,
                                  const std::vector<ArchiveEntry>& entries);

// Unpacks into `folder`, which must not exist or be empty: beside it first, renamed when all is
// there. Files get mode 0600. Returns their names. Errors: kUsage if the folder is in use or the
// archive has another label; kMalformed, kIncomplete; kIo, kNoSpace.
[[nodiscard]] Result<std::vector<std::string>> UnpackArchive(const std::filesystem::path& archive,
                                                             const std::string& label,
                                                             const std::filesystem::path& folder);

}  // namespace gapferry::bundle
