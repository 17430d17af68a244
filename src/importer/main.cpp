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
  const CommandRunner run = [&](const std::vector<std::string>& command,
                                std::chrono::seconds timeout) {
    return helper->Run(command, timeout);
  };
  return RunProgram(importer::ImportProgram(run), argc, argv);
}
