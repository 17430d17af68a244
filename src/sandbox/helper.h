// sandbox/helper.h: a process that is forked before this one gives up the network, and runs the
// consumers' own checks for it: `suricata -T` and the like may use sockets, the importer may not.
// It also runs, within fences of their own, programs that read what strangers wrote.
#pragma once

#include <sys/types.h>

#include "base/fence.h"
#include "base/file.h"
#include "base/json.h"

namespace gapferry::sandbox {

class CommandHelper {
 public:
  // Forks; call before ForbidNetwork and before any thread. Error: kIo.
  [[nodiscard]] static Result<CommandHelper> Start();
  CommandHelper(CommandHelper&& other) noexcept;
  CommandHelper& operator=(CommandHelper&&) = delete;
  ~CommandHelper();  // the helper ends when its pipe closes

  // As RunCommand, in the helper. Error: kIo if the helper is gone.
  [[nodiscard]] Result<CommandEnd> Run(const std::vector<std::string>& argv,
                                       std::chrono::seconds timeout);
  // As RunFenced (sandbox/fence.h), in the helper. Errors: kSandbox, kIo.
  [[nodiscard]] Result<CommandEnd> RunFenced(const std::vector<std::string>& argv,
                                             std::chrono::seconds timeout, const Fence& fence,
                                             bool require_landlock);

 private:
  [[nodiscard]] Result<CommandEnd> Ask(const Json& request);
  CommandHelper(pid_t pid, Fd requests, Fd answers)
      : pid_(pid), requests_(std::move(requests)), answers_(std::move(answers)) {}

  pid_t pid_ = -1;
  Fd requests_;
  Fd answers_;
};

}  // namespace gapferry::sandbox
