#include "collect/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

#include "base/file.h"

namespace gapferry::collect {
namespace {

constexpr std::size_t kBlock = 64 << 10;
constexpr std::size_t kMaxNesting = 8;
constexpr std::size_t kMaxPart = 200;
constexpr std::size_t kShownName = 120;

struct Closer {
  void operator()(archive* reader) const { ::archive_read_free(reader); }
};
using OpenArchive = std::unique_ptr<archive, Closer>;

std::string Shown(const char* name) {
  const std::string_view text = name == nullptr ? "" : name;
  return std::string(text.substr(0, kShownName));
}

// Passes over an archive's members within the limits.
class Walk {
 public:
  Walk(const Fd& fd, const std::string& file, const ArchiveLimits& limits)
      : fd_(fd), file_(file), limits_(limits), reader_(::archive_read_new()) {}

  // `wanted` decides by name; what is not wanted may be of any kind.
  Status All(const std::function<bool(const std::string&)>& wanted, const VisitMember& visit) {
    GF_CHECK(Open());
    std::uint64_t members = 0;
    while (true) {
      archive_entry* entry = nullptr;
      const int code = ::archive_read_next_header(reader_.get(), &entry);
      if (code == ARCHIVE_EOF) return Ok();
      if (code < ARCHIVE_WARN) return Broken();
      if (++members > limits_.max_members)
        return Error::Make(Kind::kTooLarge, "{}: more than {} members", file_, limits_.max_members);
      GF_CHECK(One(entry, wanted, visit));
    }
  }

 private:
  Error Broken() {
    const char* reason = ::archive_error_string(reader_.get());
    return Error::Make(Kind::kMalformed, "{}: cannot be unpacked: {}", file_,
                       reason == nullptr ? "it is broken" : reason);
  }

  Status Open() {
    archive* reader = reader_.get();
    if (reader == nullptr) return Error::Make(Kind::kIo, "libarchive has no memory");
    ::archive_read_support_filter_gzip(reader);
    ::archive_read_support_format_zip(reader);
    ::archive_read_support_format_tar(reader);
    ::archive_read_support_format_raw(reader);
    ::archive_read_support_format_empty(reader);
    if (::archive_read_open_fd(reader, fd_.get(), kBlock) != ARCHIVE_OK) return Broken();
    return Ok();
  }

  Status One(archive_entry* entry, const std::function<bool(const std::string&)>& wanted,
             const VisitMember& visit) {
    // Only now the format is known. Within gzip, a tar is one thing; another archive is two.
    const int format = ::archive_format(reader_.get()) & ARCHIVE_FORMAT_BASE_MASK;
    const bool within_gzip = ::archive_filter_count(reader_.get()) > 1;
    if (format == ARCHIVE_FORMAT_ZIP && within_gzip)
      return Error::Make(Kind::kMalformed, "{}: an archive within an archive", file_);
    const bool raw = format == ARCHIVE_FORMAT_RAW;
    const char* utf8 = ::archive_entry_pathname_utf8(entry);
    const char* name = utf8 != nullptr ? utf8 : ::archive_entry_pathname(entry);
    const std::string member = raw ? "" : std::string(name == nullptr ? "" : name);
    if (::archive_entry_filetype(entry) == AE_IFDIR || !wanted(member)) return Ok();
    if (!raw && (::archive_entry_filetype(entry) != AE_IFREG ||
                 ::archive_entry_hardlink(entry) != nullptr)) {
      return Error::Make(Kind::kMalformed, "{}: {} is a link or a device, not a file", file_,
                         Shown(name));
    }
    if (::archive_entry_is_encrypted(entry) != 0)
      return Error::Make(Kind::kMalformed, "{}: {} is encrypted", file_, Shown(name));
    return visit(member, [this](std::span<std::uint8_t> buffer) { return Read(buffer); });
  }

  Result<std::size_t> Read(std::span<std::uint8_t> buffer) {
    std::size_t filled = 0;
    while (filled < buffer.size()) {
      const la_ssize_t got =
          ::archive_read_data(reader_.get(), buffer.data() + filled, buffer.size() - filled);
      if (got < 0) return Broken();
      if (got == 0) break;
      filled += static_cast<std::size_t>(got);
      GF_CHECK(Count(static_cast<std::uint64_t>(got)));
    }
    return filled;
  }

  Status Count(std::uint64_t bytes) {
    unpacked_ += bytes;
    if (unpacked_ > limits_.max_bytes) {
      return Error::Make(Kind::kTooLarge, "{}: unpacks to more than {} bytes", file_,
                         limits_.max_bytes);
    }
    const auto packed = static_cast<std::uint64_t>(
        std::max<la_int64_t>(1, ::archive_filter_bytes(reader_.get(), -1)));
    if (unpacked_ > ArchiveLimits::kFreeOfRatio && unpacked_ / packed > limits_.max_ratio) {
      return Error::Make(Kind::kTooLarge, "{}: unpacks to more than {} times its size", file_,
                         limits_.max_ratio);
    }
    return Ok();
  }

  const Fd& fd_;
  const std::string& file_;
  const ArchiveLimits& limits_;
  OpenArchive reader_;
  std::uint64_t unpacked_ = 0;
};

// A relative path whose parts are plain names.
bool IsSafeName(std::string_view name) {
  std::size_t depth = 0;
  while (!name.empty()) {
    const std::size_t end = std::min(name.find('/'), name.size());
    const std::string_view part = name.substr(0, end);
    if (part.empty() || part == "." || part == ".." || part.size() > kMaxPart) return false;
    if (++depth > kMaxNesting) return false;
    for (const char c : part) {
      if (static_cast<std::uint8_t>(c) < 0x20 || c == '\\' || c == 0x7F) return false;
    }
    if (end + 1 == name.size()) return false;  // ends with a slash
    name.remove_prefix(std::min(name.size(), end + 1));
  }
  return depth > 0;
}

Status WriteMember(const std::filesystem::path& path, const ByteSource& source) {
  GF_CHECK(MakeFolder(path.parent_path(), 0700));
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd.open()) return SystemError("cannot write " + path.string(), errno);
  std::array<std::uint8_t, kBlock> buffer;
  while (true) {
    GF_TRY(const std::size_t got, source(buffer));
    if (got == 0) return Ok();
    GF_CHECK(WriteFull(fd.get(), ByteView(buffer).first(got)));
  }
}

}  // namespace

Result<bool> IsArchive(const Fd& fd) {
  std::array<std::uint8_t, 512> head{};
  GF_TRY(const std::size_t got, ReadFull(fd.get(), head));
  if (::lseek(fd.get(), 0, SEEK_SET) != 0) return SystemError("cannot rewind", errno);
  const std::string_view text = AsText(ByteView(head).first(got));
  return text.starts_with("\x1F\x8B") || text.starts_with("PK\x03\x04") ||
         text.starts_with("PK\x05\x06") || (got == head.size() && text.substr(257, 5) == "ustar");
}

Status ForEachMember(const Fd& fd, const std::string& file, const ArchiveLimits& limits,
                     const VisitMember& visit) {
  return Walk(fd, file, limits).All([](const std::string&) { return true; }, visit);
}

Status Unpack(const Fd& fd, const std::string& file, const ArchiveLimits& limits,
              const std::filesystem::path& folder) {
  const auto wanted = [](const std::string& name) { return name.ends_with(".json"); };
  return Walk(fd, file, limits)
      .All(wanted, [&](const std::string& name, const ByteSource& source) -> Status {
        if (!IsSafeName(name))
          return Error::Make(Kind::kMalformed, "{}: \"{}\" is a name that could lead elsewhere",
                             file, Shown(name.c_str()));
        return WriteMember(folder / name, source);
      });
}

Result<ScratchFolder> ScratchFolder::Make(const std::filesystem::path& parent) {
  std::string name = (parent / "scratch-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) return SystemError("cannot make " + name, errno);
  return ScratchFolder(name);
}

ScratchFolder::ScratchFolder(ScratchFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace gapferry::collect
