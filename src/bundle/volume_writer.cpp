#include "bundle/volume_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "bundle/source.h"

namespace gapferry::bundle {
namespace {

// Writes to one new file and remembers the hash of all it wrote. Past AtomicFile's own buffer, so
// that all is in the file before it is read back.
class HashingWriter {
 public:
  explicit HashingWriter(int fd, const VolumeProgress& progress) : fd_(fd), progress_(progress) {}

  Status Write(ByteView bytes) {
    GF_CHECK(WriteFull(fd_, bytes));
    hash_.Update(bytes);
    size_ += bytes.size();
    if (progress_) progress_(bytes.size());
    return Ok();
  }
  Status Zeros(std::uint64_t count) { return Write(Bytes(static_cast<std::size_t>(count))); }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] Digest512 Finish() { return hash_.Finish512(); }

 private:
  int fd_;
  const VolumeProgress& progress_;
  Blake2b hash_{64};
  std::uint64_t size_ = 0;
};

Status WriteAll(HashingWriter& out, const MemberList& head, const VolumePart& part,
                const ChunkSource& chunks) {
  for (const auto& [name, content] : head)
    GF_CHECK(out.Write(AsBytes(EncodeMember(name, content))));
  for (std::size_t index = part.first_chunk; index < part.end_chunk; ++index) {
    GF_TRY(const ByteView bytes, chunks(index));
    GF_CHECK(out.Write(EncodeHeader({ChunkMemberName(index), bytes.size()})));
    GF_CHECK(out.Write(bytes));
    GF_CHECK(out.Zeros(PaddingOf(bytes.size())));
  }
  return out.Zeros(kEndBytes);
}

// From the medium, not from the memory that the bytes were written through.
Status ReadBack(int fd, const WrittenVolume& written, const VolumeProgress& progress) {
  if (::fsync(fd) != 0) return SystemError("cannot sync " + written.path.string(), errno);
  ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  Bytes buffer(kChunkBytes);
  Blake2b hash(64);
  std::uint64_t offset = 0;
  while (true) {
    GF_TRY(const std::size_t got, ReadFullAt(fd, offset, buffer));
    if (got == 0) break;
    hash.Update(std::span(buffer).first(got));
    offset += got;
    if (progress) progress(got);
  }
  if (offset == written.size && hash.Finish512() == written.digest) return Ok();
  return Error::Make(
             Kind::kDamaged,
             "{}: the medium does not give back what was written ({} bytes written, {} read)",
             written.path.string(), written.size, offset)
      .Hint("use another medium; this one may be worn out or smaller than it claims");
}

Status CheckNothingFollows(int fd, const Payload& payload) {
  std::array<std::uint8_t, 1> one{};
  GF_TRY(const std::size_t beyond, ReadFullAt(fd, payload.stored_size, one));
  if (beyond == 0) return Ok();
  return Error::Make(Kind::kDamaged,
                     "the stored payload is longer than the {} bytes of its manifest",
                     payload.stored_size);
}

}  // namespace

ChunkSource ChunksOfFile(int fd, const Payload& payload) {
  auto buffer = std::make_shared<Bytes>(kChunkBytes);
  return [fd, &payload, buffer](std::size_t index) -> Result<ByteView> {
    if (index == 0) GF_CHECK(CheckNothingFollows(fd, payload));
    const Chunk& chunk = payload.chunks[index];
    const std::uint64_t offset = index * std::uint64_t{kChunkBytes};
    const auto bytes = std::span(*buffer).first(chunk.size);
    GF_TRY(const std::size_t got, ReadFullAt(fd, offset, bytes));
    if (got == chunk.size && Hash512(bytes) == chunk.digest) return ByteView(bytes);
    return Error::Make(Kind::kDamaged,
                       "the stored payload differs from its manifest in bytes {} to {}", offset,
                       offset + chunk.size);
  };
}

Result<StagedVolume> StagedVolume::Write(const std::filesystem::path& path, const MemberList& head,
                                         const VolumePart& part, const ChunkSource& chunks,
                                         const VolumeProgress& progress) {
  GF_TRY(AtomicFile file, AtomicFile::Create(path));
  HashingWriter out(file.fd(), progress);
  auto all = WriteAll(out, head, part, chunks);
  if (!all.ok()) return std::move(all).error().In(path.string());
  WrittenVolume written{path, out.size(), out.Finish()};
  GF_CHECK(ReadBack(file.fd(), written, progress));
  return StagedVolume(std::move(file), std::move(written));
}

Result<WrittenVolume> StagedVolume::Commit() {
  GF_CHECK(file_.Commit());
  return written_;
}

std::vector<std::filesystem::path> VolumePaths(const std::filesystem::path& folder,
                                               const Manifest& manifest,
                                               const std::vector<VolumePart>& parts) {
  std::vector<std::filesystem::path> paths;
  VolumeName name{manifest.stream, manifest.epoch, manifest.seq, manifest.kind};
  name.parts = static_cast<std::uint32_t>(parts.size());
  for (name.part = 1; name.part <= name.parts; ++name.part)
    paths.push_back(folder / FormatVolumeName(name));
  return paths;
}

Result<std::vector<WrittenVolume>> WriteVolumes(const std::filesystem::path& folder,
                                                const Manifest& manifest, const MemberList& head,
                                                const std::vector<VolumePart>& parts,
                                                const ChunkSource& chunks,
                                                const VolumeProgress& progress) {
  const std::vector<std::filesystem::path> paths = VolumePaths(folder, manifest, parts);
  std::vector<StagedVolume> staged;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    GF_TRY(StagedVolume volume, StagedVolume::Write(paths[i], head, parts[i], chunks, progress));
    staged.push_back(std::move(volume));
  }
  std::vector<WrittenVolume> written;
  for (StagedVolume& volume : staged) {
    GF_TRY(WrittenVolume one, volume.Commit());
    written.push_back(std::move(one));
  }
  return written;
}

}  // namespace gapferry::bundle
