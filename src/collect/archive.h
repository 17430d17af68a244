// collect/archive.h: zip, tar and gzip files that publishers offer. Adapter: libarchive stays in
// archive.cpp. Names within an archive are never used as paths but for Unpack, which takes only
// those that it has checked part by part.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "collect/byte_stream.h"

namespace gapferry::collect {

struct ArchiveLimits {
  std::uint64_t max_bytes = std::uint64_t{8} << 30;  // of all members together
  std::uint64_t max_ratio = 300;  // of unpacked to packed, once past kFreeOfRatio
  std::uint64_t max_members = 500'000;

  static constexpr std::uint64_t kFreeOfRatio = std::uint64_t{64} << 20;
};

// By the first bytes: gzip, zip, or tar. Leaves the descriptor at its start.
[[nodiscard]] Result<bool> IsArchive(const Fd& fd);

// Calls `visit` with every regular file of the archive, in its order; of a lone gzip file, with
// what is in it. An archive within the archive is bytes like any other. `source` is good until
// `visit` returns. Errors: kMalformed (broken, encrypted, an archive within gzip that is no tar),
// kTooLarge (a limit), and those of `visit`.
using VisitMember = std::function<Status(const std::string& name, ByteSource source)>;
[[nodiscard]] Status ForEachMember(const Fd& fd, const std::string& file,
                                   const ArchiveLimits& limits, const VisitMember& visit);

// Writes the *.json of an archive below `folder`, which is empty, under their own names. Errors:
// those of ForEachMember, and kMalformed for a name that leads elsewhere, a file that is there
// twice, or a
// *.json that is a link or a device.
[[nodiscard]] Status Unpack(const Fd& fd, const std::string& file, const ArchiveLimits& limits,
                            const std::filesystem::path& folder);

// A folder of our own that vanishes with the object.
class ScratchFolder {
 public:
  // Error: kIo, kNoSpace.
  [[nodiscard]] static Result<ScratchFolder> Make(const std::filesystem::path& parent);
  ScratchFolder(ScratchFolder&& other) noexcept;
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  ~ScratchFolder();
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  explicit ScratchFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace gapferry::collect
