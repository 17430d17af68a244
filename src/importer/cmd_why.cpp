#include "importer/commands.h"
#include "importer/why_text.h"

namespace gapferry::importer {
namespace {

Status Explain(Session& session, const std::string& value) {
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(Config config, home.LoadConfig());
  const std::filesystem::path artifacts = config.artifacts;
  GF_TRY(store::Store store, store::Store::OpenReadOnly(home.store_file()));
  GF_TRY(const LoadedSite loaded, LoadSite(std::move(config), &store));
  GF_TRY(detect::Why why, detect::WhyValue(store, loaded.site, value));
  GF_CHECK(detect::AddLateRefusals(loaded.site, artifacts, &why));
  Console& console = session.console;
  Json occurrences = Json::array();
  for (const detect::WhyOccurrence& occurrence : why.occurrences) {
    occurrences.push_back(OccurrenceJson(occurrence));
    ShowOccurrence(console, occurrence);
  }
  console.Emit("why", {{"value", value},
                       {"looked_for", why.looked_for},
                       {"occurrences", occurrences},
                       {"more", why.more}});
  if (why.more > 0) console.Say(fmt::format("and {} more", Grouped(why.more)));
  if (!why.occurrences.empty()) return Ok();
  return Error::Make(Kind::kNotFound, "{} is not in the store", Printable(value))
      .Hint(
          "what was held back on the connected side is only known there; what this site refused is "
          "counted by `import`");
}

}  // namespace

Command WhyCommand() {
  return {"why", "say for a value which events name it and why it is or is not in each artifact",
          "Takes a domain, address, URL, hash, e-mail address, file name, in any spelling, also "
          "defanged. Decides with "
          "the same code as `generate`.",
          [](Arguments& arguments) {
            auto value = std::make_shared<std::string>();
            arguments.Positional("VALUE", value.get(), "the value to explain");
            return [value](Session& session) { return Explain(session, *value); };
          }};
}

}  // namespace gapferry::importer
