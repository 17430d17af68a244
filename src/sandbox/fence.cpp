#include "sandbox/fence.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include "sandbox/confine.h"

namespace gapferry::sandbox {
namespace {

constexpr std::uint64_t kMaxWritten = 256ULL << 20;

bool LimitTo(__rlimit_resource resource, std::uint64_t value) {
  const struct rlimit limit { value, value };
  return ::setrlimit(resource, &limit) == 0;
}

// What every program needs to start: itself, its libraries, and what tells it of this machine.
std::vector<PathRight> RightsOf(const Fence& fence) {
  std::vector<PathRight> rights;
  for (const char* path : {"/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin", "/opt",
                           "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d",
                           "/etc/alternatives", "/dev/urandom", "/dev/zero", "/sys/devices/system"})
    rights.push_back({path, PathRight::kRead});
  rights.push_back({"/dev/null", PathRight::kChange});
  for (const std::filesystem::path& path : fence.readable)
    rights.push_back({path, PathRight::kRead});
  rights.push_back({fence.folder, PathRight::kChange});
  return rights;
}

bool LimitMemory([[maybe_unused]] std::uint64_t bytes) {
#ifdef GAPFERRY_SANITIZED
  return true;  // AddressSanitizer reserves terabytes of address space
#else
  return LimitTo(RLIMIT_AS, bytes);
#endif
}

bool PutUp(const Fence& fence, bool require_landlock) {
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         (ApplyLandlock(RightsOf(fence)) > 0 || !require_landlock) && LimitTo(RLIMIT_CORE, 0) &&
         LimitTo(RLIMIT_CPU, fence.cpu_seconds) && LimitMemory(fence.memory_bytes) &&
         LimitTo(RLIMIT_FSIZE, kMaxWritten) && ApplyProgramFilter().ok();
}

}  // namespace

Result<CommandEnd> RunFenced(const std::vector<std::string>& argv, std::chrono::seconds timeout,
                             const Fence& fence, bool require_landlock) {
  if (require_landlock && LandlockVersion() == 0) {
    return Error::Make(Kind::kSandbox, "{} cannot be confined: this kernel has no Landlock",
                       argv[0])
        .Hint("set require_landlock: false in the configuration to run it without");
  }
  return RunCommand(argv, timeout, [&] { return PutUp(fence, require_landlock); });
}

}  // namespace gapferry::sandbox
