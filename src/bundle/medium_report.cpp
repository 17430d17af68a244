#include "bundle/medium_report.h"

#include "base/bytes.h"

namespace gapferry::bundle {
namespace {

void ShowNames(Console& console, std::string_view title, const std::vector<std::string>& names,
               std::string_view advice) {
  for (const std::string& name : names)
    console.Say(fmt::format("  {}: {}", title, name));
  if (!names.empty() && !advice.empty()) console.Note(advice);
}

}  // namespace

Json MediumJson(const WrittenMedium& medium) {
  Json volumes = Json::array();
  std::uint64_t bytes = 0;
  for (const WrittenVolume& volume : medium.volumes) {
    bytes += volume.size;
    volumes.push_back({{"path", volume.path.string()},
                       {"bytes", volume.size},
                       {"blake2b", HexEncode(volume.digest)}});
  }
  return {{"volumes", volumes},
          {"bytes", bytes},
          {"older", medium.older},
          {"unfinished", medium.unfinished},
          {"removed", medium.removed}};
}

void ShowMedium(Console& console, const WrittenMedium& medium) {
  const std::size_t count = medium.volumes.size();
  for (std::size_t i = 0; i < count; ++i) {
    const WrittenVolume& volume = medium.volumes[i];
    console.Say(fmt::format("  written and read back{}: {} ({})",
                            count == 1 ? "" : fmt::format(", volume {} of {}", i + 1, count),
                            volume.path.string(), HumanBytes(volume.size)));
  }
  ShowNames(console, "removed", medium.removed, "");
  ShowNames(
      console, "older, still there", medium.older,
      medium.replace
          ? "those stay: the new bundle starts from them, or they do not say that they are older"
          : "--replace would remove older bundles once the new one is complete");
  ShowNames(console, "left by an interruption", medium.unfinished, "--replace removes it");
  if (count > 1)
    console.Note("the volumes may go onto several media; each carries the whole signature");
}

}  // namespace gapferry::bundle
