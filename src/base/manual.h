// base/manual.h: the manual page and the shell completion, made from the same tables as --help.
#pragma once

#include <string>

#include "base/app.h"

namespace gapferry {

[[nodiscard]] std::string MakeManual(const Program& program, CLI::App& app);
[[nodiscard]] std::string MakeCompletion(const Program& program, CLI::App& app,
                                         const KnownValues& values);

}  // namespace gapferry
