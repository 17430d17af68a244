#include "bundle/reader.h"

#include <algorithm>

#include "bundle/head_reader.h"

namespace gapferry::bundle {
namespace {

std::uint64_t StoredBytes(const Chunk& chunk) {
  return kBlockBytes + chunk.size + PaddingOf(chunk.size);
}

void AddOnce(std::vector<std::string>& list, const std::string& text) {
  if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
}

Error NotChecked() {
  return Error::Make(Kind::kNotReady, "the signatures of this bundle have not been checked");
}

}  // namespace

Result<BundleReader> BundleReader::Open(std::vector<std::unique_ptr<ByteSource>> volumes) {
  if (volumes.empty()) return Error::Make(Kind::kUsage, "no volume is given");
  BundleReader reader;
  for (auto& source : volumes) {
    Volume volume;
    volume.source = std::move(source);
    GF_CHECK(HeadReader(*volume.source).Read(volume));
    GF_CHECK(reader.Collect(volume));
    reader.volumes_.push_back(std::move(volume));
  }
  return reader;
}

Status BundleReader::Collect(const Volume& volume) {
  const std::string& manifest = volume.members.front().second;
  if (!volumes_.empty() && manifest != manifest_document_.bytes) {
    return Error::Make(Kind::kMalformed, "{} and {} are volumes of different bundles",
                       volume.source->name(), volumes_.front().source->name());
  }
  SignedDocument* document = &manifest_document_;
  for (const auto& [name, content] : volume.members) {
    if (name.ends_with(".minisig")) {
      AddOnce(document->signatures, content);
      continue;
    }
    if (const auto version = RootVersionIn(name)) document = &roots_[*version];
    if (!document->bytes.empty() && document->bytes != content) {
      return Error::Make(Kind::kMalformed, "{} holds another {} than the volumes before it",
                         volume.source->name(), name);
    }
    document->bytes = content;
  }
  return Ok();
}

Status BundleReader::WalkRoots(Root& now, const std::set<KeyId>& revoked_here) const {
  return FollowRoots(now, roots_, revoked_here);
}

Result<VerifiedManifest> BundleReader::CheckSignatures(const Root& root,
                                                       const std::set<KeyId>& revoked_here) {
  GF_TRY(VerifiedManifest verified, VerifySignatures(root, manifest_document_.bytes,
                                                     manifest_document_.signatures, revoked_here));
  manifest_ = verified.manifest();
  return verified;
}

const std::vector<Chunk>& BundleReader::chunks() const {
  static const std::vector<Chunk> kNone;
  return manifest_->payload ? manifest_->payload->chunks : kNone;
}

// Which chunks a volume holds follows from its first header and its size.
Status BundleReader::LayOut(Volume& volume) const {
  const std::uint64_t size = volume.source->size();
  std::uint64_t end = volume.payload_at;
  std::size_t next = volume.first_chunk;
  while (end + kEndBytes < size && next < chunks().size()) {
    end += StoredBytes(chunks()[next++]);
  }
  volume.is_cut = end + kEndBytes > size;
  volume.end_chunk = end > size ? next - 1 : next;
  if (end + kEndBytes == size) return Ok();
  if (end + kEndBytes < size) {
    return Error::Make(Kind::kMalformed, "{} has {} bytes; its content ends at {}",
                       volume.source->name(), size, end + kEndBytes);
  }
  if (volumes_.size() == 1) {
    while (next < chunks().size()) {
      end += StoredBytes(chunks()[next++]);
    }
  }
  return Error::Make(Kind::kIncomplete, "{} has {} of {} bytes: the copy was not finished",
                     volume.source->name(), size, end + kEndBytes)
      .Hint("copy this file to the medium again and unmount it before you pull it out");
}

const BundleReader::Volume* BundleReader::Holding(std::size_t chunk) const {
  const auto found = std::find_if(volumes_.begin(), volumes_.end(), [&](const Volume& volume) {
    return volume.first_chunk <= chunk && chunk < volume.end_chunk;
  });
  return found == volumes_.end() ? nullptr : &*found;
}

std::vector<Error> BundleReader::LayOutAll() {
  std::vector<Error> faults;
  for (Volume& volume : volumes_) {
    auto fits = LayOut(volume);
    if (!fits.ok()) faults.push_back(std::move(fits).error());
  }
  return faults;
}

Status BundleReader::CheckComplete() {
  if (!manifest_) return NotChecked();
  const std::vector<Error> faults = LayOutAll();
  if (!faults.empty()) return faults.front();
  return CheckCovered();
}

Status BundleReader::CheckCovered() const {
  std::size_t missing = 0;
  std::size_t first_missing = 0;
  for (std::size_t i = chunks().size(); i-- > 0;) {
    if (Holding(i) != nullptr) continue;
    ++missing;
    first_missing = i;
  }
  if (missing == 0) return Ok();
  return Error::Make(Kind::kIncomplete, "{} of {} chunks are missing, the first is number {}",
                     missing, chunks().size(), first_missing)
      .Hint("another volume of this bundle holds them, or this one was cut: copy it again");
}

Error BundleReader::Damaged(const Volume& volume, std::string_view part, std::uint64_t from,
                            std::uint64_t to) {
  return Error::Make(Kind::kDamaged, "{} is damaged: {}, bytes {} to {} of the file",
                     volume.source->name(), part, from, to)
      .Hint("copy this file to the medium again; if it happens twice, replace the medium");
}

Result<ByteView> BundleReader::ReadChunk(const Volume& volume, std::size_t index,
                                         Bytes& buffer) const {
  const Chunk& chunk = chunks()[index];
  std::uint64_t at = volume.payload_at;
  // All chunks before this one are whole: only the last of the bundle may be shorter.
  at += (index - volume.first_chunk) * std::uint64_t{kBlockBytes + kChunkBytes};
  buffer.resize(static_cast<std::size_t>(StoredBytes(chunk)));
  GF_TRY(const std::size_t got, volume.source->ReadAt(at, buffer));
  if (index + 1 < volume.end_chunk)
    volume.source->Prefetch(at + buffer.size(), StoredBytes(chunks()[index + 1]));
  const std::string part = fmt::format("chunk {} of {}", index, chunks().size());
  if (got != buffer.size()) {
    return Error::Make(Kind::kIncomplete, "{} ended while it was read, within {}",
                       volume.source->name(), part)
        .Hint("was the medium pulled out?");
  }
  const auto content = std::span(buffer).subspan(kBlockBytes, chunk.size);
  const Block header = EncodeHeader({ChunkMemberName(index), chunk.size});
  const bool is_whole = std::equal(header.begin(), header.end(), buffer.begin()) &&
                        IsZero(std::span(buffer).subspan(kBlockBytes + chunk.size)) &&
                        Hash512(content) == chunk.digest;
  if (!is_whole) return Damaged(volume, part, at, at + buffer.size());
  if (index + 1 == volume.end_chunk && !volume.is_cut)
    GF_CHECK(CheckEnd(volume, at + buffer.size()));
  return ByteView(content);
}

Status BundleReader::CheckEnd(const Volume& volume, std::uint64_t end_at) {
  std::array<std::uint8_t, kEndBytes> end;
  GF_TRY(const std::size_t got, volume.source->ReadAt(end_at, end));
  if (got == end.size() && IsZero(end)) return Ok();
  return Damaged(volume, "its end mark", end_at, end_at + kEndBytes);
}

Status BundleReader::ReadPayload(const Sink& sink) {
  GF_CHECK(CheckComplete());
  if (chunks().empty()) return CheckEnd(volumes_.front(), volumes_.front().payload_at);
  Bytes buffer;
  buffer.reserve(kChunkBytes + kBlockBytes);
  for (std::size_t index = 0; index < chunks().size(); ++index) {
    GF_TRY(const ByteView content, ReadChunk(*Holding(index), index, buffer));
    GF_CHECK(sink(content));
  }
  return Ok();
}

std::vector<Error> BundleReader::FindDamage() {
  if (!manifest_) return {NotChecked()};
  std::vector<Error> faults = LayOutAll();
  const auto note = [&](auto result) {
    if (!result.ok()) faults.push_back(std::move(result).error());
  };
  if (faults.empty()) note(CheckCovered());
  if (chunks().empty()) note(CheckEnd(volumes_.front(), volumes_.front().payload_at));
  Bytes buffer;
  for (std::size_t index = 0; index < chunks().size(); ++index) {
    const Volume* volume = Holding(index);
    if (volume != nullptr) note(ReadChunk(*volume, index, buffer));
  }
  return faults;
}

}  // namespace gapferry::bundle
