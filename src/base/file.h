// base/file.h: files that are either wholly there or not there at all.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace gapferry {

// Owns one file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.Release()) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd() { Close(); }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool open() const { return fd_ >= 0; }
  [[nodiscard]] int Release();
  void Close();

 private:
  int fd_ = -1;
};

// The system's reason for the last failure as an Error: kNoSpace, kNotFound or kIo. `what` says
// what was tried.
[[nodiscard]] Error SystemError(std::string_view what, int error_number);

// Reads a whole regular file. Errors: kTooLarge beyond `max_bytes`, kNotFound, kIo.
[[nodiscard]] Result<std::string> ReadFile(const std::filesystem::path& path,
                                           std::uint64_t max_bytes);

// The same, of a file that a stranger may have put there: through OpenRegular.
[[nodiscard]] Result<std::string> ReadRegularFile(const std::filesystem::path& path,
                                                  std::uint64_t max_bytes);

// Opens a regular file for reading. Refuses symbolic links, devices, pipes: a medium may hold
// anything.
[[nodiscard]] Result<Fd> OpenRegular(const std::filesystem::path& path);
[[nodiscard]] Result<std::uint64_t> SizeOf(const Fd& fd);

// Reads until `buffer` is full or the file ends; returns the bytes read.
[[nodiscard]] Result<std::size_t> ReadFull(int fd, std::span<std::uint8_t> buffer);
[[nodiscard]] Status WriteFull(int fd, ByteView bytes);

// Writes beside the target, fsyncs, renames, and fsyncs the folder. Destroyed before Commit, it
// leaves nothing.
class AtomicFile {
 public:
  [[nodiscard]] static Result<AtomicFile> Create(std::filesystem::path target, mode_t mode = 0644);
  AtomicFile(AtomicFile&& other) noexcept = default;
  AtomicFile& operator=(AtomicFile&& other) noexcept = delete;
  ~AtomicFile();

  [[nodiscard]] Status Write(ByteView bytes);
  [[nodiscard]] Status Write(std::string_view text) { return Write(AsBytes(text)); }
  [[nodiscard]] Status Commit();
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const std::filesystem::path& temporary() const { return temporary_; }

 private:
  AtomicFile(Fd fd, std::filesystem::path temporary, std::filesystem::path target);

  Fd fd_;
  std::filesystem::path temporary_;
  std::filesystem::path target_;
  std::string buffer_;
};

[[nodiscard]] Status WriteFileAtomically(const std::filesystem::path& path,
                                         std::string_view content, mode_t mode = 0644);
// Copies a regular file to `to`, which must not exist, sharing its blocks where the file system
// can.
[[nodiscard]] Status CopyFile(const std::filesystem::path& from, const std::filesystem::path& to,
                              mode_t mode = 0600);
[[nodiscard]] Status SyncFile(const std::filesystem::path& file);
[[nodiscard]] Status SyncFolder(const std::filesystem::path& folder);
// What the file system of a folder allows.
struct FileSystemRoom {
  std::uint64_t free = 0;          // bytes that this user may still write
  std::uint64_t block = 0;         // what a file takes is a multiple of this
  std::uint64_t largest_file = 0;  // bytes
  bool read_only = false;
};
[[nodiscard]] Result<FileSystemRoom> RoomIn(const std::filesystem::path& folder);
// Creates the folder and its parents; `mode` applies to the last one.
[[nodiscard]] Status MakeFolder(const std::filesystem::path& folder, mode_t mode = 0755);
// A read-write file without a name in `folder`; it vanishes with its descriptor.
[[nodiscard]] Result<Fd> UnnamedFile(const std::filesystem::path& folder);
// Regular files directly in `folder`, names sorted bytewise; links and devices are not followed.
[[nodiscard]] Result<std::vector<std::filesystem::path>> ListFiles(
    const std::filesystem::path& folder);

// Holds an exclusive lock on `folder`/lock while it lives. Error: kLocked names the holder's
// process id.
[[nodiscard]] Result<Fd> LockFolder(const std::filesystem::path& folder);

}  // namespace gapferry
