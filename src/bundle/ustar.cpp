#include "bundle/ustar.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>

namespace gapferry::bundle {
namespace {

constexpr std::size_t kSizeAt = 124;
constexpr std::size_t kSizeDigits = 11;
constexpr std::size_t kChecksumAt = 148;
constexpr std::size_t kDevicesAt = 329;
constexpr std::size_t kDevicesBytes = 16;

void Put(Block& block, std::size_t at, std::string_view text) {
  std::copy(text.begin(), text.end(), block.begin() + static_cast<std::ptrdiff_t>(at));
}

void PutChecksum(Block& block) {
  Put(block, kChecksumAt, "        ");
  const unsigned checksum = std::accumulate(block.begin(), block.end(), 0U);
  Put(block, kChecksumAt, fmt::format("{:06o}", checksum));
  block[kChecksumAt + 6] = 0;
}

}  // namespace

bool IsMemberName(std::string_view name) {
  if (name.empty() || name.size() > kMaxMemberName || name.front() == '/' || name.back() == '/')
    return false;
  if (name.find("..") != std::string_view::npos || name.find("//") != std::string_view::npos)
    return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return IsAsciiAlnum(c) || c == '.' || c == '-' || c == '_' || c == '/';
  });
}

Block EncodeHeader(const Member& member) {
  if (!IsMemberName(member.name) || member.size > kMaxMemberSize) std::abort();
  Block block{};
  Put(block, 0, member.name);
  Put(block, 100, "0000644");
  Put(block, 108, "0000000");  // owner
  Put(block, 116, "0000000");  // group
  Put(block, kSizeAt, fmt::format("{:011o}", member.size));
  Put(block, 136, "00000000000");  // time
  Put(block, 156, "0");            // a regular file
  Put(block, 257, "ustar");
  Put(block, 263, "00");
  Put(block, kDevicesAt, "0000000");
  Put(block, kDevicesAt + kDevicesBytes / 2, "0000000");
  PutChecksum(block);
  return block;
}

bool IsHeaderOf(const Member& member, const Block& block) {
  Block wanted = EncodeHeader(member);
  if (wanted == block) return true;
  std::fill_n(wanted.begin() + kDevicesAt, kDevicesBytes, std::uint8_t{0});
  PutChecksum(wanted);
  return wanted == block;
}

Result<Member> DecodeHeader(const Block& block) {
  const std::string_view text = AsText(block);
  Member member;
  member.name = text.substr(0, std::min(text.find('\0'), kMaxMemberName + 1));
  bool is_ours = IsMemberName(member.name);
  for (char digit : text.substr(kSizeAt, kSizeDigits)) {
    is_ours = is_ours && digit >= '0' && digit <= '7';
    member.size = member.size * 8 + (static_cast<std::uint64_t>(digit) & 7);
  }
  if (!is_ours || !IsHeaderOf(member, block)) {
    return Error::Make(Kind::kMalformed, "not the header of a bundle member");
  }
  return member;
}

std::uint64_t PaddingOf(std::uint64_t size) {
  return (kBlockBytes - size % kBlockBytes) % kBlockBytes;
}

std::string EncodeMember(const std::string& name, std::string_view content) {
  std::string bytes(AsText(EncodeHeader({name, content.size()})));
  bytes += content;
  bytes.append(PaddingOf(content.size()), '\0');
  return bytes;
}

bool IsZero(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace gapferry::bundle
