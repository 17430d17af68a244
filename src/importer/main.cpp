#include "importer/commands.h"
#include "sandbox/helper.h"
#include "sandbox/sandbox.h"

int main(int argc, char** argv) {
  using namespace gapferry;
  const auto fail = [](const Error& error) {
    Console(Console::Options{}).Report(error);
    return Info(error.kind).exit_code;
  };
  // The helper first: consumers' checks may use sockets, this process never.
  auto helper = sandbox::CommandHelper::Start();
  if (!helper.ok()) return fail(helper.error());
  if (auto forbidden = sandbox::ForbidNetwork(); !forbidden.ok()) return fail(forbidden.error());
  importer::Runners runners;
  runners.plain = [&](const std::vector<std::string>& command, std::chrono::seconds timeout) {
    return helper->Run(command, timeout);
  };
  runners.fenced = [&](const std::vector<std::string>& command, std::chrono::seconds timeout,
                       const Fence& fence, bool require_landlock) {
    return helper->RunFenced(command, timeout, fence, require_landlock);
  };
  return RunProgram(importer::ImportProgram(runners), argc, argv);
}
