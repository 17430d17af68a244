#include <algorithm>

#include "bundle/root_walk.h"
#include "importer/opened.h"

namespace gapferry::importer {
namespace {

namespace fs = std::filesystem;

// Volumes with the same manifest bytes.
struct Candidate {
  std::vector<fs::path> paths;
  bundle::VolumeName name;  // of the first
  bundle::BundleReader reader;
};

template <typename Named>
bundle::StatePoint NumberOf(const Named& named) {
  return {named.epoch, named.seq, {}};
}

bundle::VolumeName NameOf(const fs::path& path) {
  const auto name = bundle::ParseVolumeName(path.filename().string());
  return name.value_or(bundle::VolumeName{});
}

std::size_t HeadBytes(const bundle::BundleReader& volume) {
  return static_cast<std::size_t>(bundle::StoredBytesOf(volume.members(0)));
}

// Most errors do not know in which file they arose.
Error Naming(const fs::path& path, Error error) {
  const std::string name = path.filename().string();
  if (error.what.find(name) != std::string::npos) return error;
  return std::move(error).In(name);
}

// Opens volumes within the limits and sorts them into candidates.
class Opener {
 public:
  explicit Opener(OpenedMedium& medium) : medium_(medium) {}

  void Open(const fs::path& path) {
    const bundle::VolumeName name = NameOf(path);
    if (IsFull()) {
      Fault(path, name,
            Error::Make(Kind::kTooLarge,
                        "{} was not opened: {} volumes and {} bytes before their payloads are as "
                        "much as one medium may hold",
                        path.string(), files_, head_bytes_)
                .Hint("remove old bundles from the medium"));
      return;
    }
    auto source = bundle::FileSource::Open(path);
    auto volume = source.ok() ? bundle::BundleReader::OpenVolume(std::move(source).value())
                              : Result<bundle::BundleReader>(std::move(source).error());
    if (!volume.ok()) {
      Fault(path, name, std::move(volume).error(), true);
      return;
    }
    ++files_;
    for (const auto& [version, document] : volume->roots())
      offers_.Add(version, document);
    Sort(path, name, std::move(volume).value());
  }

  [[nodiscard]] bundle::RootOffers& offers() { return offers_; }
  [[nodiscard]] std::vector<Candidate>& candidates() { return candidates_; }

 private:
  [[nodiscard]] bool IsFull() const {
    return files_ >= kMaxOpenVolumes || candidates_.size() >= kMaxOpenBundles ||
           head_bytes_ >= kMaxOpenHeadBytes;
  }

  void Fault(const fs::path& path, const bundle::VolumeName& name, Error error,
             bool unread = false) {
    if (medium_.faults.size() < kMaxFaults) {
      medium_.faults.push_back({path, name, Naming(path, std::move(error)), unread});
    } else {
      ++medium_.more_faults;
    }
  }

  void Sort(const fs::path& path, const bundle::VolumeName& name, bundle::BundleReader volume) {
    const std::size_t head_bytes = HeadBytes(volume);
    for (Candidate& candidate : candidates_) {
      if (!candidate.reader.IsOneWith(volume)) continue;
      // A head that differs, such as by a signature, is kept beside the first.
      if (candidate.reader.members(0) != volume.members(0)) head_bytes_ += head_bytes;
      auto merged = candidate.reader.Merge(std::move(volume));
      if (merged.ok()) {
        candidate.paths.push_back(path);
      } else {
        Fault(path, name, std::move(merged).error());
      }
      return;
    }
    head_bytes_ += head_bytes;
    candidates_.push_back({{path}, name, std::move(volume)});
  }

  OpenedMedium& medium_;
  std::vector<Candidate> candidates_;
  bundle::RootOffers offers_;
  std::size_t files_ = 0;
  std::size_t head_bytes_ = 0;
};

std::size_t BytesOf(const bundle::SignedDocument& document) {
  std::size_t bytes = document.bytes.size();
  for (const std::string& signature : document.signatures)
    bytes += signature.size();
  return bytes;
}

// Roots can travel without a bundle. One of the held version is looked at, too: it may be another.
void OfferBareRoots(const fs::path& folder, const bundle::Root& now, OpenedMedium& medium,
                    bundle::RootOffers& offers) {
  std::size_t files = 0;
  std::size_t bytes = 0;
  for (const auto& [version, names] : medium.listing.roots) {
    if (version < now.version) continue;
    if (files++ > kMaxBareRoots || bytes > kMaxBareRootBytes) {
      medium.newer_roots.push_back(
          {version, Error::Make(Kind::kTooLarge,
                                "{} and what comes after it was not looked at: {} root files are "
                                "as much as is followed at once",
                                bundle::RootFileName(version), files - 1)});
      medium.unread_roots_from = version;
      return;
    }
    auto listed = bundle::ReadListedRoot(folder, medium.listing, version);
    if (listed.ok()) {
      bytes += BytesOf(listed->document);
      offers.Add(version, listed->document);
      if (version == now.version) continue;
      std::move(listed->left_out.begin(), listed->left_out.end(),
                std::back_inserter(medium.stray_roots));
    } else if (version > now.version) {
      medium.newer_roots.push_back({version, std::move(listed).error()});
    }
  }
}

// After the walk: what of the roots is not in use, and whether it would be newer.
void SortRefused(const bundle::RootWalk& walk, OpenedMedium& medium) {
  std::vector<RootFault> all = std::move(medium.newer_roots);
  medium.newer_roots.clear();
  for (const bundle::RefusedRoot& refused : walk.refused)
    all.push_back({refused.version, refused.error});
  for (RootFault& fault : all) {
    if (fault.version > walk.root.version) {
      medium.newer_roots.push_back(std::move(fault));
    } else {
      medium.stray_roots.push_back(std::move(fault.error));
    }
  }
  std::stable_sort(
      medium.newer_roots.begin(), medium.newer_roots.end(),
      [](const RootFault& left, const RootFault& right) { return left.version < right.version; });
}

Status OpenFolder(const fs::path& folder, const Trusted& trusted, OpenedMedium& medium,
                  Opener& opener) {
  GF_TRY(medium.listing, bundle::ListMedium(folder));
  OfferBareRoots(folder, trusted.root, medium, opener.offers());
  bool any = false;
  for (const bundle::NamedVolume& volume : medium.listing.volumes) {
    if (!trusted.stream.empty() && volume.name.stream != trusted.stream) continue;
    opener.Open(volume.path);
    any = true;
  }
  if (!any) medium.no_bundle = NoBundle(folder, trusted.stream, medium.listing);
  return Ok();
}

Result<Opened> VerifyCandidate(Candidate candidate, const Trusted& trusted,
                               const bundle::RootWalk& walk, const OpenedMedium& medium,
                               bool in_folder) {
  GF_CHECK(bundle::CheckRoots(trusted.root, walk, candidate.reader.roots()));
  auto verified = candidate.reader.CheckSignatures(walk.root, trusted.revoked_here);
  if (!verified.ok()) return std::move(verified).error();
  // A file that was named is judged by Accept; in a folder it must not stand before this site's.
  const std::string& stream = verified->manifest().stream;
  if (in_folder && !trusted.stream.empty() && stream != trusted.stream) {
    return Error::Make(Kind::kWrongStream, "{} is named for {} and signed for stream {}",
                       candidate.paths.front().string(), trusted.stream, stream);
  }
  return Opened{
      Medium{std::move(candidate.paths), {medium.listing.foreign, medium.listing.foreign_count}},
      std::move(candidate.reader), std::move(verified).value(), walk.root};
}

void PutInOrder(const bundle::StreamTrust& held, std::vector<Opened>& bundles) {
  std::vector<const bundle::Manifest*> manifests;
  for (const Opened& opened : bundles)
    manifests.push_back(&opened.verified.manifest());
  std::vector<Opened> ordered;
  for (const std::size_t i : bundle::ChooseBundle(held, manifests))
    ordered.push_back(std::move(bundles[i]));
  bundles = std::move(ordered);
}

}  // namespace

Error NoBundle(const fs::path& folder, const std::string& stream,
               const bundle::MediumListing& listing) {
  constexpr std::size_t kMaxNamed = 8;
  std::vector<std::string> others;
  for (const bundle::NamedVolume& volume : listing.volumes) {
    std::string other = fmt::format("{} {}", volume.name.stream, volume.name.seq);
    if (others.size() < kMaxNamed && (others.empty() || others.back() != other))
      others.push_back(std::move(other));
  }
  return Error::Make(Kind::kNotFound, "there is no bundle{} in {}{}{}",
                     stream.empty() ? "" : " for " + stream, folder.string(),
                     others.empty() ? "" : "; there is: ", fmt::join(others, ", "))
      .Hint("bundles are files that end in .gfb; is the right medium mounted?");
}

Result<OpenedMedium> OpenMedium(const fs::path& path, const Trusted& trusted, bundle::Root* walked,
                                Foreign* foreign) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  const bool is_link = fs::is_symlink(fs::symlink_status(path, error));
  if (!fs::exists(status) && !is_link) {
    return Error::Make(Kind::kNotFound, "there is nothing at {}", path.string())
        .Hint("is the medium mounted? `findmnt` shows where");
  }
  OpenedMedium medium;
  Opener opener(medium);
  const bool in_folder = fs::is_directory(status);
  medium.from_folder = in_folder;
  if (in_folder) {
    GF_CHECK(OpenFolder(path, trusted, medium, opener));
  } else {
    opener.Open(path);
  }
  bundle::RootWalk walk = bundle::WalkRoots(trusted.root, opener.offers(), trusted.revoked_here);
  medium.root = walk.root;
  if (walked != nullptr) *walked = walk.root;
  if (foreign != nullptr) *foreign = {medium.listing.foreign, medium.listing.foreign_count};
  if (walk.fork) return *std::move(walk.fork);
  // A root that was not looked at may revoke any key here.
  if (medium.unread_roots_from == walk.root.version + 1) {
    return Error::Make(Kind::kTooLarge,
                       "this site follows the roots here up to version {}; more are there",
                       walk.root.version)
        .Hint("run `gapferry-import root import {}` until nothing is newer, then import",
              path.string());
  }
  SortRefused(walk, medium);
  for (Candidate& candidate : opener.candidates()) {
    const fs::path first = candidate.paths.front();
    const bundle::VolumeName name = candidate.name;
    auto opened = VerifyCandidate(std::move(candidate), trusted, walk, medium, in_folder);
    if (opened.ok()) {
      medium.bundles.push_back(std::move(opened).value());
    } else {
      medium.faults.push_back({first, name, Naming(first, std::move(opened).error())});
    }
  }
  PutInOrder(trusted.held, medium.bundles);
  std::stable_sort(medium.faults.begin(), medium.faults.end(),
                   [](const MediumFault& left, const MediumFault& right) {
                     return bundle::IsBefore(NumberOf(right.name), NumberOf(left.name));
                   });
  return medium;
}

Result<Opened> TakeBest(OpenedMedium medium) {
  const bool newer_fault = !medium.faults.empty() && !medium.bundles.empty() &&
                           bundle::IsBefore(NumberOf(medium.bundles.front().verified.manifest()),
                                            NumberOf(medium.faults.front().name));
  if (!medium.bundles.empty() && !newer_fault) return std::move(medium.bundles.front());
  if (medium.faults.empty() && medium.no_bundle) return *std::move(medium.no_bundle);
  Error error = std::move(medium.faults.front().error);
  if (medium.faults.size() == 1) return error;
  return std::move(error).Hint("{} further files here cannot be used either; `verify` lists them",
                               medium.faults.size() - 1);
}

std::optional<Error> RootsLeftOut(const OpenedMedium& medium) {
  if (medium.newer_roots.empty()) return std::nullopt;
  const RootFault& first = medium.newer_roots.front();
  const std::size_t more = medium.newer_roots.size() - 1;
  Error error =
      Error::Make(Kind::kPartly, "root {} on this medium cannot be used: {}{}", first.version,
                  first.error.what, more == 0 ? "" : fmt::format(" (and {} more roots)", more));
  for (const std::string& hint : first.error.hints)
    error = std::move(error).Hint("{}", hint);
  return std::move(error).Hint(
      "this site goes on with root {}; a newer one may revoke a key, so ask the connected side for "
      "a good copy",
      medium.root.version);
}

void NoteStrayRoots(Console& console, const OpenedMedium& medium) {
  // Of roots that lead nowhere a stick can hold thousands.
  constexpr std::size_t kMaxStray = 20;
  for (std::size_t i = 0; i < std::min(medium.stray_roots.size(), kMaxStray); ++i)
    console.Note("left out beside the roots: " + Printable(medium.stray_roots[i].what));
  if (!medium.listing.all_seen) {
    console.Warn(
        fmt::format("the folder holds more than {} files; what is beyond was not looked at",
                    Grouped(bundle::kMaxEntries)));
  }
}

std::optional<MediumFault> NewerLeftOut(const OpenedMedium& medium) {
  if (medium.faults.empty() || medium.bundles.empty()) return std::nullopt;
  const MediumFault& newest = medium.faults.front();
  const bundle::Manifest& best = medium.bundles.front().verified.manifest();
  if (!bundle::IsBefore(NumberOf(best), NumberOf(newest.name))) return std::nullopt;
  return newest;
}

void SayFaults(Console& console, const OpenedMedium& medium) {
  // A stick can hold thousands of files that are no bundles.
  constexpr std::size_t kMaxSaid = 20;
  const bundle::Manifest& best = medium.bundles.front().verified.manifest();
  const std::size_t first = NewerLeftOut(medium) ? 1 : 0;
  const std::size_t end = std::min(medium.faults.size(), first + kMaxSaid);
  for (std::size_t i = first; i < end; ++i) {
    const MediumFault& fault = medium.faults[i];
    if (bundle::IsBefore(NumberOf(fault.name), NumberOf(best))) {
      console.Note(fmt::format("older, unusable: {}", Printable(fault.error.what)));
    } else {
      console.Report(fault.error);
    }
  }
  const std::uint64_t more = medium.faults.size() - end + medium.more_faults;
  if (more > 0) console.Note(fmt::format("{} further files cannot be used either", Grouped(more)));
}

Result<Opened> OpenVerified(const fs::path& path, const std::string& stream,
                            const bundle::Root& root, const std::set<bundle::KeyId>& revoked_here,
                            bundle::Root* walked) {
  GF_TRY(OpenedMedium medium, OpenMedium(path, {stream, root, revoked_here, {}}, walked));
  return TakeBest(std::move(medium));
}

}  // namespace gapferry::importer
