#include "bundle/resplit_command.h"

#include "bundle/medium_report.h"
#include "bundle/resplit.h"

namespace gapferry::bundle {
namespace {

struct ResplitOptions {
  std::string path;
  std::string to;
  std::string volume_size;
};

Status RunResplit(Session& session, const ResplitOptions& options) {
  if (options.to.empty() || options.volume_size.empty()) {
    return Error::Make(Kind::kUsage, "where to, and how large? give --to DIR and --volume-size S")
        .Hint("`{} resplit PATH --to DIR --volume-size dvd`", session.program);
  }
  GF_TRY(const std::uint64_t bytes, ParseVolumeSize(options.volume_size));
  GF_TRY(FoundBundle found, FindBundle(options.path));
  GF_TRY(const Manifest manifest, found.reader.AssumeManifest());
  Console& console = session.console;
  for (const Error& fault : found.faults)
    console.Report(fault);
  const std::uint64_t stored = manifest.payload ? manifest.payload->stored_size : 0;
  Progress progress(console, "splitting", "bytes", 2 * stored);
  GF_TRY(const WrittenMedium medium,
         Resplit(found, options.to, bytes, [&](std::uint64_t more) { progress.Advance(more); }));
  Json body = {{"stream", manifest.stream},
               {"epoch", manifest.epoch},
               {"seq", manifest.seq},
               {"kind", KindName(manifest.kind)},
               {"signature_checked", false}};
  body.update(MediumJson(medium));
  console.Emit("resplit", body);
  console.Say(fmt::format("{}  number {}.{}, {}: the same manifest, the same signatures",
                          manifest.stream, manifest.epoch, manifest.seq, KindName(manifest.kind)));
  ShowMedium(console, medium);
  console.Say("  every chunk fits the manifest; who signed it was not checked: `verify` does that");
  return Ok();
}

}  // namespace

Command ResplitCommand() {
  return {"resplit", "write a bundle again in volumes of another size, without any key",
          "Copies chunk by chunk, each compared with the bundle's own manifest, and reads "
          "everything back. Manifest and signatures stay the same, byte for byte. It holds no "
          "root of trust, so it does not say who signed the bundle.",
          [](Arguments& arguments) {
            auto options = std::make_shared<ResplitOptions>();
            arguments.Positional("PATH", &options->path,
                                 "a volume with those beside it, or a folder with one bundle");
            arguments.Option("--to", &options->to, "folder to write into");
            arguments.Option("--volume-size", &options->volume_size,
                             "largest file: fat32, cd, dvd, bd, or bytes with K, M or G");
            return [options](Session& session) { return RunResplit(session, *options); };
          }};
}

}  // namespace gapferry::bundle
