#include "exporter/commands.h"

#include "base/version.h"
#include "bundle/resplit_command.h"

namespace gapferry::exporter {

Program ExportProgram() {
  return {"gapferry-export",
          "collect threat intelligence and write signed bundles for isolated sites",
          kVersion,
          "GAPFERRY_EXPORT_HOME",
          "export",
          {BackupCommand(), BundleCommand(), CollectCommand(), ContextCommand(), ExplainCommand(),
           InitCommand(), KeyCommand(), MispCommand(), ReceiptCommand(), bundle::ResplitCommand(),
           RestoreCommand(), RootCommand(), RunCommand(), SignCommand(), SourcesCommand(),
           StatusCommand()}};
}

}  // namespace gapferry::exporter
