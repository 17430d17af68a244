#include "bundle/medium_writer.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "base/console.h"
#include "bundle/label.h"
#include "bundle/signed_file.h"
#include "bundle/trust.h"

namespace gapferry::bundle {
namespace {

namespace fs = std::filesystem;

// The label, the first root with its signature, and what folders take.
constexpr std::uint64_t kBesideVolumes = 256 << 10;

StatePoint NumberOf(const Manifest& manifest) {
  return {manifest.epoch, manifest.seq, {}};
}
StatePoint NumberOf(const VolumeName& name) {
  return {name.epoch, name.seq, {}};
}

// Made by itself, it would lie on the disk below a mount point that nothing is mounted on.
Status CheckFolder(const fs::path& folder) {
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (fs::is_directory(status)) return Ok();
  if (fs::exists(status)) return Error::Make(Kind::kIo, "{} is no folder", folder.string());
  if (status.type() != fs::file_type::not_found)
    return SystemError("cannot look into " + folder.string(), error.value());
  return Error::Make(Kind::kNotFound, "there is no folder {}", folder.string())
      .Hint("mount the medium there, or make it: `mkdir -p {}`; nothing was written",
            folder.string());
}

Status CheckTarget(const fs::path& path) {
  std::error_code error;
  const fs::file_type type = fs::symlink_status(path, error).type();
  if (type == fs::file_type::not_found || type == fs::file_type::regular) return Ok();
  return Error::Make(Kind::kIo, "{} is in the way and is no regular file", path.string())
      .Hint("take it away, or write into another folder");
}

// A file keeps one signature of each key: never one that does not fit instead of one that does.
SignedDocument FittingFirst(const SignedDocument& document) {
  const auto root = ParseRoot(document.bytes);
  if (!root.ok()) return document;
  SignedDocument ordered = document;
  ordered.signatures = SortSignatures(root->keys, document.bytes, RootTrustedComment(root->version),
                                      document.signatures)
                           .fitting;
  ordered.signatures.insert(ordered.signatures.end(), document.signatures.begin(),
                            document.signatures.end());
  return ordered;
}

Status PutRoot(const fs::path& folder, std::uint64_t version, const SignedDocument& root) {
  auto there = ReadRegularFile(folder / RootFileName(version), kMaxRootBytes);
  if (there.ok() && *there == root.bytes) return Ok();
  return WriteSignedFile(folder / RootFileName(version), FittingFirst(root));
}

// What the file itself says, whoever wrote it.
Result<Manifest> ManifestIn(const fs::path& path) {
  GF_TRY(auto source, FileSource::Open(path));
  GF_TRY(BundleReader volume, BundleReader::OpenVolume(std::move(source)));
  return volume.AssumeManifest();
}

// Whether it says that it is of this stream and older.
bool IsOlder(const fs::path& path, const Manifest& manifest) {
  const auto other = ManifestIn(path);
  return other.ok() && other->stream_uuid == manifest.stream_uuid &&
         IsBefore(NumberOf(*other), NumberOf(manifest));
}

// A delta that travels without a full needs the one that it starts from on the way, for a site that
// missed it.
bool IsNeededBy(const Manifest& manifest, const VolumeName& name) {
  if (manifest.kind == BundleKind::kHeartbeat) return true;
  return manifest.base && name.kind == BundleKind::kFull && name.epoch == manifest.epoch &&
         name.seq >= manifest.base->seq;
}

Status Remove(const fs::path& path, std::vector<std::string>& removed) {
  if (::unlink(path.c_str()) != 0) return SystemError("cannot remove " + path.string(), errno);
  removed.push_back(path.filename().string());
  return Ok();
}

Status SortOlder(const fs::path& folder, const Manifest& manifest, bool replace,
                 WrittenMedium& written) {
  GF_TRY(const MediumListing listing, ListMedium(folder));
  for (const NamedVolume& volume : listing.volumes) {
    const bool older = volume.name.stream == manifest.stream &&
                       IsBefore(NumberOf(volume.name), NumberOf(manifest));
    if (!older) continue;
    if (replace && !IsNeededBy(manifest, volume.name) && IsOlder(volume.path, manifest)) {
      GF_CHECK(Remove(volume.path, written.removed));
    } else {
      written.older.push_back(volume.path.filename().string());
    }
  }
  for (const fs::path& path : listing.unfinished) {
    const auto name = ParseVolumeName(path.stem().string());
    if (!name || name->stream != manifest.stream) continue;
    if (replace) {
      GF_CHECK(Remove(path, written.removed));
    } else {
      written.unfinished.push_back(path.filename().string());
    }
  }
  return written.removed.empty() ? Ok() : SyncFolder(folder);
}

}  // namespace

Status CheckRoom(const fs::path& folder, const Manifest& manifest,
                 const std::vector<VolumePart>& parts) {
  GF_CHECK(CheckFolder(folder));
  GF_TRY(const FileSystemRoom room, RoomIn(folder));
  if (room.read_only) {
    return Error::Make(Kind::kIo, "the file system of {} is mounted read-only", folder.string())
        .Hint("release its write-protect switch, or `mount -o remount,rw`; nothing was written");
  }
  const std::uint64_t block = std::max<std::uint64_t>(room.block, 1);
  std::uint64_t needed = kBesideVolumes;
  for (const VolumePart& part : parts) {
    needed += (part.bytes + block - 1) / block * block;
    if (part.bytes <= room.largest_file) continue;
    return Error::Make(Kind::kTooLarge,
                       "a volume of {} bytes; the file system of {} has files of at most {}",
                       part.bytes, folder.string(), room.largest_file)
        .Hint("use --volume-size fat32");
  }
  for (const fs::path& path : VolumePaths(folder, manifest, parts))
    GF_CHECK(CheckTarget(path));
  if (needed <= room.free) return Ok();
  return Error::Make(Kind::kNoSpace, "{} needs {} bytes ({}) in {}; {} bytes ({}) are free",
                     manifest.stream, needed, HumanBytes(needed), folder.string(), room.free,
                     HumanBytes(room.free))
      .Hint("nothing was written; free the space, or use a larger medium");
}

Status WriteLabel(const fs::path& folder, const Manifest& manifest, const MemberList& head,
                  const std::vector<fs::path>& volumes,
                  const std::optional<SignedDocument>& first_root) {
  LabelText label{manifest, head, {}, first_root, {}};
  std::set<std::string> own;
  for (const fs::path& path : volumes) {
    GF_TRY(const Fd fd, OpenRegular(path));
    GF_TRY(const std::uint64_t bytes, SizeOf(fd));
    label.volumes.emplace_back(path.filename().string(), bytes);
    own.insert(path.filename().string());
  }
  GF_TRY(const MediumListing listing, ListMedium(folder));
  for (const NamedVolume& volume : listing.volumes) {
    std::string name = volume.path.filename().string();
    if (own.contains(name)) continue;
    const auto other = ManifestIn(volume.path);
    label.others.push_back({std::move(name), other.ok() ? other->tlp_ceiling : ""});
  }
  for (const fs::path& path : listing.unfinished)
    label.others.push_back({path.filename().string(), ""});
  return WriteFileAtomically(folder / kLabelFile, MediumLabel(label));
}

Result<WrittenMedium> WriteMedium(const fs::path& folder, const MediumContent& content,
                                  bool replace, const VolumeProgress& progress) {
  GF_CHECK(CheckRoom(folder, content.manifest, content.parts));
  if (content.first_root) GF_CHECK(PutRoot(folder, 1, *content.first_root));
  for (const auto& [version, root] : content.newest_root)
    GF_CHECK(PutRoot(folder, version, root));
  WrittenMedium written;
  written.replace = replace;
  GF_TRY(written.volumes, WriteVolumes(folder, content.manifest, content.head, content.parts,
                                       content.chunks, progress));
  if (!content.more_follows) GF_CHECK(SortOlder(folder, content.manifest, replace, written));
  std::vector<fs::path> paths;
  for (const WrittenVolume& volume : written.volumes)
    paths.push_back(volume.path);
  GF_CHECK(WriteLabel(folder, content.manifest, content.head, paths, content.first_root));
  return written;
}

}  // namespace gapferry::bundle
