#include "sandbox/sandbox.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "sandbox/confine.h"

namespace gapferry::sandbox {
namespace {

// First thing the child writes: what it reached. Fixed size, so that the parent can trust its
// framing.
struct Greeting {
  std::uint32_t landlock_abi;
  std::uint32_t ready;  // 1, or the child could not be confined
};

constexpr int kInput = 3;
constexpr int kOutput = 4;
constexpr int kScratch = 5;

bool SetLimit(__rlimit_resource resource, std::uint64_t value) {
  const struct rlimit limit { value, value };
  return ::setrlimit(resource, &limit) == 0;
}

// A parser that has been taken over must not even write to the administrator's terminal.
bool SilenceStandardStreams() {
  const int nowhere = ::open("/dev/null", O_RDWR);
  if (nowhere < 0) return false;
  bool silenced = ::dup2(nowhere, STDIN_FILENO) >= 0 && ::dup2(nowhere, STDOUT_FILENO) >= 0;
#ifndef GAPFERRY_SANITIZED
  silenced = silenced && ::dup2(nowhere, STDERR_FILENO) >= 0;
#endif
  if (nowhere > kScratch) ::close(nowhere);
  return silenced;
}

// Moves the three descriptors to fixed places and closes all others.
bool ArrangeDescriptors(int input, int output, int scratch) {
  // Copies above the target range first, so that no dup2 overwrites one that is still needed.
  const int high_input = ::fcntl(input, F_DUPFD, 16);
  const int high_output = ::fcntl(output, F_DUPFD, 16);
  const int high_scratch = ::fcntl(scratch, F_DUPFD, 16);
  if (high_input < 0 || high_output < 0 || high_scratch < 0) return false;
  const bool placed = ::dup2(high_input, kInput) >= 0 && ::dup2(high_output, kOutput) >= 0 &&
                      ::dup2(high_scratch, kScratch) >= 0;
  constexpr long kCloseRange = 436;
  if (::syscall(kCloseRange, kScratch + 1U, ~0U, 0U) != 0) {
    for (int fd = kScratch + 1; fd < 4096; ++fd)
      ::close(fd);
  }
  return placed && SilenceStandardStreams();
}

[[noreturn]] void RunConfined(const std::function<int(const ChildPipes&)>& body,
                              const Limits& limits, bool require_landlock) {
  Greeting greeting{0, 0};
  bool confined =
      ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
  // Before the limits: a ruleset is a descriptor, and soon there may be no new one.
  greeting.landlock_abi = static_cast<std::uint32_t>(ApplyLandlock());
  confined = confined && (greeting.landlock_abi > 0 || !require_landlock) &&
             ApplyRlimits(limits).ok() && ApplyParserFilter().ok();
  greeting.ready = confined ? 1 : 0;
  std::array<std::uint8_t, sizeof(greeting)> bytes;
  std::memcpy(bytes.data(), &greeting, sizeof(greeting));
  if (!WriteFull(kOutput, bytes).ok() || greeting.ready == 0) ::_exit(1);
  ::_exit(body({kInput, kOutput, kScratch}));
}

}  // namespace

std::string Level::Describe() const {
  std::string text = seccomp ? "seccomp" : "no seccomp";
  text += landlock_abi > 0 ? fmt::format("+landlock({})", landlock_abi) : " without landlock";
  return text + "+rlimits";
}

bool Ending::BrokeRules() const {
  return signal == SIGSYS;
}

std::string Ending::Describe() const {
  if (signal == SIGSYS) return "it was killed for a forbidden system call";
  if (signal == SIGXCPU) return "it was killed for using too much CPU time";
  if (signal == SIGXFSZ) return "it was killed for writing too much";
  if (signal != 0)
    return fmt::format("it was killed by signal {} ({})", signal, ::strsignal(signal));
  return fmt::format("it ended with code {}", exit_code);
}

Status ApplyRlimits(const Limits& limits) {
  bool good = SetLimit(RLIMIT_CORE, 0) && SetLimit(RLIMIT_NOFILE, 0) &&
              SetLimit(RLIMIT_CPU, limits.cpu_seconds) && SetLimit(RLIMIT_FSIZE, limits.file_bytes);
#ifndef GAPFERRY_SANITIZED
  // AddressSanitizer reserves terabytes of address space.
  good = good && SetLimit(RLIMIT_AS, limits.memory_bytes);
#endif
  if (!good) return SystemError("cannot limit the parser", errno);
  return Ok();
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      to_child_(std::move(other.to_child_)),
      from_child_(std::move(other.from_child_)),
      level_(other.level_) {}

Child::~Child() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

Result<Child> Child::Start(const std::function<int(const ChildPipes&)>& body, Fd scratch,
                           const Limits& limits, bool require_landlock) {
  std::array<int, 2> input{};
  std::array<int, 2> output{};
  if (::pipe2(input.data(), O_CLOEXEC) != 0) return SystemError("cannot make a pipe", errno);
  Fd input_read(input[0]);
  Fd input_write(input[1]);
  if (::pipe2(output.data(), O_CLOEXEC) != 0) return SystemError("cannot make a pipe", errno);
  Fd output_read(output[0]);
  Fd output_write(output[1]);
  // Larger pipes mean fewer switches between the two processes; a refusal changes nothing.
  constexpr int kPipeBytes = 1 << 20;
  (void)::fcntl(input_write.get(), F_SETPIPE_SZ, kPipeBytes);
  (void)::fcntl(output_write.get(), F_SETPIPE_SZ, kPipeBytes);

  const pid_t pid = ::fork();
  if (pid < 0) return SystemError("cannot start the parser", errno);
  if (pid == 0) {
    if (!ArrangeDescriptors(input_read.get(), output_write.get(), scratch.get())) ::_exit(1);
    RunConfined(body, limits, require_landlock);
  }
  Child child(pid, std::move(input_write), std::move(output_read));
  input_read.Close();
  output_write.Close();
  Greeting greeting{};
  std::array<std::uint8_t, sizeof(greeting)> bytes{};
  GF_TRY(const std::size_t got, ReadFull(child.from_child(), bytes));
  std::memcpy(&greeting, bytes.data(), sizeof(greeting));
  if (got != bytes.size() || greeting.ready != 1) {
    return Error::Make(Kind::kSandbox, "the parser could not be confined (landlock ABI {})",
                       greeting.landlock_abi)
        .Hint("set require_landlock: false in the configuration if this kernel has no Landlock");
  }
  child.level_.landlock_abi = static_cast<int>(greeting.landlock_abi);
  child.level_.seccomp = true;
  return child;
}

Result<Ending> Child::Wait() {
  to_child_.Close();
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0) {
    if (errno != EINTR) return SystemError("cannot wait for the parser", errno);
  }
  pid_ = -1;
  Ending ending;
  if (WIFSIGNALED(status)) {
    ending.signal = WTERMSIG(status);
  } else {
    ending.exit_code = WEXITSTATUS(status);
  }
  return ending;
}

}  // namespace gapferry::sandbox
