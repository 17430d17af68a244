// importer/opened.h: the bundles on a medium whose signatures were checked, and nothing more read
// yet. One that is damaged, altered or strange hides no other.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/console.h"
#include "base/json.h"
#include "bundle/choose.h"
#include "bundle/medium.h"
#include "bundle/reader.h"
#include "importer/trust_store.h"

namespace gapferry::importer {

// Opened at once on one medium, newest names first; what is beyond is reported. They bound the open
// files and the memory that a hostile stick can ask for.
constexpr std::size_t kMaxOpenVolumes = 512;
constexpr std::size_t kMaxOpenBundles = 32;
constexpr std::size_t kMaxOpenHeadBytes = 64 << 20;
// Files root-NNNN.json that are followed at once, from the version in use on, and their bytes with
// all signatures.
constexpr std::size_t kMaxBareRoots = 4096;
constexpr std::size_t kMaxBareRootBytes = 64 << 20;
constexpr std::size_t kMaxFaults = 4096;

// What lies on the medium and belongs to no bundle: never opened.
struct Foreign {
  std::vector<std::string> names;  // the first ones
  std::uint64_t count = 0;
};
struct Medium {
  std::vector<std::filesystem::path> volumes;  // of this bundle
  Foreign foreign;
};

struct Opened {
  Medium medium;
  bundle::BundleReader reader;
  bundle::VerifiedManifest verified;
  bundle::Root root;    // after walking all chains of the medium
  bool broken = false;  // its content was tried and is damaged
};

// Why a file or a bundle on the medium cannot be used.
struct MediumFault {
  std::filesystem::path path;
  // The number in the file's name, to tell whether it would have been newer than what was taken.
  bundle::VolumeName name;
  Error error;
  bool unread = false;  // not even its head: which roots it carries is not known
};

struct RootFault {
  std::uint64_t version = 0;
  Error error;
};

struct OpenedMedium {
  std::vector<Opened> bundles;      // signed for the stream, by bundle::ChooseBundle
  std::vector<MediumFault> faults;  // newest name first
  // Roots after `root` that cannot be used, the next version first.
  std::vector<RootFault> newer_roots;
  // The first root file that was not looked at, if there are too many; else 0.
  std::uint64_t unread_roots_from = 0;
  std::vector<Error> stray_roots;  // what else of roots and their signatures is good for nothing
  bundle::MediumListing listing;   // empty for a single file
  bundle::Root root;               // the newest good one
  std::optional<Error> no_bundle;  // kNotFound, for a folder without any of the stream
  bool from_folder = false;        // else a file was named
  std::uint64_t more_faults = 0;   // beyond those in `faults`
};

struct Trusted {
  std::string stream;  // its name, empty for any: which file names are worth opening
  bundle::Root root;
  std::set<bundle::KeyId> revoked_here;
  bundle::StreamTrust held;  // what the site has, for the order of preference
};

// `path` is a volume or a folder. Of a folder all bundles of the stream are opened. The roots of
// all of them, and bare root files in the folder, are walked first: `walked`, if given, receives
// the newest good one even when everything after it fails, because a revocation must never be lost.
// Then each manifest's signatures are checked under that root. `foreign`, if given, is filled
// whatever becomes of the bundles. Errors: kNotFound if nothing is at
// `path`; kIo; kEquivocation if there are two good roots of one version, whatever else is there;
// kTooLarge if the chain goes on beyond kMaxBareRoots.
[[nodiscard]] Result<OpenedMedium> OpenMedium(const std::filesystem::path& path,
                                              const Trusted& trusted, bundle::Root* walked,
                                              Foreign* foreign = nullptr);

// kNotFound: `listing` of this folder has none of the stream (empty: of any). It names what is
// there.
[[nodiscard]] Error NoBundle(const std::filesystem::path& folder, const std::string& stream,
                             const bundle::MediumListing& listing);

// The best bundle alone, for a caller that goes on to no other. The error is why there is none, or
// what is wrong with a file whose name promises a newer one.
[[nodiscard]] Result<Opened> OpenVerified(const std::filesystem::path& path,
                                          const std::string& stream, const bundle::Root& root,
                                          const std::set<bundle::KeyId>& revoked_here,
                                          bundle::Root* walked);
// The same from what OpenMedium found.
[[nodiscard]] Result<Opened> TakeBest(OpenedMedium medium);

// kPartly if there are newer roots that cannot be used: whatever else went well, a revocation may
// be among them.
[[nodiscard]] std::optional<Error> RootsLeftOut(const OpenedMedium& medium);
// A note for each of the first `stray_roots`.
void NoteStrayRoots(Console& console, const OpenedMedium& medium);
// The file with the newest name, if that is newer than the best bundle and it cannot be used.
[[nodiscard]] std::optional<MediumFault> NewerLeftOut(const OpenedMedium& medium);
// What is wrong with the first other files beside a bundle that is used: a note for those whose
// names are older. How many more there are.
void SayFaults(Console& console, const OpenedMedium& medium);

// The lines that say what a verified bundle is, in the order in which an administrator asks.
struct Described {
  std::vector<std::string> lines;
  Json json;
};
// `clock` tells how old it is, and nothing if it is not believed.
[[nodiscard]] Described Describe(const Opened& opened, const bundle::JudgedClock& clock);
// The foreign files of a medium of which no bundle is described. Nothing if there are none.
void ShowForeign(Console& console, const Foreign& foreign);

}  // namespace gapferry::importer
