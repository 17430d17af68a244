// base/command.h: runs another program, without a shell, and keeps the end of what it prints.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace gapferry {

struct CommandEnd {
  enum class How { kExited, kKilled, kTimedOut };
  How how = How::kExited;
  int value = 0;       // exit code or signal
  std::string output;  // stdout and stderr together, the last 64 KiB

  [[nodiscard]] bool ok() const { return how == How::kExited && value == 0; }
  // "exit code 1", "signal 9", "no end within its time".
  [[nodiscard]] std::string Describe() const;
  // The error with the last lines of the output as hints.
  [[nodiscard]] Error Explain(Error error) const;
};

// Runs argv[0], looked up in PATH, with no standard input, in a process group of its own that is
// killed when time is up. A program that cannot be started ends with code 127 and the reason as its
// output. `prepare` is called in the new process, before the program takes its place; false keeps
// it from that. Error: kIo.
[[nodiscard]] Result<CommandEnd> RunCommand(const std::vector<std::string>& argv,
                                            std::chrono::seconds timeout,
                                            const std::function<bool()>& prepare = nullptr);

using CommandRunner =
    std::function<Result<CommandEnd>(const std::vector<std::string>&, std::chrono::seconds)>;

}  // namespace gapferry
