#include "importer/commands.h"
#include "sandbox/sandbox.h"

int main(int argc, char** argv) {
  using namespace gapferry;
  if (auto forbidden = sandbox::ForbidNetwork(); !forbidden.ok()) {
    Console(Console::Options{}).Report(forbidden.error());
    return Info(forbidden.error().kind).exit_code;
  }
  return RunProgram(importer::ImportProgram(), argc, argv);
}
