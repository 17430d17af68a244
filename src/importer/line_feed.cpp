#include "importer/line_feed.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace gapferry::importer {
namespace {

constexpr std::size_t kReadBytes = 64 << 10;

}  // namespace

Result<Fd> OpenInput(const std::filesystem::path& path) {
  if (path.empty() || path == "-") {
    Fd input(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
    if (!input.open()) return SystemError("cannot read standard input", errno);
    return input;
  }
  // Opening a pipe that nobody writes to must not wait.
  Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.open()) return SystemError(fmt::format("cannot open {}", path.string()), errno);
  struct stat facts {};
  if (::fstat(file.get(), &facts) != 0)
    return SystemError(fmt::format("cannot read {}", path.string()), errno);
  if (S_ISREG(facts.st_mode)) return file;
  return Error::Make(Kind::kIo, "{} is not a regular file", path.string())
      .Hint("to read a pipe or a device, give it as standard input: - <{}", path.string());
}

ByteSource SourceOf(Fd fd) {
  auto shared = std::make_shared<Fd>(std::move(fd));
  return [shared](std::span<std::uint8_t> into) -> Result<std::size_t> {
    while (true) {
      const ssize_t got = ::read(shared->get(), into.data(), into.size());
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) return SystemError("cannot read the input", errno);
    }
  };
}

Result<bool> LineFeed::Fill() {
  if (ended_) return false;
  buffer_.erase(0, at_);
  scanned_ -= at_;
  at_ = 0;
  const std::size_t held = buffer_.size();
  buffer_.resize(held + kReadBytes);
  auto got = source_({reinterpret_cast<std::uint8_t*>(buffer_.data()) + held, kReadBytes});
  buffer_.resize(held + (got.ok() ? *got : 0));
  if (!got.ok()) return std::move(got).error();
  ended_ = *got == 0;
  return !ended_;
}

std::optional<LineFeed::Line> LineFeed::Next() {
  const std::size_t lf = buffer_.find('\n', scanned_);
  scanned_ = std::min(lf, buffer_.size());
  const std::size_t size = scanned_ - at_;
  if (size > max_line_) return Take(max_line_, false);
  if (lf != std::string::npos) return Take(size + 1, true);
  return ended_ && size > 0 ? std::optional(Take(size, true)) : std::nullopt;
}

LineFeed::Line LineFeed::Take(std::size_t size, bool ends) {
  const Line line{std::string_view(buffer_).substr(at_, size), number_, inside_ || !ends, !inside_};
  at_ += size;
  scanned_ = std::max(scanned_, at_);
  inside_ = !ends;
  if (ends) ++number_;
  return line;
}

}  // namespace gapferry::importer
