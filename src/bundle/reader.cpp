#include "bundle/reader.h"

#include <algorithm>

#include "bundle/head_reader.h"
#include "bundle/root_walk.h"

namespace gapferry::bundle {
namespace {

void AddOnce(std::vector<std::string>& list, const std::string& text) {
  if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
}

// Only for what a message says.
bool IsNamedAsPart(const std::string& path) {
  const auto name = ParseVolumeName(std::filesystem::path(path).filename().string());
  return name && name->parts > 1;
}

Error NotChecked() {
  return Error::Make(Kind::kNotReady, "the signatures of this bundle have not been checked");
}

}  // namespace

Result<BundleReader> BundleReader::Open(std::vector<std::unique_ptr<ByteSource>> volumes) {
  if (volumes.empty()) return Error::Make(Kind::kUsage, "no volume is given");
  GF_TRY(BundleReader reader, OpenVolume(std::move(volumes.front())));
  for (std::size_t i = 1; i < volumes.size(); ++i) {
    GF_TRY(BundleReader next, OpenVolume(std::move(volumes[i])));
    GF_CHECK(reader.Merge(std::move(next)));
  }
  return reader;
}

Result<BundleReader> BundleReader::OpenVolume(std::unique_ptr<ByteSource> source) {
  BundleReader reader;
  Volume volume;
  volume.source = std::move(source);
  GF_CHECK(HeadReader(*volume.source).Read(volume));
  reader.Collect(volume);
  reader.volumes_.push_back(std::move(volume));
  return reader;
}

// What the members of one volume say, on top of what those before it said.
void BundleReader::Collect(const Volume& volume) {
  SignedDocument* document = &manifest_document_;
  for (const auto& [name, content] : *volume.members) {
    if (name.ends_with(".minisig")) {
      AddOnce(document->signatures, content);
      continue;
    }
    if (const auto version = RootVersionIn(name)) document = &roots_[*version];
    document->bytes = content;
  }
}

bool BundleReader::IsOneWith(const BundleReader& other) const {
  return manifest_document_.bytes == other.manifest_document_.bytes &&
         std::equal(roots_.begin(), roots_.end(), other.roots_.begin(), other.roots_.end(),
                    [](const auto& left, const auto& right) {
                      return left.first == right.first && left.second.bytes == right.second.bytes;
                    });
}

Status BundleReader::Merge(BundleReader other) {
  const std::string& name = other.volumes_.front().source->name();
  if (other.manifest_document_.bytes != manifest_document_.bytes) {
    return Error::Make(Kind::kMalformed, "{} and {} are volumes of different bundles", name,
                       volumes_.front().source->name());
  }
  for (const auto& [version, document] : other.roots_) {
    const auto known = roots_.find(version);
    if (known == roots_.end() || known->second.bytes == document.bytes) continue;
    return Error::Make(Kind::kMalformed, "{} holds another {} than {}", name, RootFileName(version),
                       volumes_.front().source->name());
  }
  for (Volume& volume : other.volumes_) {
    Collect(volume);
    // Of many volumes only one head is kept.
    if (*volume.members == *volumes_.front().members) volume.members = volumes_.front().members;
    volumes_.push_back(std::move(volume));
  }
  return Ok();
}

Result<MemberList> BundleReader::Head() const {
  const MemberList& first = members(0);
  const bool same = std::all_of(volumes_.begin(), volumes_.end(),
                                [&](const Volume& volume) { return *volume.members == first; });
  if (same) return first;
  VolumeHead head{manifest_document_, {}};
  for (const auto& [version, document] : roots_)
    head.roots.push_back(document);
  return HeadMembers(head);
}

Status BundleReader::WalkRoots(Root& now, const std::set<KeyId>& revoked_here) const {
  RootOffers offers;
  for (const auto& [version, document] : roots_)
    offers.Add(version, document);
  RootWalk walk = bundle::WalkRoots(now, offers, revoked_here);
  now = std::move(walk.root);
  if (walk.fork) return *std::move(walk.fork);
  if (walk.refused.empty()) return Ok();
  return std::move(walk.refused.front().error);
}

Result<VerifiedManifest> BundleReader::CheckSignatures(const Root& root,
                                                       const std::set<KeyId>& revoked_here) {
  GF_TRY(VerifiedManifest verified, VerifySignatures(root, manifest_document_.bytes,
                                                     manifest_document_.signatures, revoked_here));
  manifest_ = verified.manifest();
  return verified;
}

Result<Manifest> BundleReader::AssumeManifest() {
  GF_TRY(Manifest manifest, ParseManifest(manifest_document_.bytes));
  manifest_ = manifest;
  return manifest;
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
    end += StoredBytesOf(chunks()[next++]);
  }
  volume.is_cut = end + kEndBytes > size;
  volume.end_chunk = end > size ? next - 1 : next;
  if (end + kEndBytes == size) return Ok();
  if (end + kEndBytes < size) {
    return Error::Make(Kind::kMalformed, "{} has {} bytes; its content ends at {}",
                       volume.source->name(), size, end + kEndBytes);
  }
  const bool alone = volumes_.size() == 1 && !IsNamedAsPart(volume.source->name());
  while (alone && next < chunks().size())
    end += StoredBytesOf(chunks()[next++]);
  return Error::Make(Kind::kIncomplete, "{} has {} of {}{} bytes: the copy was not finished",
                     volume.source->name(), size, alone ? "" : "at least ", end + kEndBytes)
      .Hint("copy this file to the medium again and unmount it before you pull it out");
}

std::vector<Error> BundleReader::LayOutAll() {
  std::vector<Error> faults;
  for (Volume& volume : volumes_) {
    auto fits = LayOut(volume);
    if (!fits.ok()) faults.push_back(std::move(fits).error());
  }
  return faults;
}

Status BundleReader::CheckWhole() {
  if (!manifest_) return NotChecked();
  std::vector<Error> faults = LayOutAll();
  if (faults.empty()) return Ok();
  return std::move(faults.front());
}

Status BundleReader::CheckComplete() {
  GF_CHECK(CheckWhole());
  return CheckCovered();
}

VolumePart BundleReader::PartHere(std::size_t volume) const {
  const Volume& here = volumes_.at(volume);
  return {here.first_chunk, std::max(here.first_chunk, here.end_chunk), here.source->size()};
}

std::vector<std::size_t> BundleReader::MissingChunks() const {
  std::vector<bool> held(chunks().size());
  for (const Volume& volume : volumes_) {
    for (std::size_t i = volume.first_chunk; i < volume.end_chunk; ++i)
      held[i] = true;
  }
  std::vector<std::size_t> missing;
  for (std::size_t i = 0; i < held.size(); ++i) {
    if (!held[i]) missing.push_back(i);
  }
  return missing;
}

Status BundleReader::CheckCovered() const {
  const std::vector<std::size_t> missing = MissingChunks();
  if (missing.empty()) return Ok();
  return Error::Make(Kind::kIncomplete, "{} of {} chunks are missing, the first is number {}",
                     missing.size(), chunks().size(), missing.front())
      .Hint("another volume of this bundle holds them, or this one was cut: copy it again");
}

Error BundleReader::Damaged(const Volume& volume, std::string_view part, std::uint64_t from,
                            std::uint64_t to) {
  return Error::Make(Kind::kDamaged, "{} is damaged: {}, bytes {} to {} of the file",
                     volume.source->name(), part, from, to)
      .Hint("copy this file to the medium again; if it happens twice, replace the medium");
}

Result<ByteView> BundleReader::ReadChunkOf(const Volume& volume, std::size_t index,
                                           Bytes& buffer) const {
  const Chunk& chunk = chunks()[index];
  std::uint64_t at = volume.payload_at;
  // All chunks before this one are whole: only the last of the bundle may be shorter.
  at += (index - volume.first_chunk) * std::uint64_t{kBlockBytes + kChunkBytes};
  buffer.resize(static_cast<std::size_t>(StoredBytesOf(chunk)));
  GF_TRY(const std::size_t got, volume.source->ReadAt(at, buffer));
  if (index + 1 < volume.end_chunk)
    volume.source->Prefetch(at + buffer.size(), StoredBytesOf(chunks()[index + 1]));
  const std::string part = fmt::format("chunk {} of {}", index, chunks().size());
  if (got != buffer.size()) {
    return Error::Make(Kind::kIncomplete, "{} ended while it was read, within {}",
                       volume.source->name(), part)
        .Hint("was the medium pulled out?");
  }
  const auto content = std::span(buffer).subspan(kBlockBytes, chunk.size);
  Block header;
  std::copy_n(buffer.begin(), header.size(), header.begin());
  const bool is_whole = IsHeaderOf({ChunkMemberName(index), chunk.size}, header) &&
                        IsZero(std::span(buffer).subspan(kBlockBytes + chunk.size)) &&
                        Hash512(content) == chunk.digest;
  if (!is_whole) return Damaged(volume, part, at, at + buffer.size());
  if (index + 1 == volume.end_chunk && !volume.is_cut)
    GF_CHECK(CheckEnd(volume, at + buffer.size()));
  return ByteView(content);
}

Result<ByteView> BundleReader::ReadChunk(std::size_t index, Bytes& buffer) const {
  if (!manifest_) return NotChecked();
  std::optional<Error> first;
  for (const Volume& volume : volumes_) {
    if (index < volume.first_chunk || index >= volume.end_chunk) continue;
    auto content = ReadChunkOf(volume, index, buffer);
    if (content.ok()) return content;
    if (!first) first = std::move(content).error();
  }
  if (first) return *std::move(first);
  return Error::Make(Kind::kIncomplete, "chunk {} of {} is missing", index, chunks().size());
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
    GF_TRY(const ByteView content, ReadChunk(index, buffer));
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
  Bytes buffer;
  for (const Volume& volume : volumes_) {
    if (volume.first_chunk >= volume.end_chunk && !volume.is_cut)
      note(CheckEnd(volume, volume.payload_at));
    for (std::size_t index = volume.first_chunk; index < volume.end_chunk; ++index)
      note(ReadChunkOf(volume, index, buffer));
  }
  return faults;
}

}  // namespace gapferry::bundle
