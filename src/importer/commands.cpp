#include "importer/commands.h"

#include "base/version.h"

namespace gapferry::importer {

Program ImportProgram(const CommandRunner& run) {
  return {"gapferry-import",
          "verify signed bundles on an isolated site and generate detection artifacts from them",
          kVersion,
          "GAPFERRY_IMPORT_HOME",
          "import",
          {AuditCommand(), DiffCommand(), DumpCommand(), FsckCommand(), GenerateCommand(run),
           ImportCommand(), InitCommand(), InspectCommand(), RollbackCommand(run), RunCommand(run),
           StatusCommand(), VerifyCommand(), WhyCommand()}};
}

}  // namespace gapferry::importer
