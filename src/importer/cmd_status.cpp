#include "bundle/number_json.h"
#include "detect/generation.h"
#include "detect/id_use.h"
#include "importer/commands.h"
#include "importer/site_identity.h"
#include "importer/trust_warnings.h"

namespace gapferry::importer {
namespace {

Status ShowStatus(Session& session) {
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(const Config config, home.LoadConfig());
  GF_TRY(store::Store store, store::Store::OpenReadOnly(home.store_file()));
  GF_TRY(const SiteTrust trust, LoadTrust(&store));
  GF_TRY(const std::optional<Applied> applied, LoadApplied(&store));
  GF_TRY(const auto counts, store.CountRows());
  GF_TRY(std::vector<std::string> notes, detect::LowIds(store, config.site.destinations));
  notes.insert(notes.begin(), config.notes.begin(), config.notes.end());
  const bundle::JudgedClock clock =
      bundle::JudgeClock(bundle::Clock{Now(), false}, trust.state.floor);
  const std::string stream = StreamName(trust);

  std::vector<TrustWarning> all_warnings = TrustWarnings(trust, applied, Now());
  GF_TRY(const std::vector<std::string> loose, LooseIdentities(home));
  for (const std::string& text : loose)
    all_warnings.push_back({"identity-open", text});
  Json warnings = Json::array();
  for (const TrustWarning& warning : all_warnings)
    warnings.push_back({{"code", warning.code}, {"text", warning.text}});
  Console& console = session.console;
  Json state = nullptr;
  if (applied) {
    const bundle::Manifest& manifest = applied->manifest;
    state = {{"epoch", manifest.epoch},
             {"seq", manifest.seq},
             {"created", FormatTime(manifest.created)},
             {"imported", FormatTime(applied->imported)},
             {"expires", FormatTime(manifest.expires)},
             {"next_due", FormatTime(applied->next_due)},
             {"exception", applied->exception},
             {"overdue", clock.now > applied->next_due},
             {"state_digest", HexEncode(manifest.state_digest)}};
  }
  Json destinations = Json::array();
  for (const detect::Destination& destination : config.site.destinations) {
    std::error_code error;
    const auto current = std::filesystem::read_symlink(
        detect::FolderOf(destination, config.artifacts) / "current", error);
    const std::string refusal =
        detect::Generations::RefusalIn(detect::FolderOf(destination, config.artifacts));
    destinations.push_back(
        {{"name", destination.name},
         {"refused", refusal.empty() ? Json(nullptr) : Json(refusal)},
         {"format", destination.format},
         {"current", error ? Json(nullptr) : Json(current.filename().string())}});
  }
  const auto held = trust.state.streams.find(trust.stream);
  std::optional<bundle::StatePoint> highest;
  if (held != trust.state.streams.end()) highest = held->second.highest;
  std::optional<bundle::StateNumber> recalled;
  if (held != trust.state.streams.end()) recalled = held->second.recalled;
  console.Emit("status", {{"home", home.folder().string()},
                          {"stream", stream},
                          {"root_version", trust.state.root.version},
                          {"clearance", intel::TlpName(config.clearance)},
                          {"clock", bundle::ClockVerdictName(clock.verdict)},
                          {"applied", state},
                          {"highest", bundle::NumberJson(highest)},
                          {"recalled", bundle::NumberJson(recalled)},
                          {"warnings", warnings},
                          {"notes", notes},
                          {"rows", counts},
                          {"destinations", destinations}});
  console.Say(fmt::format("home       {}", home.folder().string()));
  console.Say(fmt::format("stream     {}, root version {}, clearance TLP:{}", stream,
                          trust.state.root.version, intel::TlpName(config.clearance)));
  console.Say(fmt::format("clock      {} ({})", FormatTime(Now()),
                          bundle::ClockVerdictName(clock.verdict)));
  for (const TrustWarning& warning : all_warnings)
    console.Say("WARNING    " + warning.text);
  for (const std::string& note : notes)
    console.Say("note       " + note);
  if (!applied) {
    console.Say("state      nothing imported yet");
  } else {
    const bundle::Manifest& manifest = applied->manifest;
    console.Say(fmt::format("state      number {}.{} of {}, imported {}", manifest.epoch,
                            manifest.seq, FormatDate(manifest.created),
                            FormatDate(applied->imported)));
    if (highest && bundle::IsBefore(PointOf(manifest), *highest)) {
      console.Say(fmt::format("highest    number {}.{} was accepted here: nothing older is new",
                              highest->epoch, highest->seq));
    }
    if (!applied->exception.empty()) {
      console.Say(fmt::format("exception  {}", Printable(applied->exception)));
    }
    console.Say(
        fmt::format("next       due {}{}", FormatDate(applied->next_due),
                    clock.now > applied->next_due ? "  OVERDUE: what is here may be stale" : ""));
  }
  if (recalled) console.Say("recalled   " + bundle::RecalledText(*recalled));
  console.Say(fmt::format("rows       {} events, {} attributes, {} warninglists",
                          Grouped(counts.at("event")), Grouped(counts.at("attribute")),
                          Grouped(counts.at("warninglist"))));
  for (const Json& destination : destinations) {
    console.Say(fmt::format("artifacts  {} ({}): {}", destination["name"].get<std::string>(),
                            destination["format"].get<std::string>(),
                            destination["current"].is_null()
                                ? "not generated yet"
                                : destination["current"].get<std::string>()));
    if (!destination["refused"].is_null()) {
      console.Say("           the last `generate` was refused: " +
                  Printable(destination["refused"].get<std::string>()));
    }
  }
  return Ok();
}

}  // namespace

Command StatusCommand() {
  return {
      "status", "show what is here: state, age, clock, rows and artifacts", "Reads only.",
      [](Arguments&) -> Runner { return [](Session& session) { return ShowStatus(session); }; }};
}

}  // namespace gapferry::importer
