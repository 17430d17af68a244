// importer/config_place.h: where the artifacts of a destination lie, and who may read them.
#pragma once

#include <filesystem>

#include "base/config.h"
#include "detect/destination.h"

namespace gapferry::importer {

// A path of the configuration, relative to `base`; empty if it is not given.
[[nodiscard]] std::filesystem::path ReadPath(ConfigMap& map, std::string_view key,
                                             const std::filesystem::path& base,
                                             const std::string& fallback);

// `map` is the destination's; what is wrong is recorded there.
void ReadPlace(ConfigMap& map, const std::filesystem::path& base, detect::Destination* destination);

// No two destinations share a folder, and none lies where the home keeps its state; links on the
// way to a folder are followed first. Error: kConfig.
[[nodiscard]] Status CheckPlaces(const detect::Site& site, const std::filesystem::path& home,
                                 const std::filesystem::path& artifacts);

}  // namespace gapferry::importer
