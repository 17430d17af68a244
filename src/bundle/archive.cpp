#include "bundle/archive.h"

#include <sys/types.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "base/console.h"
#include "base/file.h"
#include "base/hash.h"
#include "bundle/ustar.h"

namespace gapferry::bundle {
namespace {

namespace fs = std::filesystem;

constexpr char kLabelMember[] = "gapferry-backup";
constexpr char kDigestsMember[] = "gapferry-digests";
constexpr std::size_t kMaxDigestsBytes = 64 << 20;
constexpr std::size_t kBufferBytes = 1 << 20;
constexpr std::size_t kMaxLabelBytes = 64;
constexpr mode_t kFileMode = 0600;
constexpr mode_t kFolderMode = 0700;

// Writes to the archive and remembers the hash of all it wrote.
class Output {
 public:
  explicit Output(AtomicFile& file) : file_(file) {}
  Status Write(ByteView bytes) {
    hash_.Update(bytes);
    return file_.Write(bytes);
  }
  Status Zeros(std::uint64_t count) { return Write(Bytes(static_cast<std::size_t>(count))); }
  [[nodiscard]] Digest512 Finish() { return hash_.Finish512(); }

 private:
  AtomicFile& file_;
  Blake2b hash_{64};
};

// As b2sum writes and checks it.
std::string DigestLine(const Digest512& digest, const std::string& name) {
  return HexEncode(digest) + "  " + name + "\n";
}

// Only an older backup may be replaced, or an empty file.
Status CheckBackupTarget(const fs::path& target) {
  std::error_code error;
  const fs::file_type type = fs::symlink_status(target, error).type();
  if (type == fs::file_type::not_found) return Ok();
  if (type != fs::file_type::regular) {
    return Error::Make(Kind::kIo, "{} is there and is no regular file", target.string())
        .Hint("name a new file");
  }
  constexpr std::string_view kMagic = "ustar";
  constexpr std::size_t kMagicAt = 257;
  GF_TRY(const Fd fd, OpenRegular(target));
  Bytes head(kMagicAt + kMagic.size());
  GF_TRY(const std::size_t size, ReadFull(fd.get(), head));
  if (size == 0 || AsText(ByteView(head).first(size)).substr(std::min(size, kMagicAt)) == kMagic)
    return Ok();
  return Error::Make(Kind::kIo, "{} is there and is no backup", target.string())
      .Hint("name a new file");
}

Status Append(Output& out, const ArchiveEntry& entry, std::string* digests) {
  GF_TRY(const Fd fd, OpenRegular(entry.source));
  GF_TRY(const std::uint64_t size, SizeOf(fd));
  GF_CHECK(out.Write(EncodeHeader({entry.name, size})));
  Blake2b hash{64};
  Bytes buffer(kBufferBytes);
  for (std::uint64_t left = size; left > 0;) {
    const auto part = std::span(buffer).first(
        static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer.size())));
    GF_TRY(const std::size_t got, ReadFull(fd.get(), part));
    if (got != part.size()) {
      return Error::Make(Kind::kIo, "{} became shorter while it was read", entry.source.string());
    }
    GF_CHECK(out.Write(part));
    hash.Update(part);
    left -= got;
  }
  *digests += DigestLine(hash.Finish512(), entry.name);
  return out.Zeros(PaddingOf(size));
}

Status Compare(const fs::path& target, const Digest512& written) {
  GF_TRY(const Fd fd, OpenRegular(target));
  Blake2b hash{64};
  Bytes buffer(kBufferBytes);
  for (;;) {
    GF_TRY(const std::size_t got, ReadFull(fd.get(), buffer));
    if (got == 0) break;
    hash.Update(ByteView(buffer).first(got));
  }
  if (hash.Finish512() == written) return Ok();
  return Error::Make(Kind::kDamaged, "{} does not read back as it was written", target.string())
      .Hint("try another disk");
}

// Reads members one after the other.
class Input {
 public:
  explicit Input(Fd fd, std::string name) : fd_(std::move(fd)), name_(std::move(name)) {}

  // Nothing at the end of the archive.
  Result<std::optional<Member>> Next() {
    Block block;
    GF_CHECK(Read(block));
    if (!IsZero(block)) {
      auto member = DecodeHeader(block);
      if (!member.ok()) return std::move(member).error().In(name_);
      return std::optional<Member>(*std::move(member));
    }
    GF_CHECK(Read(block));
    if (!IsZero(block))
      return Error::Make(Kind::kMalformed, "{} goes on after its end mark", name_);
    return std::optional<Member>();
  }
  Status Content(const Member& member, const std::function<Status(ByteView)>& sink) {
    Bytes buffer(kBufferBytes);
    for (std::uint64_t left = member.size; left > 0;) {
      const auto part = std::span(buffer).first(
          static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer.size())));
      GF_CHECK(Read(part));
      GF_CHECK(sink(part));
      left -= part.size();
    }
    Bytes padding(static_cast<std::size_t>(PaddingOf(member.size)));
    return Read(padding);
  }

 private:
  Status Read(std::span<std::uint8_t> buffer) {
    GF_TRY(const std::size_t got, ReadFull(fd_.get(), buffer));
    if (got == buffer.size()) return Ok();
    return Error::Make(Kind::kIncomplete, "{} is cut short: the copy was not finished", name_);
  }
  Fd fd_;
  std::string name_;
};

Status CheckLabel(Input& input, const std::string& archive, const std::string& label) {
  GF_TRY(const std::optional<Member> first, input.Next());
  if (!first || first->name != kLabelMember || first->size > kMaxLabelBytes)
    return Error::Make(Kind::kMalformed, "{} is no backup of gapferry", archive);
  std::string found;
  GF_CHECK(input.Content(*first, [&](ByteView bytes) {
    found += AsText(bytes);
    return Ok();
  }));
  if (found == label + "\n") return Ok();
  return Error::Make(Kind::kUsage, "{} is a backup of {}, not of {}", archive,
                     found.substr(0, found.find('\n')), label);
}

// `found`: the lines of what was unpacked. A backup without digests was made before there were any.
Status CheckDigests(Input& input, const Member& member, const std::string& found,
                    const std::string& archive) {
  if (member.size > kMaxDigestsBytes)
    return Error::Make(Kind::kTooLarge, "{}: {} has {} bytes", archive, member.name, member.size);
  std::string written;
  GF_CHECK(input.Content(member, [&](ByteView bytes) {
    written += AsText(bytes);
    return Ok();
  }));
  if (written == found) return Ok();
  const auto [at, other] =
      std::mismatch(found.begin(), found.end(), written.begin(), written.end());
  const auto begin = static_cast<std::size_t>(at - found.begin());
  const std::string line = found.substr(0, found.find('\n', begin));
  return Error::Make(Kind::kDamaged, "{} is damaged: {} is not as it was written", archive,
                     line.substr(line.rfind(' ') + 1))
      .Hint("restore from another copy; nothing was put into the home");
}

Status Unpack(Input& input, const std::string& archive, const fs::path& folder,
              std::vector<std::string>* names) {
  std::string digests;
  for (;;) {
    GF_TRY(const std::optional<Member> member, input.Next());
    if (!member) return SyncFolder(folder);
    if (member->name == kDigestsMember) {
      GF_CHECK(CheckDigests(input, *member, digests, archive));
      continue;
    }
    const fs::path path = folder / member->name;
    GF_CHECK(MakeFolder(path.parent_path(), kFolderMode));
    GF_TRY(AtomicFile file, AtomicFile::Create(path, kFileMode));
    Blake2b hash{64};
    GF_CHECK(input.Content(*member, [&](ByteView bytes) {
      hash.Update(bytes);
      return file.Write(bytes);
    }));
    GF_CHECK(file.Commit());
    digests += DigestLine(hash.Finish512(), member->name);
    names->push_back(member->name);
  }
}

}  // namespace

std::vector<fs::path> TakeOutUnfit(std::vector<ArchiveEntry>* entries) {
  std::vector<fs::path> unfit;
  std::erase_if(*entries, [&](const ArchiveEntry& entry) {
    if (IsMemberName(entry.name)) return false;
    unfit.push_back(entry.source);
    return true;
  });
  return unfit;
}

Status NotInBackup(const std::vector<fs::path>& files) {
  if (files.empty()) return Ok();
  std::vector<std::string> names;
  for (const fs::path& file : files)
    names.push_back(Printable(file.string()));
  return Error::Make(Kind::kPartly, "{} files are not in the backup, for their names: {}",
                     files.size(), fmt::join(names, ", "))
      .Hint(
          "letters, digits, \".\", \"-\" and \"_\", at most {}: rename them, or copy them yourself",
          kMaxMemberName);
}

Status WriteArchive(const fs::path& target, const std::string& label,
                    const std::vector<ArchiveEntry>& entries) {
  for (const ArchiveEntry& entry : entries) {
    if (IsMemberName(entry.name)) continue;
    return Error::Make(Kind::kUsage, "{} cannot be put into a backup under that name",
                       entry.source.string())
        .Hint("letters, digits, \".\", \"-\" and \"_\", at most {}", kMaxMemberName);
  }
  GF_CHECK(CheckBackupTarget(target));
  GF_TRY(AtomicFile file, AtomicFile::Create(target, kFileMode));
  Output out(file);
  GF_CHECK(out.Write(AsBytes(EncodeMember(kLabelMember, label + "\n"))));
  std::string digests;
  for (const ArchiveEntry& entry : entries)
    GF_CHECK(Append(out, entry, &digests));
  GF_CHECK(out.Write(AsBytes(EncodeMember(kDigestsMember, digests))));
  GF_CHECK(out.Zeros(kEndBytes));
  GF_CHECK(file.Commit());
  return Compare(target, out.Finish());
}

Result<std::vector<std::string>> UnpackArchive(const fs::path& archive, const std::string& label,
                                               const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder, error) && !fs::is_empty(folder, error)) {
    return Error::Make(Kind::kUsage, "{} is there already and not empty", folder.string())
        .Hint("give another --home, or move it away first");
  }
  GF_TRY(Fd fd, OpenRegular(archive));
  Input input(std::move(fd), archive.string());
  GF_CHECK(CheckLabel(input, archive.string(), label));
  fs::path aside = folder;
  aside += ".restoring";
  fs::remove_all(aside, error);
  GF_CHECK(MakeFolder(aside, kFolderMode));
  std::vector<std::string> names;
  Status unpacked = Unpack(input, archive.string(), aside, &names);
  if (!unpacked.ok()) {
    fs::remove_all(aside, error);
    return std::move(unpacked).error();
  }
  fs::rename(aside, folder, error);
  if (error) return SystemError("cannot rename to " + folder.string(), error.value());
  GF_CHECK(SyncFolder(folder.parent_path()));
  return names;
}

}  // namespace gapferry::bundle
