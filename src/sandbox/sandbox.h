// sandbox/sandbox.h: code that reads what a medium brought runs in a child that can do nothing but
// read one pipe, use one scratch file and write another pipe. Landlock (Linux 5.13), seccomp
// (libseccomp) and rlimits.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>

#include "base/file.h"
#include "base/result.h"

namespace gapferry::sandbox {

struct Limits {
  std::uint64_t memory_bytes = 1ULL << 30;  // address space
  std::uint64_t cpu_seconds = 3600;
  std::uint64_t file_bytes = 64ULL << 30;  // of the scratch file
};

// What of the sandbox this kernel could give. Shown in every verdict.
struct Level {
  int landlock_abi = 0;  // 0: this kernel has none
  bool seccomp = false;
  [[nodiscard]] std::string Describe() const;  // "seccomp+landlock(7)+rlimits"
};

struct ChildPipes {
  int input = -1;    // what the parent feeds
  int output = -1;   // what the parent reads
  int scratch = -1;  // a private file without a name
};

// How the child ended.
struct Ending {
  int exit_code = 0;
  int signal = 0;  // 0 unless it was killed
  // The child tried something that the sandbox forbids.
  [[nodiscard]] bool BrokeRules() const;
  [[nodiscard]] std::string Describe() const;
};

class Child {
 public:
  // Forks, confines the child and runs `body` in it; the value of `body` becomes its exit code. The
  // process must have a single thread. Error: kSandbox if the confinement cannot be built. `level`
  // tells what was reached.
  [[nodiscard]] static Result<Child> Start(const std::function<int(const ChildPipes&)>& body,
                                           Fd scratch, const Limits& limits, bool require_landlock);
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  ~Child();  // kills a child that still runs

  [[nodiscard]] const Level& level() const { return level_; }
  [[nodiscard]] int to_child() const { return to_child_.get(); }
  [[nodiscard]] int from_child() const { return from_child_.get(); }
  // Tells the child that its input has ended.
  void CloseInput() { to_child_.Close(); }
  [[nodiscard]] Result<Ending> Wait();

 private:
  Child(pid_t pid, Fd to_child, Fd from_child)
      : pid_(pid), to_child_(std::move(to_child)), from_child_(std::move(from_child)) {}

  pid_t pid_ = -1;
  Fd to_child_;
  Fd from_child_;
  Level level_;
};

// Forbids this process and all its children every network system call, for good: trying one kills
// the process (SIGSYS). Likewise every way into another process. The importer calls it first thing
// in main. Error: kSandbox.
[[nodiscard]] Status ForbidNetwork();

}  // namespace gapferry::sandbox
