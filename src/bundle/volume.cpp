#include "bundle/volume.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "bundle/minisign.h"
#include "bundle/root.h"
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

Result<MemberList> DocumentMembers(const std::string& name, const SignedDocument& document) {
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
  MemberList members{{name, document.bytes}};
  for (const auto& [id, text] : by_key) {
    const std::string infix = text == by_key.begin()->second ? "" : "." + id;
    members.emplace_back(name + infix + ".minisig", *text);
  }
  return members;
}

}  // namespace

std::string FormatVolumeName(const VolumeName& name) {
  const std::string part = name.parts == 1 ? "" : fmt::format("-v{}of{}", name.part, name.parts);
  const std::string epoch = name.epoch == 1 ? "" : fmt::format("{}.", name.epoch);
  return fmt::format("{}-{}{:06}-{}{}{}", name.stream, epoch, name.seq, KindName(name.kind), part,
                     kSuffix);
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
  auto seq = TakeNumber(digits);
  if (seq && TakePrefix(digits, ".")) {
    name.epoch = *seq;
    seq = TakeNumber(digits);
  }
  if (!kind || !seq || name.epoch == 0) return std::nullopt;
  name.stream = rest.substr(0, seq_at);
  name.kind = *kind;
  name.seq = *seq;
  if (!IsStreamName(name.stream) || FormatVolumeName(name) != file_name) return std::nullopt;
  return name;
}

std::string ChunkMemberName(std::size_t index) {
  return fmt::format("payload/{:05}", index);
}

Result<MemberList> HeadMembers(const VolumeHead& head) {
  GF_TRY(MemberList members, DocumentMembers(std::string(kManifestMember), head.manifest));
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
    GF_TRY(MemberList more, DocumentMembers(RootFileName(root.version), document));
    std::move(more.begin(), more.end(), std::back_inserter(members));
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

std::uint64_t StoredBytesOf(const MemberList& members) {
  std::uint64_t total = 0;
  for (const auto& [name, content] : members)
    total += kBlockBytes + content.size() + PaddingOf(content.size());
  return total;
}

}  // namespace gapferry::bundle
