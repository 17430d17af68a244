// detect/file_change.h: how the files of two generations differ, line by line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace gapferry::detect {

struct FileChange {
  static constexpr std::size_t kMaxShown = 20;
  std::string name;  // within the generation
  std::uint64_t added = 0;
  std::uint64_t removed = 0;
  // The first of them, whole lines.
  std::vector<std::string> added_lines;
  std::vector<std::string> removed_lines;
};

// Files of `before` (which may be empty: nothing) and `after` whose lines differ, by name; the
// manifest is left out. A line that only moved is no difference. Holds 8 bytes for each line of one
// file. Errors: kIo.
[[nodiscard]] Result<std::vector<FileChange>> CompareGenerations(
    const std::filesystem::path& before, const std::filesystem::path& after);

// The files of a generation that are not as its manifest says: changed, gone, or not to be read.
[[nodiscard]] std::vector<std::string> AlteredFiles(const std::filesystem::path& generation,
                                                    const Json& manifest);

}  // namespace gapferry::detect
