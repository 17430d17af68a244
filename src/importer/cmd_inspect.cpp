#include "importer/commands.h"
#include "importer/opened.h"

namespace gapferry::importer {
namespace {

void ShowCounts(Console& console, std::string_view title,
                const std::map<std::string, std::uint64_t>& counts) {
  for (const auto& [name, count] : counts) {
    console.Say(fmt::format("{:<10} {:>12}  {}", title, Grouped(count), Printable(name)));
    title = "";
  }
}

Status Inspect(Session& session, const std::string& path) {
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(store::Store store, store::Store::OpenReadOnly(home.store_file()));
  GF_TRY(const SiteTrust trust, LoadTrust(&store));
  const auto held = trust.state.streams.find(trust.stream);
  GF_TRY(OpenedMedium medium,
         OpenMedium(path,
                    {StreamName(trust), trust.state.root, trust.state.revoked_here,
                     held == trust.state.streams.end() ? bundle::StreamTrust{} : held->second},
                    nullptr));
  if (!medium.bundles.empty()) SayFaults(session.console, medium);
  GF_TRY(const Opened opened, TakeBest(std::move(medium)));
  const bundle::Manifest& manifest = opened.verified.manifest();
  GF_TRY(const std::optional<Applied> applied, LoadApplied(&store));
  Described described = Describe(opened, bundle::JudgeClock({Now(), false}, trust.state.floor));
  described.json["types"] = manifest.counts.type;
  described.json["tlp"] = manifest.counts.tlp;
  described.json["sources"] = manifest.counts.source;
  described.json["applied_seq"] = applied ? Json(applied->manifest.seq) : Json(nullptr);
  Console& console = session.console;
  console.Emit("inspect", described.json);
  for (const std::string& line : described.lines)
    console.Say(line);
  console.Say(applied ? fmt::format("here       number {}.{} of {}", applied->manifest.epoch,
                                    applied->manifest.seq, FormatDate(applied->manifest.created))
                      : "here       nothing imported yet");
  ShowCounts(console, "rows", manifest.counts.kind);
  ShowCounts(console, "by type", manifest.counts.type);
  ShowCounts(console, "by TLP", manifest.counts.tlp);
  ShowCounts(console, "by source", manifest.counts.source);
  return Ok();
}

}  // namespace

Command InspectCommand() {
  return {"inspect", "show what a bundle says of itself, once its signature is checked",
          "Reads the signed manifest only; `verify` also checks every byte of the content. Changes "
          "nothing.",
          [](Arguments& arguments) {
            auto path = std::make_shared<std::string>();
            arguments.Positional("PATH", path.get(), "a bundle, or the folder of a medium");
            return [path](Session& session) { return Inspect(session, *path); };
          }};
}

}  // namespace gapferry::importer
