// bundle/medium.h: what lies in the folder of a medium. Only names and kinds of files are looked
// at here, and nothing is decided by them: they say what to open first, and what never.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "bundle/reader.h"
#include "bundle/volume.h"

namespace gapferry::bundle {

constexpr std::size_t kMaxForeignNames = 20;
// Then the listing ends, and says so.
constexpr std::size_t kMaxEntries = 100'000;

// For the courier, on every medium (label.h).
constexpr std::string_view kLabelFile = "READ-ME-FIRST.txt";

struct NamedVolume {
  std::filesystem::path path;
  VolumeName name;
};

struct MediumListing {
  std::vector<NamedVolume> volumes;               // regular files, newest number first
  std::vector<std::filesystem::path> unfinished;  // volumes whose writing was interrupted (.part)
  // Version → names of root-NNNN.json and its signature files.
  std::map<std::uint64_t, std::set<std::string>> roots;
  // Those where root-NNNN.json itself is no regular file → what it is. They are foreign, too.
  std::map<std::uint64_t, std::string> odd_roots;
  std::vector<std::string> foreign;  // the first names of everything else, by their bytes
  std::uint64_t foreign_count = 0;
  bool all_seen = true;  // false: there are more than kMaxEntries
};

// Errors: kNotFound, kIo.
[[nodiscard]] Result<MediumListing> ListMedium(const std::filesystem::path& folder);

// The volumes of one bundle, wherever their names put them: `path` is a volume, with those beside
// it that have the same manifest, or a folder with exactly one bundle. Nothing is verified.
struct FoundBundle {
  std::vector<std::filesystem::path> paths;
  BundleReader reader;
  std::vector<Error>
      faults;  // of files beside it that are named like volumes and could not be read
};
// Errors: kNotFound; kUsage if a folder holds several bundles, naming them; those of
// BundleReader::OpenVolume for a file that was named.
[[nodiscard]] Result<FoundBundle> FindBundle(const std::filesystem::path& path);

struct ListedRoot {
  SignedDocument document;
  std::vector<Error> left_out;  // files that are no signatures, beside some that are
};
// The root `version` that `listing` found in `folder`, with its signature files. Follows no link.
// Errors: kNotFound; kTooLarge; kIo, also for a root that is a link.
[[nodiscard]] Result<ListedRoot> ReadListedRoot(const std::filesystem::path& folder,
                                                const MediumListing& listing,
                                                std::uint64_t version);

}  // namespace gapferry::bundle
