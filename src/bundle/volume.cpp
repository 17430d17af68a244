#include "bundle/volume.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <map>

#include "base/file.h"
#include "bundle/minisign.h"
#include "bundle/root.h"
#include "bundle/source.h"
#include "bundle/text.h"

namespace gapferry::bundle {
namespace {

constexpr std::string_view kSuffix = ".gfb";

std::optional<std::uint64_t> TakeNumber(std::string_view& text) {
  std::uint64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  return number;
}

bool TakePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

Status AddDocument(std::vector<std::pair<std::string, std::string>>& members,
                   const std::string& name, const SignedDocument& document) {
  std::map<std::string, const std::string*> by_key;
  for (const std::string& text : document.signatures) {
    auto signature = ParseSignatureFile(text);
    if (!signature.ok()) return std::move(signature).error().In(name);
    const std::string id = signature->key_id().ToString();
    if (!by_key.emplace(id, &text).second) {
      return Error::Make(Kind::kMalformed, "{} has two signatures by key {}", name, id);
    }
  }
  if (by_key.empty()) return Error::Make(Kind::kMalformed, "{} has no signature", name);
  if (by_key.size() > kMaxSignatures) {
    return Error::Make(Kind::kTooLarge, "{} has {} signatures; the limit is {}", name,
                       by_key.size(), kMaxSignatures);
  }
  members.emplace_back(name, document.bytes);
  for (const auto& [id, text] : by_key) {
    const std::string infix = text == by_key.begin()->second ? "" : "." + id;
    members.emplace_back(name + infix + ".minisig", *text);
  }
  return Ok();
}

// Writes to one new file and remembers the hash of all it wrote.
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

Status WriteChunks(HashingWriter& out, const Payload& payload, int payload_fd) {
  Bytes buffer(kChunkBytes);
  std::uint64_t offset = 0;
  for (std::size_t index = 0; index < payload.chunks.size(); ++index) {
    const Chunk& chunk = payload.chunks[index];
    const auto bytes = std::span(buffer).first(chunk.size);
    GF_TRY(const std::size_t got, ReadFullAt(payload_fd, offset, bytes));
    if (got != chunk.size || Hash512(bytes) != chunk.digest) {
      return Error::Make(Kind::kDamaged,
                         "the stored payload differs from its manifest in bytes {} to {}", offset,
                         offset + chunk.size);
    }
    GF_CHECK(out.Write(EncodeHeader({ChunkMemberName(index), chunk.size})));
    GF_CHECK(out.Write(bytes));
    GF_CHECK(out.Zeros(PaddingOf(chunk.size)));
    offset += chunk.size;
  }
  return Ok();
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

}  // namespace

std::string FormatVolumeName(const VolumeName& name) {
  const std::string part = name.parts == 1 ? "" : fmt::format("-v{}of{}", name.part, name.parts);
  return fmt::format("{}-{:06}-{}{}{}", name.stream, name.seq, KindName(name.kind), part, kSuffix);
}

std::optional<VolumeName> ParseVolumeName(std::string_view file_name) {
  if (!file_name.ends_with(kSuffix)) return std::nullopt;
  std::string_view rest = file_name.substr(0, file_name.size() - kSuffix.size());
  VolumeName name;
  if (const std::size_t at = rest.rfind("-v"); at != std::string_view::npos) {
    std::string_view parts = rest.substr(at + 2);
    const auto part = TakeNumber(parts);
    const auto count = part && TakePrefix(parts, "of") ? TakeNumber(parts) : std::nullopt;
    if (count && *count <= UINT32_MAX && *part >= 1 && *part <= *count && parts.empty()) {
      name.part = static_cast<std::uint32_t>(*part);
      name.parts = static_cast<std::uint32_t>(*count);
      rest = rest.substr(0, at);
    }
  }
  const std::size_t kind_at = std::min(rest.rfind('-'), rest.size());
  const auto kind = ParseKindName(rest.substr(std::min(kind_at + 1, rest.size())));
  rest = rest.substr(0, kind_at);
  const std::size_t seq_at = std::min(rest.rfind('-'), rest.size());
  std::string_view digits = rest.substr(std::min(seq_at + 1, rest.size()));
  const auto seq = TakeNumber(digits);
  if (!kind || !seq) return std::nullopt;
  name.stream = rest.substr(0, seq_at);
  name.kind = *kind;
  name.seq = *seq;
  if (!IsStreamName(name.stream) || FormatVolumeName(name) != file_name) return std::nullopt;
  return name;
}

std::string ChunkMemberName(std::size_t index) {
  return fmt::format("payload/{:05}", index);
}

Result<std::vector<std::pair<std::string, std::string>>> HeadMembers(const VolumeHead& head) {
  std::vector<std::pair<std::string, std::string>> members;
  GF_CHECK(AddDocument(members, std::string(kManifestMember), head.manifest));
  std::optional<std::uint64_t> previous;
  if (head.roots.size() > kMaxRootsInVolume) {
    return Error::Make(Kind::kTooLarge, "a chain of {} roots; the limit is {}", head.roots.size(),
                       kMaxRootsInVolume);
  }
  for (const SignedDocument& document : head.roots) {
    GF_TRY(const Root root, ParseRoot(document.bytes));
    if (root.version < 2 || (previous && root.version != *previous + 1)) {
      return Error::Make(Kind::kMalformed, "root {} does not follow root {} in the chain",
                         root.version, previous.value_or(1));
    }
    previous = root.version;
    GF_CHECK(AddDocument(members, RootFileName(root.version), document));
  }
  std::size_t total = 0;
  for (const auto& [name, content] : members) {
    total += content.size();
  }
  if (total > kMaxHeadBytes) {
    return Error::Make(Kind::kTooLarge,
                       "manifest, roots and signatures have {} bytes; the limit is {}", total,
                       kMaxHeadBytes);
  }
  return members;
}

Result<WrittenVolume> WriteVolume(const std::filesystem::path& folder, const VolumeHead& head,
                                  int payload_fd, const VolumeProgress& progress) {
  GF_TRY(const Manifest manifest, ParseManifest(head.manifest.bytes));
  GF_TRY(const auto members, HeadMembers(head));
  WrittenVolume written;
  written.path = folder / FormatVolumeName({manifest.stream, manifest.seq, manifest.kind, 1, 1});
  GF_TRY(AtomicFile file, AtomicFile::Create(written.path));
  // Past AtomicFile's own buffer, so that all is in the file before it is read back.
  HashingWriter out(file.fd(), progress);
  for (const auto& [name, content] : members) {
    GF_CHECK(out.Write(AsBytes(EncodeMember(name, content))));
  }
  if (manifest.payload) GF_CHECK(WriteChunks(out, *manifest.payload, payload_fd));
  GF_CHECK(out.Zeros(kEndBytes));
  written.size = out.size();
  written.digest = out.Finish();
  GF_CHECK(ReadBack(file.fd(), written, progress));
  GF_CHECK(file.Commit());
  return written;
}

}  // namespace gapferry::bundle
