// base/manual.h: the manual page and the shell completion, made from the same tables as --help.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace gapferry {

struct Program;

[[nodiscard]] std::string MakeManual(const Program& program, CLI::App& app);
[[nodiscard]] std::string MakeCompletion(const Program& program, CLI::App& app);

}  // namespace gapferry
