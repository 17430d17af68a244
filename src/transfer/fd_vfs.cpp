#include "transfer/fd_vfs.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace gapferry::transfer {
namespace {

constexpr char kName[] = "gapferry-fd";
int the_descriptor = -1;

int Close(sqlite3_file*) {
  return SQLITE_OK;
}

int Read(sqlite3_file*, void* buffer, int amount, sqlite3_int64 offset) {
  auto* bytes = static_cast<char*>(buffer);
  int done = 0;
  while (done < amount) {
    const ssize_t got = ::pread(the_descriptor, bytes + done,
                                static_cast<std::size_t>(amount - done), offset + done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SQLITE_IOERR_READ;
    if (got == 0) {
      std::memset(bytes + done, 0, static_cast<std::size_t>(amount - done));
      return SQLITE_IOERR_SHORT_READ;
    }
    done += static_cast<int>(got);
  }
  return SQLITE_OK;
}

int Write(sqlite3_file*, const void*, int, sqlite3_int64) {
  return SQLITE_READONLY;
}
int Truncate(sqlite3_file*, sqlite3_int64) {
  return SQLITE_READONLY;
}
int Sync(sqlite3_file*, int) {
  return SQLITE_OK;
}

int FileSize(sqlite3_file*, sqlite3_int64* size) {
  struct stat info {};
  if (::fstat(the_descriptor, &info) != 0) return SQLITE_IOERR_FSTAT;
  *size = info.st_size;
  return SQLITE_OK;
}

int Lock(sqlite3_file*, int) {
  return SQLITE_OK;
}
int CheckReservedLock(sqlite3_file*, int* result) {
  *result = 0;
  return SQLITE_OK;
}
int FileControl(sqlite3_file*, int, void*) {
  return SQLITE_NOTFOUND;
}
int SectorSize(sqlite3_file*) {
  return 4096;
}
int DeviceCharacteristics(sqlite3_file*) {
  return SQLITE_IOCAP_IMMUTABLE;
}

const sqlite3_io_methods kMethods = {1,
                                     Close,
                                     Read,
                                     Write,
                                     Truncate,
                                     Sync,
                                     FileSize,
                                     Lock,
                                     Lock,
                                     CheckReservedLock,
                                     FileControl,
                                     SectorSize,
                                     DeviceCharacteristics,
                                     nullptr,
                                     nullptr,
                                     nullptr,
                                     nullptr,
                                     nullptr,
                                     nullptr};

int Open(sqlite3_vfs*, const char*, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;
  // The main database only: no journal, no write-ahead log, no temporary file exists here.
  if ((flags & SQLITE_OPEN_MAIN_DB) == 0) return SQLITE_CANTOPEN;
  file->pMethods = &kMethods;
  if (out_flags != nullptr) *out_flags = SQLITE_OPEN_READONLY;
  return SQLITE_OK;
}

int Delete(sqlite3_vfs*, const char*, int) {
  return SQLITE_READONLY;
}
int Access(sqlite3_vfs*, const char*, int, int* result) {
  *result = 0;
  return SQLITE_OK;
}
int FullPathname(sqlite3_vfs*, const char* name, int size, char* out) {
  sqlite3_snprintf(size, out, "%s", name);
  return SQLITE_OK;
}
// Nothing that reads a payload depends on randomness or time.
int Randomness(sqlite3_vfs*, int size, char* out) {
  std::memset(out, 0, static_cast<std::size_t>(size));
  return size;
}
int Sleep(sqlite3_vfs*, int) {
  return 0;
}
int CurrentTime(sqlite3_vfs*, double* time) {
  *time = 0;
  return SQLITE_OK;
}
int GetLastError(sqlite3_vfs*, int, char*) {
  return 0;
}

sqlite3_vfs MakeVfs() {
  sqlite3_vfs vfs{};
  vfs.iVersion = 1;
  vfs.szOsFile = sizeof(sqlite3_file);
  vfs.mxPathname = 64;
  vfs.zName = kName;
  vfs.xOpen = Open;
  vfs.xDelete = Delete;
  vfs.xAccess = Access;
  vfs.xFullPathname = FullPathname;
  vfs.xRandomness = Randomness;
  vfs.xSleep = Sleep;
  vfs.xCurrentTime = CurrentTime;
  vfs.xGetLastError = GetLastError;
  return vfs;
}

}  // namespace

std::string UseDescriptorVfs(int fd) {
  static sqlite3_vfs vfs = MakeVfs();
  the_descriptor = fd;
  sqlite3_vfs_register(&vfs, /*makeDflt=*/0);
  return kName;
}

}  // namespace gapferry::transfer
