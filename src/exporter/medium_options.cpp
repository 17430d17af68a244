#include "bundle/volume_plan.h"
#include "exporter/commands.h"

namespace gapferry::exporter {

void DeclareMedium(Arguments& arguments, MediumOptions* options, const std::string& to_help) {
  arguments.Option("--to", &options->to, to_help);
  arguments.Option("--volume-size", &options->volume_size,
                   "largest file: fat32 (default), cd, dvd, bd, or bytes with K, M or G");
  arguments.Values("--volume-size", {"fat32", "cd", "dvd", "bd"});
  arguments.Flag("--replace", &options->replace,
                 "remove older bundles of the stream once the new one is complete");
}

Status ApplyMedium(const MediumOptions& options, SiteConfig* site) {
  if (site->to.empty()) {
    return Error::Make(Kind::kUsage,
                       "where to? site {} has no `to:` in export.yml, and --to was not given",
                       site->name);
  }
  if (options.volume_size.empty()) return Ok();
  GF_TRY(site->volume_bytes, bundle::ParseVolumeSize(options.volume_size));
  return Ok();
}

}  // namespace gapferry::exporter
