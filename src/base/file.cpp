#include "base/file.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace gapferry {
namespace {

constexpr std::size_t kWriteBuffer = 1 << 16;

std::string Shown(const std::filesystem::path& path) {
  return path.string();
}

Status CheckRegular(const Fd& fd, const std::filesystem::path& path) {
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return SystemError("cannot look at " + Shown(path), errno);
  if (S_ISREG(info.st_mode)) return Ok();
  return Error::Make(Kind::kIo, "{} is not a regular file", Shown(path));
}

Result<std::string> ReadAll(const Fd& fd, const std::filesystem::path& path,
                            std::uint64_t max_bytes) {
  GF_TRY(const std::uint64_t size, SizeOf(fd));
  if (size > max_bytes) {
    return Error::Make(Kind::kTooLarge, "{} has {} bytes; the limit is {}", Shown(path), size,
                       max_bytes);
  }
  std::string content(size, '\0');
  auto* data = reinterpret_cast<std::uint8_t*>(content.data());
  auto got = ReadFull(fd.get(), {data, content.size()});
  if (!got.ok()) return std::move(got).error().In(Shown(path));
  content.resize(*got);
  return content;
}

// For messages; a file without a name is called by its folder.
std::string NameOf(int fd) {
  std::error_code error;
  const std::filesystem::path path =
      std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", fd), error);
  return error ? "a file" : Shown(path);
}

// The process that has the lock; it takes the lock first and writes its number then.
std::string HolderOf(const std::filesystem::path& lock) {
  for (int tries = 0; tries < 100; ++tries) {
    const auto holder = ReadFile(lock, 64);
    if (!holder.ok()) break;
    const std::string_view process = AsciiTrim(*holder);
    if (!process.empty()) return std::string(process);
    ::poll(nullptr, 0, 1);
  }
  return "unknown";
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    Close();
    fd_ = other.Release();
  }
  return *this;
}

int Fd::Release() {
  return std::exchange(fd_, -1);
}

void Fd::Close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Error SystemError(std::string_view what, int error_number) {
  Kind kind = Kind::kIo;
  if (error_number == ENOSPC || error_number == EDQUOT) kind = Kind::kNoSpace;
  if (error_number == ENOENT) kind = Kind::kNotFound;
  return Error::Make(kind, "{}: {}", what, std::generic_category().message(error_number));
}

Result<Fd> OpenRegular(const std::filesystem::path& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd.open()) {
    if (errno == ELOOP) {
      return Error::Make(Kind::kIo, "{} is a symbolic link", Shown(path))
          .Hint("name the file itself; links on a medium are never followed");
    }
    return SystemError("cannot open " + Shown(path), errno);
  }
  GF_CHECK(CheckRegular(fd, path));
  return fd;
}

Result<std::uint64_t> SizeOf(const Fd& fd) {
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return SystemError("cannot look at a file", errno);
  return static_cast<std::uint64_t>(info.st_size);
}

Result<std::size_t> ReadFull(int fd, std::span<std::uint8_t> buffer) {
  std::size_t done = 0;
  while (done < buffer.size()) {
    const ssize_t got = ::read(fd, buffer.data() + done, buffer.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("cannot read", errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

Status WriteFull(int fd, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) {
      const int cause = errno;
      return SystemError("cannot write " + NameOf(fd), cause);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return Ok();
}

Result<std::string> ReadFile(const std::filesystem::path& path, std::uint64_t max_bytes) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.open()) return SystemError("cannot open " + Shown(path), errno);
  GF_CHECK(CheckRegular(fd, path));
  return ReadAll(fd, path, max_bytes);
}

Result<std::string> ReadRegularFile(const std::filesystem::path& path, std::uint64_t max_bytes) {
  GF_TRY(const Fd fd, OpenRegular(path));
  return ReadAll(fd, path, max_bytes);
}

AtomicFile::AtomicFile(Fd fd, std::filesystem::path temporary, std::filesystem::path target)
    : fd_(std::move(fd)), temporary_(std::move(temporary)), target_(std::move(target)) {}

AtomicFile::~AtomicFile() {
  if (fd_.open()) ::unlink(temporary_.c_str());
}

Result<AtomicFile> AtomicFile::Create(std::filesystem::path target, mode_t mode) {
  std::filesystem::path temporary = target;
  temporary += ".part";
  ::unlink(temporary.c_str());
  Fd fd(::open(temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!fd.open()) return SystemError("cannot create " + Shown(temporary), errno);
  return AtomicFile(std::move(fd), std::move(temporary), std::move(target));
}

Status AtomicFile::Write(ByteView bytes) {
  buffer_.append(AsText(bytes));
  if (buffer_.size() < kWriteBuffer) return Ok();
  auto written = WriteFull(fd_.get(), AsBytes(buffer_));
  buffer_.clear();
  if (!written.ok()) return std::move(written).error().In(Shown(temporary_));
  return Ok();
}

Status AtomicFile::Commit() {
  auto written = WriteFull(fd_.get(), AsBytes(buffer_));
  buffer_.clear();
  if (!written.ok()) return std::move(written).error().In(Shown(temporary_));
  if (::fsync(fd_.get()) != 0) return SystemError("cannot sync " + Shown(temporary_), errno);
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) {
    return SystemError("cannot rename to " + Shown(target_), errno);
  }
  fd_.Close();
  return SyncFolder(target_.parent_path());
}

Status WriteFileAtomically(const std::filesystem::path& path, std::string_view content,
                           mode_t mode) {
  GF_TRY(AtomicFile file, AtomicFile::Create(path, mode));
  GF_CHECK(file.Write(content));
  return file.Commit();
}

namespace {

// False: the kernel cannot do it between these two.
Result<bool> CopyInKernel(int from, int to, std::uint64_t size) {
  if (::ioctl(to, FICLONE, from) == 0) return true;
  for (std::uint64_t done = 0; done < size;) {
    const ssize_t copied = ::copy_file_range(from, nullptr, to, nullptr, size - done, 0);
    if (copied > 0) {
      done += static_cast<std::uint64_t>(copied);
      continue;
    }
    const bool cannot = errno == EXDEV || errno == ENOSYS || errno == EINVAL || errno == EOPNOTSUPP;
    if (copied < 0 && done == 0 && cannot) return false;
    return SystemError("cannot copy", copied < 0 ? errno : EIO);
  }
  return true;
}

Status CopyByHand(int from, int to) {
  constexpr std::size_t kBuffer = 1 << 20;
  Bytes buffer(kBuffer);
  for (;;) {
    GF_TRY(const std::size_t got, ReadFull(from, buffer));
    GF_CHECK(WriteFull(to, ByteView(buffer).first(got)));
    if (got < buffer.size()) return Ok();
  }
}

}  // namespace

Status CopyFile(const std::filesystem::path& from, const std::filesystem::path& to, mode_t mode) {
  GF_TRY(const Fd source, OpenRegular(from));
  GF_TRY(const std::uint64_t size, SizeOf(source));
  const Fd target(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!target.open()) return SystemError("cannot create " + to.string(), errno);
  auto copied = CopyInKernel(source.get(), target.get(), size);
  Status status = copied.ok() ? Ok() : Status(copied.error());
  if (copied.ok() && !*copied) status = CopyByHand(source.get(), target.get());
  if (!status.ok()) {
    ::unlink(to.c_str());
    return Error(status.error()).In(from.string() + " to " + to.string());
  }
  return Ok();
}

Status SyncFile(const std::filesystem::path& file) {
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.open()) return SystemError("cannot open " + file.string(), errno);
  if (::fsync(fd.get()) != 0) return SystemError("cannot sync " + file.string(), errno);
  return Ok();
}

Status SyncFolder(const std::filesystem::path& folder) {
  const std::filesystem::path shown = folder.empty() ? "." : folder;
  Fd fd(::open(shown.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.open()) return SystemError("cannot open folder " + Shown(shown), errno);
  // Some file systems for removable media cannot sync a folder; the file itself is on the medium by
  // then.
  if (::fsync(fd.get()) != 0 && errno != EINVAL && errno != ENOTSUP) {
    return SystemError("cannot sync folder " + Shown(shown), errno);
  }
  return Ok();
}

Result<FileSystemRoom> RoomIn(const std::filesystem::path& folder) {
  struct statvfs room {};
  struct statfs kind {};
  if (::statvfs(folder.c_str(), &room) != 0 || ::statfs(folder.c_str(), &kind) != 0)
    return SystemError("cannot look at the file system of " + Shown(folder), errno);
  // FAT has 32 bits for the size of a file; the kernel says so only once a write goes beyond.
  constexpr std::uint64_t kFatLargest = 0xFFFFFFFF;
  return FileSystemRoom{std::uint64_t{room.f_bavail} * room.f_frsize, room.f_frsize,
                        kind.f_type == MSDOS_SUPER_MAGIC ? kFatLargest : UINT64_MAX,
                        (room.f_flag & ST_RDONLY) != 0};
}

Status MakeFolder(const std::filesystem::path& folder, mode_t mode) {
  std::error_code error;
  if (std::filesystem::is_directory(folder, error)) return Ok();
  if (!folder.parent_path().empty())
    std::filesystem::create_directories(folder.parent_path(), error);
  if (::mkdir(folder.c_str(), mode) != 0 && errno != EEXIST) {
    return SystemError("cannot create folder " + Shown(folder), errno);
  }
  return Ok();
}

Result<Fd> UnnamedFile(const std::filesystem::path& folder) {
  Fd fd(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (fd.open()) return fd;
  std::string name = (folder / ".gapferry-XXXXXX").string();
  fd = Fd(::mkostemp(name.data(), O_CLOEXEC));
  if (!fd.open()) return SystemError("cannot create a temporary file in " + Shown(folder), errno);
  ::unlink(name.c_str());
  return fd;
}

Result<std::vector<std::filesystem::path>> ListFiles(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::directory_iterator entries(folder, error);
  if (error) return SystemError("cannot list " + Shown(folder), error.value());
  std::vector<std::filesystem::path> files;
  while (entries != std::filesystem::directory_iterator()) {
    if (entries->symlink_status(error).type() == std::filesystem::file_type::regular) {
      files.push_back(entries->path());
    }
    entries.increment(error);
    if (error) return SystemError("cannot list " + Shown(folder), error.value());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Result<Fd> LockFolder(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "lock";
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.open()) return SystemError("cannot open " + Shown(path), errno);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    const std::string process = HolderOf(path);
    return Error::Make(Kind::kLocked, "{} is in use by process {}", Shown(folder), process)
        .Hint("wait until it has ended; `ps -p {}` shows what it is", process);
  }
  const std::string self = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd.get(), 0) != 0) return SystemError("cannot write " + Shown(path), errno);
  GF_CHECK(WriteFull(fd.get(), AsBytes(self)));
  return fd;
}

}  // namespace gapferry
