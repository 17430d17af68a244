// detect/entries.h: where a value stands in the files of a generation: the line, and the id that an
// alert would carry. Found by reading the files, so that what is said of an artifact is true of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "detect/destination.h"
#include "intel/value.h"

namespace gapferry::detect {

struct Entry {
  std::string file;  // below the generation
  std::uint64_t line = 0;
  std::string text;              // around the value, shortened
  std::vector<std::string> ids;  // sids, Sigma's UUID, Wazuh's rules that read the list; or none
  // It matches the very name, where others of the same domain match names below too: Snort's rule
  // for TLS.
  bool very_name = false;
};

constexpr std::size_t kMaxEntries = 16;  // of one value

// For each indicator its first entries, by file and line. Errors: kIo.
[[nodiscard]] Result<std::vector<std::vector<Entry>>> FindEntries(
    const std::filesystem::path& generation, const Destination& destination,
    const std::vector<intel::Indicator>& indicators);

}  // namespace gapferry::detect
