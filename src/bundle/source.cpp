#include "bundle/source.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace gapferry::bundle {

Result<std::size_t> ReadFullAt(int fd, std::uint64_t offset, std::span<std::uint8_t> buffer) {
  std::size_t done = 0;
  while (done < buffer.size()) {
    const ssize_t got =
        ::pread(fd, buffer.data() + done, buffer.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("cannot read", errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

FileSource::FileSource(Fd fd, std::string name, std::uint64_t size)
    : fd_(std::move(fd)), name_(std::move(name)), size_(size) {
  ::posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
}

Result<std::unique_ptr<ByteSource>> FileSource::Open(const std::filesystem::path& path) {
  GF_TRY(Fd fd, OpenRegular(path));
  return Adopt(std::move(fd), path.string());
}

Result<std::unique_ptr<ByteSource>> FileSource::Adopt(Fd fd, std::string name) {
  GF_TRY(const std::uint64_t size, SizeOf(fd));
  return std::unique_ptr<ByteSource>(new FileSource(std::move(fd), std::move(name), size));
}

Result<std::size_t> FileSource::ReadAt(std::uint64_t offset, std::span<std::uint8_t> buffer) {
  auto got = ReadFullAt(fd_.get(), offset, buffer);
  if (!got.ok()) return std::move(got).error().In(name_);
  return got;
}

void FileSource::Prefetch(std::uint64_t offset, std::uint64_t length) {
  ::posix_fadvise(fd_.get(), static_cast<off_t>(offset), static_cast<off_t>(length),
                  POSIX_FADV_WILLNEED);
}

Result<std::size_t> MemorySource::ReadAt(std::uint64_t offset, std::span<std::uint8_t> buffer) {
  if (offset >= bytes_.size()) return std::size_t{0};
  const ByteView rest = AsBytes(bytes_).subspan(static_cast<std::size_t>(offset));
  const std::size_t length = std::min(rest.size(), buffer.size());
  std::copy_n(rest.begin(), length, buffer.begin());
  return length;
}

}  // namespace gapferry::bundle
