#include "importer/config_place.h"

#include <algorithm>
#include <vector>

namespace gapferry::importer {
namespace {

namespace fs = std::filesystem;

// As the system would find it, with a last step that is never empty.
fs::path Real(const fs::path& path) {
  std::error_code code;
  const fs::path whole = fs::absolute(path.empty() ? fs::path(".") : path, code);
  fs::path real = fs::weakly_canonical(whole, code);
  if (code) real = whole.lexically_normal();
  return real.has_filename() ? real : real.parent_path();
}

bool Holds(const fs::path& outer, const fs::path& inner) {
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}
bool Overlap(const fs::path& a, const fs::path& b) {
  return Holds(a, b) || Holds(b, a);
}

Error Bad(const detect::Destination& destination, std::string_view what) {
  return Error::Make(Kind::kConfig, "destination {}: the folder {} {}", destination.name,
                     destination.folder.string(), what);
}

}  // namespace

fs::path ReadPath(ConfigMap& map, std::string_view key, const fs::path& base,
                  const std::string& fallback) {
  const std::string path = map.String(key, fallback);
  if (path.empty() && !fallback.empty()) map.Fail(key, "is empty");
  if (path.starts_with("~"))
    map.Fail(key, fmt::format("\"{}\": nobody expands ~ here; write the whole path", path));
  return path.empty() ? fs::path() : (base / path).lexically_normal();
}

void ReadPlace(ConfigMap& map, const fs::path& base, detect::Destination* destination) {
  std::error_code code;
  destination->folder = ReadPath(map, "folder", base, "");
  if (!destination->folder.empty()) destination->folder = fs::absolute(destination->folder, code);
  // "a/" and "a" are one folder.
  if (destination->folder.has_relative_path() && !destination->folder.has_filename())
    destination->folder = destination->folder.parent_path();
  destination->owner = map.String("owner", "");
  destination->mode = map.String("mode", "");
}

Status CheckPlaces(const detect::Site& site, const fs::path& home, const fs::path& artifacts) {
  const fs::path real_home = Real(home);
  const fs::path real_artifacts = Real(artifacts);
  std::vector<fs::path> taken;
  for (const detect::Destination& destination : site.destinations)
    taken.push_back(Real(detect::FolderOf(destination, artifacts)));
  for (std::size_t i = 0; i < taken.size(); ++i) {
    const detect::Destination& destination = site.destinations[i];
    if (destination.folder.empty()) continue;
    if (Holds(taken[i], real_artifacts))
      return Bad(destination, "holds the folder of all artifacts");
    if (Holds(taken[i], real_home)) return Bad(destination, "holds the home");
    if (Holds(real_home, taken[i]) && !Holds(real_artifacts, taken[i]))
      return Bad(destination, "lies in the home, among its own files");
    for (std::size_t other = 0; other < taken.size(); ++other) {
      if (other != i && Overlap(taken[i], taken[other]))
        return Bad(destination, fmt::format("overlaps that of the destination {}",
                                            site.destinations[other].name));
    }
  }
  return Ok();
}

}  // namespace gapferry::importer
