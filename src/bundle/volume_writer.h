// bundle/volume_writer.h: writes volumes so that a file with a volume's name is a whole volume.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "base/file.h"
#include "base/hash.h"
#include "base/result.h"
#include "bundle/volume.h"
#include "bundle/volume_plan.h"

namespace gapferry::bundle {

// Gives the stored bytes of chunk `index`, compared with the chunk table already. They stay valid
// until the next call.
using ChunkSource = std::function<Result<ByteView>(std::size_t index)>;

// From a readable file of the stored bytes. Error: kDamaged if they are not what `payload` says,
// also if there are more of them.
[[nodiscard]] ChunkSource ChunksOfFile(int fd, const Payload& payload);

// Called with the bytes written or read back since the last call.
using VolumeProgress = std::function<void(std::uint64_t)>;

struct WrittenVolume {
  std::filesystem::path path;
  std::uint64_t size = 0;
  Digest512 digest{};  // as `b2sum` prints it
};

// A volume that lies complete beside its name: written, synced, dropped from the cache, read back
// and compared. Destroyed before Commit, it leaves nothing.
class StagedVolume {
 public:
  // Errors: kIo, kNoSpace; kDamaged if the medium does not give back what was written; those of
  // `chunks`.
  [[nodiscard]] static Result<StagedVolume> Write(const std::filesystem::path& path,
                                                  const MemberList& head, const VolumePart& part,
                                                  const ChunkSource& chunks,
                                                  const VolumeProgress& progress);
  // Gives it its name.
  [[nodiscard]] Result<WrittenVolume> Commit();

 private:
  StagedVolume(AtomicFile file, WrittenVolume written)
      : file_(std::move(file)), written_(std::move(written)) {}
  AtomicFile file_;
  WrittenVolume written_;
};

// The names of the volumes of a plan.
[[nodiscard]] std::vector<std::filesystem::path> VolumePaths(const std::filesystem::path& folder,
                                                             const Manifest& manifest,
                                                             const std::vector<VolumePart>& parts);

// Writes all volumes of a bundle into `folder`. None has its name before all were read back, so
// that what an interruption leaves is never a complete set. The same input gives the same bytes.
[[nodiscard]] Result<std::vector<WrittenVolume>> WriteVolumes(const std::filesystem::path& folder,
                                                              const Manifest& manifest,
                                                              const MemberList& head,
                                                              const std::vector<VolumePart>& parts,
                                                              const ChunkSource& chunks,
                                                              const VolumeProgress& progress = {});

}  // namespace gapferry::bundle
