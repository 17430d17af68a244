#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
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
struct __attribute__((packed)) PathBeneath {
  std::uint64_t allowed_access;
  std::int32_t parent_fd;
};
constexpr long kCreateRuleset = 444;
constexpr long kAddRule = 445;
constexpr int kRulePathBeneath = 1;
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

// LANDLOCK_ACCESS_FS_*: those that a single file can have, and those that change nothing.
constexpr std::uint64_t kExecute = 1 << 0;
constexpr std::uint64_t kReadFile = 1 << 2;
constexpr std::uint64_t kReadFolder = 1 << 3;
constexpr std::uint64_t kOfFiles = kExecute | 1 << 1 | kReadFile | 1 << 14 | 1 << 15;

bool Allow(int ruleset, const PathRight& right, std::uint64_t known) {
  const int fd = ::open(right.path.c_str(), O_PATH | O_CLOEXEC);
  if (fd < 0) return true;
  struct stat facts {};
  std::uint64_t access =
      right.what == PathRight::kRead ? kExecute | kReadFile | kReadFolder : known;
  if (::fstat(fd, &facts) == 0 && !S_ISDIR(facts.st_mode)) access &= kOfFiles;
  PathBeneath rule{access & known, fd};
  const bool added = ::syscall(kAddRule, ruleset, kRulePathBeneath, &rule, 0) == 0;
  ::close(fd);
  return added;
}

}  // namespace

int LandlockVersion() {
  const long abi = ::syscall(kCreateRuleset, nullptr, 0, kQueryVersion);
  return abi > 0 ? static_cast<int>(abi) : 0;
}

int ApplyLandlock(const std::vector<PathRight>& rights) {
  const int version = LandlockVersion();
  if (version == 0) return 0;
  RulesetAttributes attributes{};
  attributes.handled_access_fs = FileRights(version);
  attributes.handled_access_net = version >= 4 ? 3 : 0;  // bind and connect TCP
  attributes.scoped = version >= 6 ? 3 : 0;              // abstract Unix sockets and signals
  const long ruleset = ::syscall(kCreateRuleset, &attributes, AttributesSize(version), 0);
  if (ruleset < 0) return 0;
  bool whole = true;
  for (const PathRight& right : rights)
    whole = whole && Allow(static_cast<int>(ruleset), right, attributes.handled_access_fs);
  const bool restricted = whole && ::syscall(kRestrictSelf, ruleset, 0) == 0;
  ::close(static_cast<int>(ruleset));
  return restricted ? version : 0;
}

}  // namespace gapferry::sandbox
