#include <linux/capability.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <initializer_list>
#include <memory>

#include "sandbox/confine.h"

#ifdef __clang__
// SCMP_CMP is a compound literal, which is C's.
#pragma clang diagnostic ignored "-Wc99-extensions"
#endif

namespace gapferry::sandbox {
namespace {

using Filter = std::unique_ptr<void, decltype(&seccomp_release)>;

// Every way to the network, and io_uring, which can do all of it without a system call of its own.
constexpr auto kNetworkCalls = {SCMP_SYS(socket),   SCMP_SYS(socketpair),    SCMP_SYS(connect),
                                SCMP_SYS(bind),     SCMP_SYS(listen),        SCMP_SYS(accept),
                                SCMP_SYS(accept4),  SCMP_SYS(sendto),        SCMP_SYS(sendmsg),
                                SCMP_SYS(sendmmsg), SCMP_SYS(recvfrom),      SCMP_SYS(recvmsg),
                                SCMP_SYS(recvmmsg), SCMP_SYS(io_uring_setup)};

// Every way into another process, such as the helper that has no filter. LeakSanitizer traces its
// own process.
constexpr auto kTracingCalls = {
#ifndef GAPFERRY_SANITIZED
    SCMP_SYS(ptrace),
#endif
    SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(pidfd_getfd), SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open)};

// What no parser ever asks for. Trying one is an attack, not an accident.
constexpr auto kHostileCalls = {SCMP_SYS(execve),      SCMP_SYS(execveat),
                                SCMP_SYS(fork),        SCMP_SYS(vfork),
                                SCMP_SYS(clone),       SCMP_SYS(ptrace),
                                SCMP_SYS(kill),        SCMP_SYS(process_vm_readv),
                                SCMP_SYS(mount),       SCMP_SYS(process_vm_writev),
                                SCMP_SYS(bpf),         SCMP_SYS(perf_event_open),
                                SCMP_SYS(userfaultfd), SCMP_SYS(pidfd_getfd),
                                SCMP_SYS(init_module), SCMP_SYS(unshare),
                                SCMP_SYS(setns),       SCMP_SYS(chroot),
                                SCMP_SYS(keyctl),      SCMP_SYS(add_key)};

// Everything that decompressing and reading a database from open descriptors needs, under both of
// Debian's C libraries. mmap and mprotect are allowed without PROT_EXEC only.
constexpr auto kParserCalls = {
    SCMP_SYS(read),         SCMP_SYS(write),           SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),     SCMP_SYS(readv),           SCMP_SYS(writev),
    SCMP_SYS(lseek),        SCMP_SYS(fstat),           SCMP_SYS(newfstatat),
    SCMP_SYS(ftruncate),    SCMP_SYS(close),           SCMP_SYS(brk),
    SCMP_SYS(munmap),       SCMP_SYS(mremap),          SCMP_SYS(madvise),
    SCMP_SYS(futex),        SCMP_SYS(clock_gettime),   SCMP_SYS(gettimeofday),
    SCMP_SYS(time),         SCMP_SYS(getpid),          SCMP_SYS(gettid),
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),  SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),  SCMP_SYS(sched_yield),     SCMP_SYS(getrandom),
    SCMP_SYS(rseq),         SCMP_SYS(set_robust_list), SCMP_SYS(exit),
    SCMP_SYS(exit_group),   SCMP_SYS(tgkill)};

bool AddAll(const Filter& filter, std::uint32_t action, std::initializer_list<int> calls) {
  for (const int call : calls) {
    if (call >= 0 && seccomp_rule_add(filter.get(), action, call, 0) != 0) return false;
  }
  return true;
}

bool AllowWithoutExec(const Filter& filter, int call) {
  constexpr unsigned kProtectionArgument = 2;
  return seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 1,
                          SCMP_CMP(kProtectionArgument, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
}

// Without it even root reaches no process that is not dumpable through /proc. Only root has it.
void GiveUpTracing() {
  (void)::prctl(PR_CAPBSET_DROP, CAP_SYS_PTRACE);
  __user_cap_header_struct head{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> held{};
  if (::syscall(SYS_capget, &head, held.data()) != 0) return;
  constexpr std::uint32_t kBit = 1U << CAP_SYS_PTRACE;
  held[0].effective &= ~kBit;
  held[0].permitted &= ~kBit;
  held[0].inheritable &= ~kBit;
  (void)::syscall(SYS_capset, &head, held.data());
}

}  // namespace

Status ApplyParserFilter() {
  // Unknown calls get ENOSYS rather than death: a newer C library probes for calls we have never
  // heard of.
  const Filter filter(seccomp_init(SCMP_ACT_ERRNO(ENOSYS)), &seccomp_release);
  const bool built =
      filter != nullptr && AddAll(filter, SCMP_ACT_KILL_PROCESS, kNetworkCalls) &&
      AddAll(filter, SCMP_ACT_KILL_PROCESS, kHostileCalls) &&
      AddAll(filter, SCMP_ACT_ALLOW, kParserCalls) && AllowWithoutExec(filter, SCMP_SYS(mmap)) &&
      AllowWithoutExec(filter, SCMP_SYS(mprotect)) &&
      AddAll(filter, SCMP_ACT_ERRNO(EACCES), {SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(openat2)});
  if (!built || seccomp_load(filter.get()) != 0) {
    return Error::Make(Kind::kSandbox, "this kernel does not accept the system call filter");
  }
  return Ok();
}

Status ApplyProgramFilter() {
  const Filter filter(seccomp_init(SCMP_ACT_ALLOW), &seccomp_release);
  const std::uint32_t refuse = SCMP_ACT_ERRNO(EACCES);
  if (filter == nullptr || !AddAll(filter, refuse, kNetworkCalls) ||
      !AddAll(filter, refuse, kTracingCalls) ||
      !AddAll(filter, refuse,
              {SCMP_SYS(kill), SCMP_SYS(tkill), SCMP_SYS(mount), SCMP_SYS(unshare), SCMP_SYS(setns),
               SCMP_SYS(keyctl), SCMP_SYS(add_key), SCMP_SYS(request_key)}) ||
      seccomp_load(filter.get()) != 0)
    return Error::Make(Kind::kSandbox, "this kernel does not accept the system call filter");
  return Ok();
}

Status ForbidNetwork() {
  GiveUpTracing();
  const Filter filter(seccomp_init(SCMP_ACT_ALLOW), &seccomp_release);
  if (filter == nullptr || !AddAll(filter, SCMP_ACT_KILL_PROCESS, kNetworkCalls) ||
      !AddAll(filter, SCMP_ACT_KILL_PROCESS, kTracingCalls) || seccomp_load(filter.get()) != 0) {
    return Error::Make(Kind::kSandbox,
                       "this kernel does not accept the filter that forbids the network")
        .Hint("gapferry-import needs a kernel with seccomp (CONFIG_SECCOMP_FILTER)");
  }
  return Ok();
}

}  // namespace gapferry::sandbox
