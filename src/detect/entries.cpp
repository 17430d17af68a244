#include "detect/entries.h"

#include <algorithm>
#include <fstream>
#include <set>

#include "base/bytes.h"
#include "detect/generation.h"
#include "detect/spelling.h"

namespace gapferry::detect {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kShownValues = 160;
constexpr std::string_view kClientHello = "content:\"|16 03|\"";  // of snort_match.cpp

// The digits, letters and hyphens after `head`.
std::string IdAfter(std::string_view text, std::string_view head) {
  const std::size_t at = text.find(head);
  if (at == std::string_view::npos) return "";
  std::string id;
  for (const char c : text.substr(at + head.size())) {
    if (!IsAsciiAlnum(c) && c != '-') break;
    id += c;
  }
  return id;
}

class Search {
 public:
  Search(fs::path generation, const Destination& destination,
         const std::vector<intel::Indicator>& indicators)
      : generation_(std::move(generation)), found_(indicators.size()) {
    for (const intel::Indicator& indicator : indicators)
      spellings_.push_back(SpellingsOf(destination, indicator));
  }

  Result<std::vector<std::vector<Entry>>> Run() {
    GF_TRY(const std::vector<fs::path> files, Files());
    for (const fs::path& file : files)
      ReadFile(file);
    for (const fs::path& file : files)
      ReadLoaders(file);
    return std::move(found_);
  }

 private:
  // What a consumer reads, sorted.
  Result<std::vector<fs::path>> Files() const {
    std::vector<fs::path> files;
    std::error_code error;
    for (fs::recursive_directory_iterator at(generation_, error), end; !error && at != end;
         at.increment(error)) {
      const fs::path& path = at->path();
      const bool skip = path.extension() == ".gz" || path.filename() == kManifestName;
      // A feed of MISP has a manifest of its own.
      if (at->is_regular_file(error) && (!skip || path.parent_path() != generation_))
        files.push_back(path);
    }
    if (error) {
      return Error::Make(Kind::kIo, "cannot read {}: {}", generation_.string(), error.message());
    }
    std::sort(files.begin(), files.end());
    return files;
  }

  void ReadFile(const fs::path& path) {
    const std::string name = path.lexically_relative(generation_).string();
    std::ifstream in(path, std::ios::binary);
    std::string line;
    std::string id;  // of the file
    for (std::uint64_t number = 1; std::getline(in, line); ++number) {
      if (path.extension() == ".yml" && line.starts_with("id: ")) id = line.substr(4);
      for (std::size_t i = 0; i < found_.size(); ++i)
        Look(name, number, line, id, i);
    }
  }

  void Look(const std::string& name, std::uint64_t number, std::string_view line,
            const std::string& id, std::size_t which) {
    if (found_[which].size() == kMaxEntries) return;
    for (const Spelling& spelling : spellings_[which]) {
      if (!name.starts_with(spelling.file)) continue;
      const std::size_t at = FindSpelling(line, spelling);
      if (at == std::string_view::npos) continue;
      const std::size_t begin =
          line.size() <= kShownValues || at < kShownValues / 2 ? 0 : at - kShownValues / 2;
      Entry entry{name, number, std::string(line.substr(begin, kShownValues)), {}};
      entry.very_name = line.find(kClientHello) != std::string_view::npos;
      std::string sid = name.ends_with(".rules") ? IdAfter(line, "; sid:") : "";
      // Of a STIX bundle the indicator that stands before its pattern.
      const std::size_t stix = line.substr(0, at).rfind("\"indicator--");
      if (stix != std::string_view::npos) sid = IdAfter(line.substr(stix), "\"");
      if (!sid.empty()) entry.ids.push_back(sid);
      if (!id.empty()) entry.ids.push_back(id);
      found_[which].push_back(std::move(entry));
      return;
    }
  }

  // Rules that load one of the lists that hold something.
  void ReadLoaders(const fs::path& path) {
    const bool rules = path.extension() == ".rules";
    if (!rules && path.extension() != ".xml") return;
    std::ifstream in(path, std::ios::binary);
    std::string line;
    std::string id;
    while (std::getline(in, line)) {
      const std::string given = IdAfter(line, rules ? "; sid:" : "<rule id=\"");
      if (!given.empty() || rules) id = given;
      if (!id.empty()) Loads(line, id);
    }
  }

  void Loads(const std::string& line, const std::string& id) {
    for (std::vector<Entry>& entries : found_) {
      for (Entry& entry : entries) {
        if (entry.file.ends_with(".rules")) continue;
        const bool loads =
            line.find("load " + entry.file + ',') != std::string::npos ||
            line.find(':' + entry.file + ';') != std::string::npos ||
            line.find('/' + entry.file + "</list>") != std::string::npos ||
            (entry.file.ends_with("-iprep.list") && line.find("; iprep:") != std::string::npos);
        if (loads) entry.ids.push_back(id);
      }
    }
  }

  fs::path generation_;
  std::vector<std::vector<Spelling>> spellings_;
  std::vector<std::vector<Entry>> found_;
};

}  // namespace

Result<std::vector<std::vector<Entry>>> FindEntries(
    const fs::path& generation, const Destination& destination,
    const std::vector<intel::Indicator>& indicators) {
  return Search(generation, destination, indicators).Run();
}

}  // namespace gapferry::detect
