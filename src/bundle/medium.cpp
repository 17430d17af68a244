#include "bundle/medium.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/file.h"
#include "bundle/head_reader.h"
#include "bundle/root.h"
#include "bundle/signed_file.h"

namespace gapferry::bundle {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPart = ".part";
constexpr std::string_view kSignature = ".minisig";

// Of "root-0002.json" and of its signature files.
std::optional<std::uint64_t> RootVersionOf(std::string_view name) {
  constexpr std::size_t kRootNameLength = std::string_view("root-0001.json").size();
  const auto version = RootVersionIn(name.substr(0, kRootNameLength));
  const std::string_view rest = name.substr(std::min(kRootNameLength, name.size()));
  if (!version || rest.empty() || rest == kSignature) return version;
  const bool by_key = rest.size() == 1 + 16 + kSignature.size() && rest.starts_with('.') &&
                      rest.ends_with(kSignature) && ParseKeyId(rest.substr(1, 16));
  return by_key ? version : std::nullopt;
}

// Keeps the first names only, whatever the order in which the medium lists them.
class ForeignNames {
 public:
  void Add(std::string name) {
    ++count_;
    first_.insert(std::move(name));
    if (first_.size() > kMaxForeignNames) first_.erase(std::prev(first_.end()));
  }
  void MoveTo(MediumListing& listing) {
    listing.foreign_count = count_;
    listing.foreign.assign(first_.begin(), first_.end());
  }

 private:
  std::uint64_t count_ = 0;
  std::set<std::string> first_;
};

// Whether a regular file of this name belongs on a medium.
bool Keep(const fs::path& path, const std::string& name, MediumListing& listing) {
  if (auto volume = ParseVolumeName(name)) {
    listing.volumes.push_back({path, *std::move(volume)});
    return true;
  }
  if (name.ends_with(kPart) && ParseVolumeName(name.substr(0, name.size() - kPart.size()))) {
    listing.unfinished.push_back(path);
    return true;
  }
  if (const auto version = RootVersionOf(name)) {
    listing.roots[*version].insert(name);
    return true;
  }
  return name == kLabelFile;
}

void NoteOddRoot(const std::string& name, fs::file_type type, MediumListing& listing) {
  const auto version = RootVersionOf(name);
  if (!version || name != RootFileName(*version)) return;
  listing.odd_roots[*version] =
      type == fs::file_type::symlink ? "a symbolic link, which is not followed" : "no regular file";
  listing.roots[*version];
}

void Sort(const fs::directory_entry& entry, MediumListing& listing, ForeignNames& foreign) {
  std::error_code error;
  const std::string name = entry.path().filename().string();
  const fs::file_type type = entry.symlink_status(error).type();
  const bool regular = type == fs::file_type::regular && !error;
  if (!regular) NoteOddRoot(name, type, listing);
  if (!regular || !Keep(entry.path(), name, listing)) foreign.Add(name);
}

bool IsNewer(const NamedVolume& left, const NamedVolume& right) {
  const auto rank = [](const NamedVolume& volume) {
    return std::tuple(~volume.name.epoch, ~volume.name.seq, volume.path.filename().string());
  };
  return rank(left) < rank(right);
}

// Adds the volume to the bundle with the same manifest, or as the first of a new one.
Status Group(BundleReader volume, const fs::path& path, std::vector<FoundBundle>& bundles) {
  for (FoundBundle& bundle : bundles) {
    if (!bundle.reader.IsOneWith(volume)) continue;
    GF_CHECK(bundle.reader.Merge(std::move(volume)));
    bundle.paths.push_back(path);
    return Ok();
  }
  bundles.push_back({{path}, std::move(volume), {}});
  return Ok();
}

Result<BundleReader> OpenFile(const fs::path& path) {
  GF_TRY(auto source, FileSource::Open(path));
  return BundleReader::OpenVolume(std::move(source));
}

Result<FoundBundle> OnlyBundle(const fs::path& folder, std::vector<FoundBundle> bundles) {
  if (bundles.empty()) {
    return Error::Make(Kind::kNotFound, "there is no bundle in {}", folder.string())
        .Hint("bundles are files that end in .gfb; is the right medium mounted?");
  }
  if (bundles.size() == 1) return std::move(bundles.front());
  Error several =
      Error::Make(Kind::kUsage, "which of the {} bundles in {}?", bundles.size(), folder.string());
  return std::move(several).Hint("name a file, such as {}", bundles.front().paths.front().string());
}

}  // namespace

Result<MediumListing> ListMedium(const fs::path& folder) {
  MediumListing listing;
  ForeignNames foreign;
  std::error_code error;
  std::size_t seen = 0;
  for (fs::directory_iterator entries(folder, error), end; !error && entries != end;
       entries.increment(error)) {
    if (++seen > kMaxEntries) {
      listing.all_seen = false;
      break;
    }
    Sort(*entries, listing, foreign);
  }
  if (error) return SystemError("cannot list " + folder.string(), error.value());
  foreign.MoveTo(listing);
  std::sort(listing.volumes.begin(), listing.volumes.end(), IsNewer);
  std::sort(listing.unfinished.begin(), listing.unfinished.end());
  return listing;
}

Result<FoundBundle> FindBundle(const fs::path& path) {
  std::error_code error;
  const bool is_folder = fs::is_directory(path, error);
  std::vector<FoundBundle> bundles;
  if (!is_folder) {
    GF_TRY(BundleReader named, OpenFile(path));
    bundles.push_back({{path}, std::move(named), {}});
  }
  fs::path folder = is_folder ? path : path.parent_path();
  if (folder.empty()) folder = ".";
  GF_TRY(const MediumListing listing, ListMedium(folder));
  std::vector<Error> faults;
  for (std::size_t i = 0; i < listing.volumes.size() && i < kMaxVolumes; ++i) {
    const fs::path& file = listing.volumes[i].path;
    if (!is_folder && fs::equivalent(file, path, error)) continue;
    auto reader = OpenFile(file);
    if (!reader.ok()) {
      faults.push_back(std::move(reader).error());
    } else if (is_folder || bundles.front().reader.IsOneWith(*reader)) {
      GF_CHECK(Group(std::move(reader).value(), file, bundles));
    } else if (reader->manifest().bytes == bundles.front().reader.manifest().bytes) {
      faults.push_back(Error::Make(Kind::kMalformed, "{} holds other roots than {}", file.string(),
                                   path.string()));
    }
  }
  GF_TRY(FoundBundle only, OnlyBundle(folder, std::move(bundles)));
  only.faults = std::move(faults);
  return only;
}

Result<ListedRoot> ReadListedRoot(const fs::path& folder, const MediumListing& listing,
                                  std::uint64_t version) {
  const std::string file = RootFileName(version);
  const auto odd = listing.odd_roots.find(version);
  if (odd != listing.odd_roots.end()) {
    return Error::Make(Kind::kIo, "{} in {} is {}", file, folder.string(), odd->second)
        .Hint("copy the file itself to the medium");
  }
  const auto names = listing.roots.find(version);
  if (names == listing.roots.end() || !names->second.contains(file))
    return Error::Make(Kind::kNotFound, "there is no {} in {}", file, folder.string());
  ListedRoot root;
  GF_TRY(root.document.bytes, ReadRegularFile(folder / file, kMaxRootBytes));
  // The short name first, whatever else is there.
  std::vector<fs::path> beside;
  const std::string short_name = file + std::string(kSignature);
  if (names->second.contains(short_name)) beside.push_back(folder / short_name);
  for (const std::string& name : names->second) {
    if (name != file && name != short_name && beside.size() < kMaxSignatureFiles)
      beside.push_back(folder / name);
  }
  FoundSignatures found = ReadSignatures(beside);
  root.document.signatures = std::move(found.texts);
  root.left_out = std::move(found.left_out);
  return root;
}

}  // namespace gapferry::bundle
