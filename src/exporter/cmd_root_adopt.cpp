#include <algorithm>

#include "bundle/medium.h"
#include "bundle/root_walk.h"
#include "bundle/signed_file.h"
#include "exporter/commands.h"
#include "exporter/keys.h"
#include "exporter/next_root.h"

namespace gapferry::exporter {
namespace {

namespace fs = std::filesystem;

// Errors beside the one that ends the command.
constexpr std::size_t kMaxTold = 20;

Status OfferVolume(const fs::path& file, bundle::RootOffers& offers) {
  GF_TRY(auto source, bundle::FileSource::Open(file));
  GF_TRY(const auto volume, bundle::BundleReader::OpenVolume(std::move(source)));
  for (const auto& [version, document] : volume.roots())
    offers.Add(version, document);
  return Ok();
}

// What a medium brings, none of it believed yet, and what of it could not be read.
struct Offered {
  bundle::RootOffers roots;
  std::vector<bundle::RefusedRoot> bad_roots;
  std::vector<Error> bad_bundles;
};

void OfferFiles(const fs::path& folder, const bundle::MediumListing& listing, Offered& offered) {
  for (const auto& [version, names] : listing.roots) {
    auto listed = bundle::ReadListedRoot(folder, listing, version);
    if (listed.ok()) {
      offered.roots.Add(version, listed->document);
    } else {
      offered.bad_roots.push_back({version, "", std::move(listed).error()});
    }
  }
}

// Root files and the roots of all bundles.
Result<Offered> OffersOn(const fs::path& path) {
  Offered offered;
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    GF_CHECK(OfferVolume(path, offered.roots));
    return offered;
  }
  GF_TRY(const bundle::MediumListing listing, bundle::ListMedium(path));
  OfferFiles(path, listing, offered);
  for (std::size_t i = 0; i < listing.volumes.size(); ++i) {
    if (i == bundle::kMaxVolumes) {
      offered.bad_bundles.push_back(
          Error::Make(Kind::kTooLarge, "{} holds {} volumes; only the newest {} were looked at",
                      path.string(), listing.volumes.size(), bundle::kMaxVolumes));
      break;
    }
    Status taken = OfferVolume(listing.volumes[i].path, offered.roots);
    if (!taken.ok()) offered.bad_bundles.push_back(std::move(taken).error());
  }
  return offered;
}

// Signatures of the very document, from wherever they came.
std::vector<std::string> SignaturesOf(const bundle::RootOffers& offers, std::uint64_t version,
                                      const std::string& bytes) {
  for (const bundle::SignedDocument& document : offers.all().at(version)) {
    if (document.bytes == bytes) return document.signatures;
  }
  return {};
}

Status StoreAccepted(Session& session, const Home& home, bundle::Root now,
                     const bundle::RootOffers& offers, const bundle::RootWalk& walk) {
  for (std::uint64_t version = now.version + 1; version <= walk.root.version; ++version) {
    const std::string& bytes = walk.accepted.at(version);
    GF_TRY(bundle::Root next, bundle::ParseRoot(bytes));
    GF_CHECK(StoreRoot(session.console, home, now, next, SignaturesOf(offers, version, bytes)));
    now = std::move(next);
  }
  return Ok();
}

// Whether a newer root may be there that was not taken: a root made here next would be a second one
// of its version. What is older, or stands beside a good one, is only told.
Status CheckAllTaken(Session& session, const Offered& offered, const bundle::RootWalk& walk) {
  std::vector<bundle::RefusedRoot> refused = walk.refused;
  refused.insert(refused.end(), offered.bad_roots.begin(), offered.bad_roots.end());
  std::vector<Error> errors;
  for (bundle::RefusedRoot& root : refused) {
    if (root.version > walk.root.version) {
      errors.push_back(std::move(root.error));
    } else {
      session.console.Note("left out: " + Printable(root.error.what));
    }
  }
  errors.insert(errors.end(), offered.bad_bundles.begin(), offered.bad_bundles.end());
  if (errors.empty()) return Ok();
  for (std::size_t i = 1; i < std::min(errors.size(), kMaxTold); ++i)
    session.console.Report(errors[i]);
  return std::move(errors.front())
      .Hint(
          "this home has root {}, and that may not be the newest: make no root before a good copy "
          "was taken, or it will be a second one of its version",
          walk.root.version);
}

// All steps of this home and of the medium together, so that two of one version show. Takes what is
// good, whatever else is there; `left` is why not all was.
Status TakeRoots(Session& session, const Home& home, const fs::path& path, Status* left) {
  GF_TRY(const std::vector<bundle::SignedDocument> own, home.LoadRoots());
  GF_TRY(const bundle::Root first,
         bundle::OpenSignedRoot(own.front().bytes, own.front().signatures));
  GF_TRY(Offered offered, OffersOn(path));
  for (std::size_t i = 0; i < own.size(); ++i)
    offered.roots.Add(i + 1, own[i]);
  const bundle::RootWalk walk = bundle::WalkRoots(first, offered.roots);
  if (walk.fork) {
    return Error::Make(walk.fork->kind, "{}", walk.fork->what)
        .Hint(
            "did this home make its own after it was restored, and no site has taken it? Then move "
            "that root and all later ones out of keys/ and run this again; else stop, and talk to "
            "the holders of the root keys");
  }
  *left = CheckAllTaken(session, offered, walk);
  if (walk.root.version <= own.size()) {
    if (left->ok())
      session.console.Say(fmt::format("nothing newer than root {} is there", own.size()));
    return Ok();
  }
  GF_TRY(bundle::Root now, bundle::ParseRoot(own.back().bytes));
  GF_CHECK(StoreAccepted(session, home, std::move(now), offered.roots, walk));
  session.console.Say(fmt::format("taken        root {} → {}", own.size(), walk.root.version));
  return Ok();
}

// Files may have been copied into keys/ by hand.
Status CheckChain(const Home& home) {
  GF_TRY(const std::vector<bundle::SignedDocument> roots, home.LoadRoots());
  GF_TRY(bundle::Root now, bundle::OpenSignedRoot(roots.front().bytes, roots.front().signatures));
  for (std::size_t i = 1; i < roots.size(); ++i) {
    GF_TRY(now, bundle::NextRoot(now, roots[i].bytes, roots[i].signatures));
  }
  GF_TRY(const bundle::MediumListing listing, bundle::ListMedium(home.keys()));
  // A signature without its root is what an interruption leaves.
  std::uint64_t last = now.version;
  for (const auto& [version, names] : listing.roots) {
    if (names.contains(bundle::RootFileName(version))) last = version;
  }
  if (last <= now.version) return Ok();
  return Error::Make(Kind::kRootStep, "keys/ holds {}, but there is no {}",
                     bundle::RootFileName(last), bundle::RootFileName(now.version + 1))
      .Hint("`gapferry-export root adopt MEDIUM` takes all of them from the bundles on a medium");
}

// Keys that sign bundles and are nowhere here, of streams that nothing here can sign.
Result<std::set<bundle::KeyId>> LostContentKeys(const Home& home, const bundle::Root& root) {
  GF_TRY(const std::vector<KeyFile> files, ListKeyFiles(home));
  std::set<bundle::KeyId> lost;
  for (const auto& stream : root.streams) {
    const auto& keys = stream.second.content.keys;
    const bool can_sign = std::any_of(files.begin(), files.end(), [&](const KeyFile& file) {
      return keys.contains(file.key.id);
    });
    if (!can_sign) lost.insert(keys.begin(), keys.end());
  }
  return lost;
}

Status SayHowToSign(Session& session, const Home& home, const bundle::Root& root) {
  GF_TRY(const std::set<bundle::KeyId> lost, LostContentKeys(home, root));
  if (lost.empty()) return Ok();
  std::string revoke;
  for (const bundle::KeyId& id : lost)
    revoke += " --revoke " + id.ToString();
  Console& console = session.console;
  console.Say(
      fmt::format("no key here  signs bundles under root {}. Put {} into keys/, or, if "
                  "they are lost:",
                  root.version, bundle::KeyList(lost)));
  console.Say(fmt::format("next         {} key new content-new", session.program));
  console.Say(
      fmt::format("             {} root change --add-content {}{} --new-epoch --site all "
                  "--key KEY",
                  session.program, (home.keys() / "content-new.pub").string(), revoke));
  return Ok();
}

Status Adopt(Session& session, const std::string& path) {
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(const Fd lock, home.Lock());
  Status left = Ok();
  if (!path.empty()) GF_CHECK(TakeRoots(session, home, path, &left));
  GF_CHECK(CheckChain(home));
  GF_TRY(const bundle::Root root, home.LoadNewestRoot());
  GF_CHECK(AdoptRoot(home, root));
  GF_CHECK(ShowNewestRoot(session, home));
  if (!left.ok()) return left;
  return SayHowToSign(session, home, root);
}

}  // namespace

Command RootAdoptCommand() {
  return {
      "adopt", "follow the newest root: after a restore, or for a new mirror.db",
      "Takes the newer roots from a medium, if one is named: from its bundles and from the files "
      "beside them, each step signed. Then the mirror follows the newest root: its streams and "
      "epochs, and keys that it revoked are put aside. A stream that the mirror did not know gets "
      "a new digest key and needs a new epoch.",
      [](Arguments& arguments) -> Runner {
        auto path = std::make_shared<std::string>();
        arguments.Positional("MEDIUM", path.get(),
                             "a medium that was written last, or a bundle (default: only what lies "
                             "in keys/)",
                             false);
        return [path](Session& session) { return Adopt(session, *path); };
      }};
}

}  // namespace gapferry::exporter
