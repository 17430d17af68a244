// The developers' corpus, which is not part of the repository: warninglists and events as they were
// published. Tests that need it are skipped without it.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "policy/warninglist.h"

namespace gapferry::policy {

inline std::optional<std::filesystem::path> Corpus() {
  const char* named = std::getenv("GAPFERRY_CORPUS");
  // ctest runs in the build folder, which lies in the source folder.
  std::filesystem::path folder = named != nullptr ? named : "";
  std::filesystem::path root = std::filesystem::current_path();
  while (named == nullptr && root.has_relative_path() &&
         !std::filesystem::exists(root / "src/intel"))
    root = root.parent_path();
  if (named == nullptr) folder = root / "../shared/corpus";
  if (!std::filesystem::is_directory(folder / "warninglists")) return std::nullopt;
  return folder;
}

inline std::string ReadText(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Every list of the corpus, by name of its folder.
inline std::vector<std::pair<std::string, Warninglist>> CorpusLists(
    const std::filesystem::path& corpus) {
  std::vector<std::pair<std::string, Warninglist>> lists;
  for (const auto& folder : std::filesystem::directory_iterator(corpus / "warninglists")) {
    const std::filesystem::path file = folder.path() / "list.json";
    if (!std::filesystem::exists(file)) continue;
    Result<Warninglist> list = ParseWarninglist(ReadText(file));
    if (list.ok()) lists.emplace_back(folder.path().filename().string(), *std::move(list));
  }
  std::sort(lists.begin(), lists.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  return lists;
}

}  // namespace gapferry::policy
