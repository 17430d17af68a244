#include "detect/file_change.h"

#include <fstream>
#include <functional>
#include <set>
#include <unordered_map>

#include "base/hash.h"
#include "detect/generation.h"

namespace gapferry::detect {
namespace {

namespace fs = std::filesystem;

Result<std::set<std::string>> FilesOf(const fs::path& generation) {
  std::set<std::string> names;
  if (generation.empty()) return names;
  std::error_code error;
  for (fs::recursive_directory_iterator entries(generation, error), end; !error && entries != end;
       entries.increment(error)) {
    if (!entries->is_regular_file(error)) continue;
    std::string name = fs::relative(entries->path(), generation, error).generic_string();
    if (name != kManifestName) names.insert(std::move(name));
  }
  if (error) return SystemError("cannot list " + generation.string(), error.value());
  return names;
}

void EachLine(const fs::path& file, const std::function<void(const std::string&)>& visit) {
  std::ifstream lines(file, std::ios::binary);
  std::string line;
  while (std::getline(lines, line))
    visit(line);
}

// How often each line occurs, by hash: two lines that look alike by chance would hide a change from
// a person's eyes only.
using Counts = std::unordered_map<std::size_t, std::int64_t>;

Counts CountLines(const fs::path& file) {
  Counts counts;
  EachLine(file, [&](const std::string& line) { ++counts[std::hash<std::string>()(line)]; });
  return counts;
}

// Lines of `file` beyond those in `other`.
std::uint64_t Beyond(const fs::path& file, Counts other, std::vector<std::string>* shown) {
  std::uint64_t beyond = 0;
  EachLine(file, [&](const std::string& line) {
    if (--other[std::hash<std::string>()(line)] >= 0) return;
    ++beyond;
    if (shown->size() < FileChange::kMaxShown) shown->push_back(line);
  });
  return beyond;
}

// As a manifest has it; empty if the file cannot be read.
std::string DigestOf(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  Blake2b hash(64);
  std::vector<char> piece(1 << 16);
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0)
    hash.Update(std::string_view(piece.data(), static_cast<std::size_t>(in.gcount())));
  return in.eof() ? HexEncode(hash.Finish512()) : "";
}

}  // namespace

Result<std::vector<FileChange>> CompareGenerations(const fs::path& before, const fs::path& after) {
  GF_TRY(std::set<std::string> names, FilesOf(before));
  GF_TRY(const std::set<std::string> new_names, FilesOf(after));
  names.insert(new_names.begin(), new_names.end());
  std::vector<FileChange> changes;
  for (const std::string& name : names) {
    FileChange change;
    change.name = name;
    // A file that is not there has no lines.
    const fs::path was = before.empty() ? fs::path() : before / name;
    change.added = Beyond(after / name, CountLines(was), &change.added_lines);
    change.removed = Beyond(was, CountLines(after / name), &change.removed_lines);
    if (change.added + change.removed > 0) changes.push_back(std::move(change));
  }
  return changes;
}

std::vector<std::string> AlteredFiles(const fs::path& generation, const Json& manifest) {
  std::vector<std::string> altered;
  for (const Json& file : manifest.at("files")) {
    const auto name = file.at("name").get<std::string>();
    if (file.at("blake2b") != Json(DigestOf(generation / name))) altered.push_back(name);
  }
  return altered;
}

}  // namespace gapferry::detect
