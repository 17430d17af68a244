// importer/config.h: import.yml of an isolated site. schema/import.schema.json says the same for
// editors.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "detect/destination.h"
#include "intel/tlp.h"

namespace gapferry::importer {

struct Config {
  intel::Tlp clearance = intel::Tlp::kClear;  // nothing above it is stored
  bool require_landlock = true;
  std::size_t keep_states = 2;      // to go back to with `rollback`
  std::filesystem::path artifacts;  // folder of the destinations' generations
  std::filesystem::path allowlist;  // file, or empty
  std::filesystem::path own;        // file, or empty
  std::filesystem::path suricata;   // the program for `test`, or empty: that in PATH
  std::filesystem::path additions;  // file, or empty
  detect::Site site;                // what these files hold is filled in by LoadSite
  std::vector<std::string> notes;  // what is no error and hardly meant, for `generate` and `status`
};

// Relative paths are relative to the folder of the file. Error: kConfig with "file:line: key:
// reason".
[[nodiscard]] Result<Config> LoadConfig(const std::filesystem::path& file);
// The commented file that `init` writes for this stream.
[[nodiscard]] std::string DefaultConfig(const std::string& stream);

}  // namespace gapferry::importer
