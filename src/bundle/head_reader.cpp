#include "bundle/head_reader.h"

#include <algorithm>
#include <charconv>

#include "bundle/root.h"

namespace gapferry::bundle {
namespace {

constexpr std::string_view kSignatureSuffix = ".minisig";
constexpr std::string_view kPayloadFolder = "payload/";
constexpr std::uint64_t kMaxNumberInName = 9999;
static_assert(kMaxNumberInName >= kMaxRootVersion && kMaxNumberInName >= kMaxChunks);

// The number in a name that `format` writes, if it writes exactly that name.
template <typename Format>
std::optional<std::uint64_t> NumberIn(std::string_view name, std::string_view prefix,
                                      Format format) {
  if (!name.starts_with(prefix)) return std::nullopt;
  std::uint64_t number = 0;
  const char* end = name.data() + name.size();
  if (std::from_chars(name.data() + prefix.size(), end, number).ec != std::errc{})
    return std::nullopt;
  if (number > kMaxNumberInName || format(number) != name) return std::nullopt;
  return number;
}

}  // namespace

std::optional<std::uint64_t> RootVersionIn(std::string_view name) {
  return NumberIn(name, "root-", RootFileName);
}

Status BundleReader::HeadReader::ReadExactly(std::span<std::uint8_t> buffer) {
  GF_TRY(const std::size_t got, source_.ReadAt(offset_, buffer));
  if (got != buffer.size()) {
    return Error::Make(Kind::kIncomplete, "{} ends after {} bytes, before its payload begins",
                       source_.name(), offset_ + got)
        .Hint("copy this file to the medium again");
  }
  offset_ += got;
  return Ok();
}

Result<std::string> BundleReader::HeadReader::ReadContent(const Member& member,
                                                          std::size_t max_bytes) {
  total_ += static_cast<std::size_t>(std::min<std::uint64_t>(member.size, kMaxHeadBytes + 1));
  if (member.size > max_bytes || total_ > kMaxHeadBytes) {
    return Error::Make(Kind::kTooLarge,
                       "{}: {} has {} bytes; the limit is {}, and {} for all before the payload",
                       source_.name(), member.name, member.size, max_bytes, kMaxHeadBytes);
  }
  std::string content(static_cast<std::size_t>(member.size), '\0');
  GF_CHECK(ReadExactly({reinterpret_cast<std::uint8_t*>(content.data()), content.size()}));
  Bytes padding(static_cast<std::size_t>(PaddingOf(member.size)));
  GF_CHECK(ReadExactly(padding));
  if (!IsZero(padding)) {
    return Error::Make(Kind::kMalformed, "{}: the padding after {} is not zero", source_.name(),
                       member.name);
  }
  return content;
}

Error BundleReader::HeadReader::Foreign(const std::string& name) const {
  return Error::Make(Kind::kMalformed, "{}: {} has no place after {}", source_.name(), name,
                     document_.empty() ? "the start" : document_);
}

bool BundleReader::HeadReader::TakesSignature(const std::string& name) {
  if (document_.empty() || signatures_ >= kMaxSignatures) return false;
  if (signatures_ == 0) return name == document_ + std::string(kSignatureSuffix);
  std::string_view key = name;
  if (!key.starts_with(document_ + ".") || !key.ends_with(kSignatureSuffix)) return false;
  key =
      key.substr(document_.size() + 1, key.size() - kSignatureSuffix.size() - document_.size() - 1);
  // Ascending, so that no key has two files.
  if (!ParseKeyId(key) || key <= last_key_) return false;
  last_key_ = key;
  return true;
}

Result<std::size_t> BundleReader::HeadReader::Expect(const std::string& name) {
  if (document_.empty()) {
    if (name != kManifestMember) return Foreign(name);
    document_ = name;
    return kMaxManifestBytes;
  }
  if (TakesSignature(name)) {
    ++signatures_;
    return kMaxSignatureFileBytes;
  }
  const auto version = RootVersionIn(name);
  const bool follows = version && (next_root_ == 0 ? *version >= 2 : *version == next_root_);
  if (!follows || signatures_ == 0 || roots_ >= kMaxRootsInVolume) return Foreign(name);
  document_ = name;
  signatures_ = 0;
  last_key_.clear();
  next_root_ = *version + 1;
  ++roots_;
  return kMaxRootBytes;
}

Status BundleReader::HeadReader::Read(Volume& volume) {
  MemberList members;
  while (true) {
    volume.payload_at = offset_;
    Block block;
    GF_CHECK(ReadExactly(block));
    const bool is_end = IsZero(block);
    auto member = is_end ? Result<Member>(Member{}) : DecodeHeader(block);
    if (!member.ok()) {
      return Error::Make(Kind::kMalformed, "{}: bytes {} to {} are {}", source_.name(),
                         volume.payload_at, offset_, member.error().what)
          .Hint("this is no gapferry bundle, or it was altered");
    }
    const auto chunk = NumberIn(member->name, kPayloadFolder, ChunkMemberName);
    if (is_end || chunk) {
      if (document_.empty())
        return Error::Make(Kind::kMalformed, "{} begins with zeros: it holds no manifest",
                           source_.name());
      if (signatures_ == 0)
        return Error::Make(Kind::kMalformed, "{}: {} has no signature", source_.name(), document_);
      volume.members = std::make_shared<const MemberList>(std::move(members));
      volume.first_chunk = static_cast<std::size_t>(chunk.value_or(0));
      return Ok();
    }
    GF_TRY(const std::size_t max_bytes, Expect(member->name));
    GF_TRY(std::string content, ReadContent(*member, max_bytes));
    members.emplace_back(member->name, std::move(content));
  }
}

}  // namespace gapferry::bundle
