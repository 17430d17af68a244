#include "importer/medium.h"

#include <algorithm>
#include <map>

#include "base/console.h"

namespace gapferry::importer {
namespace {

namespace fs = std::filesystem;

bool IsRootDocument(const std::string& name) {
  return name.starts_with("root-") &&
         (name.ends_with(".json") ||
          (name.find(".json.") != std::string::npos && name.ends_with(".minisig")));
}

struct Found {
  std::map<std::pair<std::string, std::uint64_t>, std::vector<fs::path>>
      bundles;  // by stream and number
  std::vector<std::string> foreign;
};

Result<Found> Sort(const fs::path& folder) {
  Found found;
  std::error_code error;
  for (fs::directory_iterator entries(folder, error), end; !error && entries != end;
       entries.increment(error)) {
    const std::string name = entries->path().filename().string();
    const std::optional<bundle::VolumeName> volume = bundle::ParseVolumeName(name);
    const bool regular = entries->symlink_status(error).type() == fs::file_type::regular;
    if (volume && regular) {
      found.bundles[{volume->stream, volume->seq}].push_back(entries->path());
    } else if (!regular || !IsRootDocument(name)) {
      found.foreign.push_back(name);
    }
  }
  if (error) return SystemError("cannot list " + folder.string(), error.value());
  std::sort(found.foreign.begin(), found.foreign.end());
  return found;
}

}  // namespace

Result<Medium> LookAt(const fs::path& path, const std::string& stream) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status))
    return Error::Make(Kind::kNotFound, "there is nothing at {}", path.string());
  if (!fs::is_directory(status)) return Medium{{path}, {}};
  GF_TRY(Found found, Sort(path));
  Medium medium;
  medium.foreign = std::move(found.foreign);
  std::string others;
  for (auto& [key, volumes] : found.bundles) {
    if (!stream.empty() && key.first != stream) {
      others += fmt::format("{}{} {}", others.empty() ? "" : ", ", key.first, key.second);
      continue;
    }
    std::sort(volumes.begin(), volumes.end());
    medium.volumes = volumes;  // the map is in order: the last one has the highest number
  }
  if (medium.volumes.empty()) {
    Error none = Error::Make(Kind::kNotFound, "there is no bundle{} in {}{}",
                             stream.empty() ? "" : " for " + stream, path.string(),
                             others.empty() ? "" : "; there is: " + others);
    return std::move(none).Hint("bundles are files that end in .gfb; is the right medium mounted?");
  }
  return medium;
}

Result<bundle::BundleReader> OpenBundle(const Medium& medium) {
  std::vector<std::unique_ptr<bundle::ByteSource>> sources;
  for (const fs::path& volume : medium.volumes) {
    GF_TRY(auto source, bundle::FileSource::Open(volume));
    sources.push_back(std::move(source));
  }
  return bundle::BundleReader::Open(std::move(sources));
}

}  // namespace gapferry::importer
