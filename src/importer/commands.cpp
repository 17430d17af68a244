#include "importer/commands.h"

#include "base/version.h"
#include "bundle/resplit_command.h"

namespace gapferry::importer {

Program ImportProgram(const Runners& runners) {
  return {"gapferry-import",
          "verify signed bundles on an isolated site and generate detection artifacts from them",
          kVersion,
          "GAPFERRY_IMPORT_HOME",
          "import",
          {AuditCommand(),
           BackupCommand(),
           DiffCommand(),
           DumpCommand(),
           EnrichCommand(),
           ExplainCommand(),
           FormatsCommand(),
           FsckCommand(),
           GenerateCommand(runners),
           ImportCommand(),
           InitCommand(),
           InspectCommand(),
           KeyCommand(),
           ReceiptCommand(),
           RecipientCommand(),
           bundle::ResplitCommand(),
           RestoreCommand(),
           RollbackCommand(runners),
           RootCommand(),
           RunCommand(runners),
           StatusCommand(),
           TestCommand(runners.plain),
           TimeCommand(),
           VerifyCommand(),
           WhyCommand()}};
}

}  // namespace gapferry::importer
