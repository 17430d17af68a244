// transfer/fd_vfs.h: SQLite reads one open descriptor and nothing else. A database that lies where
// others can write is at the mercy of a -wal or -journal beside it (reference/airgap.md, fact 1);
// through this there is no beside.
#pragma once

#include <string>

namespace gapferry::transfer {

// Registers (once) the read-only file system "gapferry-fd" and makes `fd` the one file it has.
// Returns its name, for SQLite::Database. Not for threads.
[[nodiscard]] std::string UseDescriptorVfs(int fd);

}  // namespace gapferry::transfer
