// importer/bench.h: what `test` asks: the site, its store, and the artifacts that are in use.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/app.h"
#include "detect/value_match.h"
#include "importer/commands.h"

namespace gapferry::importer {

// A generation in use, by the place of its destination in the site.
struct LiveGeneration {
  std::size_t destination = 0;
  std::filesystem::path folder;
};

class Bench {
 public:
  // Walks over the store once. Errors: kNotReady if nothing is imported or nothing is in use, kIo.
  [[nodiscard]] static Result<Bench> Open(const Home& home);

  [[nodiscard]] const detect::Site& site() const { return state_->loaded.site; }
  [[nodiscard]] const std::vector<LiveGeneration>& live() const { return state_->live; }
  [[nodiscard]] store::Store& store() { return state_->store; }
  // Leaves the generation of this destination only. Error: kNotFound with what there is.
  [[nodiscard]] Status Only(const std::string& destination);
  [[nodiscard]] detect::ValueLookup& lookup() { return *state_->lookup; }

 private:
  struct State {
    State(store::Store of_store, LoadedSite of_site)
        : store(std::move(of_store)), loaded(std::move(of_site)) {}
    store::Store store;
    LoadedSite loaded;
    std::vector<LiveGeneration> live;
    std::optional<detect::ValueLookup> lookup;
  };
  explicit Bench(std::unique_ptr<State> state) : state_(std::move(state)) {}
  std::unique_ptr<State> state_;
};

// `test VALUE`. Errors: kNotFound if no artifact in use matches; kUsage for an empty value.
[[nodiscard]] Status TestValue(Session& session, Bench* bench, const std::string& value);
// `test LOG`: line by line, "-" from standard input. Errors: kNotFound if nothing matches; kIo.
[[nodiscard]] Status TestLog(Session& session, Bench* bench, const std::string& file);

}  // namespace gapferry::importer
