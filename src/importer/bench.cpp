#include "importer/bench.h"

#include "base/suggest.h"
#include "detect/generation.h"

namespace gapferry::importer {

Result<Bench> Bench::Open(const Home& home) {
  GF_TRY(Config config, home.LoadConfig());
  const std::filesystem::path artifacts = config.artifacts;
  GF_TRY(store::Store store, store::Store::OpenReadOnly(home.store_file()));
  GF_TRY(LoadedSite loaded, LoadSite(std::move(config), &store));
  auto state = std::make_unique<State>(std::move(store), std::move(loaded));
  const detect::Site& site = state->loaded.site;
  for (std::size_t i = 0; i < site.destinations.size(); ++i) {
    GF_TRY(const detect::Generations generations,
           detect::Generations::Open(detect::FolderOf(site.destinations[i], artifacts)));
    if (generations.current().empty()) continue;
    state->live.push_back({i, generations.current()});
  }
  if (state->live.empty()) {
    return Error::Make(Kind::kNotReady, "no destination has artifacts in use")
        .Hint("`gapferry-import generate` makes them");
  }
  GF_TRY(detect::ValueLookup lookup, detect::ValueLookup::Create(state->store, site));
  state->lookup.emplace(std::move(lookup));
  return Bench(std::move(state));
}

Status Bench::Only(const std::string& destination) {
  std::vector<std::string> names;
  for (const LiveGeneration& live : state_->live)
    names.push_back(site().destinations[live.destination].name);
  std::erase_if(state_->live, [&](const LiveGeneration& live) {
    return site().destinations[live.destination].name != destination;
  });
  if (!state_->live.empty()) return Ok();
  return Error::Make(Kind::kNotFound, "no destination \"{}\" has artifacts in use{}", destination,
                     DidYouMean(destination, names));
}

}  // namespace gapferry::importer
