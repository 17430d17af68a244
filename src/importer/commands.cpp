#include "importer/commands.h"

#include "base/version.h"

namespace gapferry::importer {

Program ImportProgram() {
  return {"gapferry-import",
          "verify signed bundles on an isolated site and generate detection artifacts from them",
          kVersion,
          "GAPFERRY_IMPORT_HOME",
          "import",
          {DumpCommand(), GenerateCommand(), ImportCommand(), InitCommand(), InspectCommand(),
           RunCommand(), StatusCommand(), VerifyCommand(), WhyCommand()}};
}

}  // namespace gapferry::importer
