#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "sandbox/confine.h"

namespace gapferry::sandbox {
namespace {

// The kernel's interface, stated here because Debian 12's header stops at ABI 2 (Linux
// uapi/linux/landlock.h).
struct RulesetAttributes {
  std::uint64_t handled_access_fs;
  std::uint64_t handled_access_net;  // ABI 4
  std::uint64_t scoped;              // ABI 6
};
constexpr long kCreateRuleset = 444;
constexpr long kRestrictSelf = 446;
constexpr unsigned kQueryVersion = 1;

// File system rights that each ABI knows: 13 at first, then refer, truncate, (4: network), device
// ioctl.
std::uint64_t FileRights(int abi) {
  int bits = 13;
  if (abi >= 2) bits = 14;
  if (abi >= 3) bits = 15;
  if (abi >= 5) bits = 16;
  return (1ULL << bits) - 1;
}

std::size_t AttributesSize(int abi) {
  if (abi >= 6) return sizeof(RulesetAttributes);
  return abi >= 4 ? 16 : 8;
}

}  // namespace

int ApplyLandlock() {
  const long abi = ::syscall(kCreateRuleset, nullptr, 0, kQueryVersion);
  if (abi <= 0) return 0;
  const int version = static_cast<int>(abi);
  RulesetAttributes attributes{};
  attributes.handled_access_fs = FileRights(version);
  attributes.handled_access_net = version >= 4 ? 3 : 0;  // bind and connect TCP
  attributes.scoped = version >= 6 ? 3 : 0;              // abstract Unix sockets and signals
  const long ruleset = ::syscall(kCreateRuleset, &attributes, AttributesSize(version), 0);
  if (ruleset < 0) return 0;
  const long restricted = ::syscall(kRestrictSelf, ruleset, 0);
  ::close(static_cast<int>(ruleset));
  return restricted == 0 ? version : 0;
}

}  // namespace gapferry::sandbox
