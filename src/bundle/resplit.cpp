#include "bundle/resplit.h"

#include <algorithm>

#include "base/file.h"
#include "bundle/label.h"

namespace gapferry::bundle {
namespace {

namespace fs = std::filesystem;

fs::path FolderOf(const FoundBundle& found) {
  const fs::path folder = found.paths.front().parent_path();
  return folder.empty() ? "." : folder;
}

// For the label and the new medium; a medium without it works as well.
Result<std::optional<SignedDocument>> FirstRootBeside(const FoundBundle& found) {
  const fs::path folder = FolderOf(found);
  GF_TRY(const MediumListing listing, ListMedium(folder));
  auto root = ReadListedRoot(folder, listing, 1);
  if (!root.ok() || root->document.signatures.empty()) return std::optional<SignedDocument>();
  return std::optional(std::move(root->document));
}

// Without a key nobody can say which of two is the right one.
Status CheckOtherRoot(const fs::path& folder, const SignedDocument& first_root) {
  const fs::path there = folder / RootFileName(1);
  const auto other = ReadRegularFile(there, kMaxRootBytes);
  if (!other.ok() || *other == first_root.bytes) return Ok();
  return Error::Make(Kind::kUsage, "{} is another root than the one beside the bundle",
                     there.string())
      .Hint("write into an empty folder");
}

ChunkSource ChunksOf(const BundleReader& reader) {
  auto buffer = std::make_shared<Bytes>();
  return [&reader, buffer](std::size_t index) { return reader.ReadChunk(index, *buffer); };
}

// The members of one volume with one signature more, in place of any under the same key id.
Result<MemberList> HeadWith(const BundleReader& volume, const SignatureFile& signature) {
  VolumeHead head{volume.manifest(), {}};
  std::erase_if(head.manifest.signatures, [&](const std::string& text) {
    const auto there = ParseSignatureFile(text);
    return there.ok() && there->key_id() == signature.key_id();
  });
  head.manifest.signatures.push_back(signature.Serialize());
  for (const auto& [version, document] : volume.roots())
    head.roots.push_back(document);
  return HeadMembers(head);
}

// The same chunks with another head, in place of `path`.
Result<WrittenVolume> Rewrite(const fs::path& path, BundleReader& volume, const Manifest& manifest,
                              const MemberList& head, const VolumeProgress& progress) {
  GF_CHECK(volume.CheckWhole());
  VolumePart part = volume.PartHere(0);
  part.bytes = StoredBytesOf(head) + kEndBytes;
  for (std::size_t i = part.first_chunk; i < part.end_chunk; ++i)
    part.bytes += StoredBytesOf(manifest.payload->chunks[i]);
  GF_TRY(const FileSystemRoom room, RoomIn(path.parent_path().empty() ? "." : path.parent_path()));
  if (part.bytes > room.free) {
    return Error::Make(Kind::kNoSpace, "{} must be written anew: {} bytes; {} are free",
                       path.string(), part.bytes, room.free)
        .Hint("copy the bundle to a larger disk, sign it there, and copy it back");
  }
  GF_TRY(StagedVolume staged, StagedVolume::Write(path, head, part, ChunksOf(volume), progress));
  return staged.Commit();
}

bool IsSignedBy(const BundleReader& volume, const PublicKey& key, const Manifest& manifest) {
  return !SortSignatures({{key.id, key}}, volume.manifest().bytes, TrustedComment(manifest),
                         volume.manifest().signatures)
              .fitting.empty();
}

}  // namespace

Result<WrittenMedium> Resplit(FoundBundle& found, const fs::path& folder, std::uint64_t max_bytes,
                              const VolumeProgress& progress) {
  GF_TRY(const Manifest manifest, found.reader.AssumeManifest());
  GF_CHECK(found.reader.CheckComplete());
  GF_TRY(MemberList head, found.reader.Head());
  GF_TRY(std::vector<VolumePart> parts, PlanVolumes(manifest, StoredBytesOf(head), max_bytes));
  GF_TRY(auto first_root, FirstRootBeside(found));
  if (first_root) GF_CHECK(CheckOtherRoot(folder, *first_root));
  const MediumContent content{manifest, std::move(head), std::move(parts), ChunksOf(found.reader),
                              std::move(first_root)};
  return WriteMedium(folder, content, false, progress);
}

Result<std::vector<WrittenVolume>> AddSignature(FoundBundle& found, const SecretKey& key,
                                                const VolumeProgress& progress) {
  GF_TRY(const Manifest manifest, found.reader.AssumeManifest());
  const std::string key_id = key.public_key().id.ToString();
  GF_TRY(const SignatureFile signature,
         Sign(key, Hash512(AsBytes(found.reader.manifest().bytes)), TrustedComment(manifest)));
  std::vector<WrittenVolume> written;
  MemberList head;
  for (const fs::path& path : found.paths) {
    GF_TRY(auto source, FileSource::Open(path));
    GF_TRY(BundleReader volume, BundleReader::OpenVolume(std::move(source)));
    if (volume.manifest().bytes != found.reader.manifest().bytes)
      return Error::Make(Kind::kMalformed, "{} has changed since it was shown", path.string());
    GF_CHECK(volume.AssumeManifest());
    if (IsSignedBy(volume, key.public_key(), manifest)) continue;
    GF_TRY(head, HeadWith(volume, signature));
    GF_TRY(WrittenVolume one, Rewrite(path, volume, manifest, head, progress));
    written.push_back(std::move(one));
  }
  if (written.empty()) {
    return Error::Make(Kind::kUsage, "{} is signed by key {} already", found.paths.front().string(),
                       key_id)
        .Hint("a threshold counts keys: sign with another one");
  }
  GF_TRY(auto first_root, FirstRootBeside(found));
  GF_CHECK(WriteLabel(FolderOf(found), manifest, head, found.paths, first_root));
  return written;
}

}  // namespace gapferry::bundle
