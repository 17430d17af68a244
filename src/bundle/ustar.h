// bundle/ustar.h: members of a plain POSIX ustar file (IEEE Std 1003.1, pax, "ustar Interchange
// Format"). The reader takes only headers that the writer below would write: regular files, mode
// 0644, owner 0, time 0, no links, no extensions; with the device numbers that POSIX leaves open
// for a regular file either zero, as the writer has them, or empty, as GNU tar has them since 1.35.
// That is why gapferry writes its own headers instead of asking libarchive: a strict reader must
// know every byte of the writer, and no archive library is then needed on the isolated side. tar,
// bsdtar and the rest read the result as usual.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace gapferry::bundle {

constexpr std::size_t kBlockBytes = 512;
// Two zero blocks end the file. tar itself would pad to 10 KiB; nothing may follow here.
constexpr std::size_t kEndBytes = 2 * kBlockBytes;
constexpr std::size_t kMaxMemberName = 99;
constexpr std::uint64_t kMaxMemberSize = 077777777777;  // 11 octal digits

using Block = std::array<std::uint8_t, kBlockBytes>;

struct Member {
  std::string
      name;  // letters, digits, ".", "-", "_" and inner "/"; no "..", 1 … kMaxMemberName bytes
  std::uint64_t size = 0;
};

[[nodiscard]] bool IsMemberName(std::string_view name);
// Aborts on a member that breaks the limits above: that is a bug of the caller.
[[nodiscard]] Block EncodeHeader(const Member& member);
// Whether this is the header of just this member, with device numbers or without.
[[nodiscard]] bool IsHeaderOf(const Member& member, const Block& block);
// Errors: kMalformed unless IsHeaderOf of what it gives.
[[nodiscard]] Result<Member> DecodeHeader(const Block& block);
// Zero bytes from the end of a content of `size` bytes to the next block.
[[nodiscard]] std::uint64_t PaddingOf(std::uint64_t size);
// Header, content, padding.
[[nodiscard]] std::string EncodeMember(const std::string& name, std::string_view content);
[[nodiscard]] bool IsZero(ByteView bytes);

}  // namespace gapferry::bundle
