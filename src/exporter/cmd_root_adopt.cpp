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

Status OfferVolume(const fs::path& file, bundle::RootOffers& offers) {
  GF_TRY(auto source, bundle::FileSource::Open(file));
  GF_TRY(const auto volume, bundle::BundleReader::OpenVolume(std::move(source)));
  for (const auto& [version, document] : volume.roots())
    offers.Add(version, document);
  return Ok();
}

// Root files and the roots of all bundles, none believed yet. What cannot be read is noted.
Result<bundle::RootOffers> OffersOn(Console& console, const fs::path& path) {
  bundle::RootOffers offers;
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    GF_CHECK(OfferVolume(path, offers));
    return offers;
  }
  GF_TRY(const bundle::MediumListing listing, bundle::ListMedium(path));
  for (const auto& [version, names] : listing.roots) {
    const auto listed = bundle::ReadListedRoot(path, listing, version);
    if (listed.ok()) {
      offers.Add(version, listed->document);
    } else {
      console.Note("left out: " + Printable(listed.error().what));
    }
  }
  for (std::size_t i = 0; i < std::min<std::size_t>(listing.volumes.size(), bundle::kMaxVolumes);
       ++i) {
    const Status offered = OfferVolume(listing.volumes[i].path, offers);
    if (!offered.ok()) console.Note("left out: " + Printable(offered.error().what));
  }
  return offers;
}

// The very document, without what is no signature.
bundle::SignedDocument Offered(const bundle::RootOffers& offers, std::uint64_t version,
                               const std::string& bytes) {
  bundle::SignedDocument taken;
  for (const bundle::SignedDocument& document : offers.all().at(version)) {
    if (document.bytes == bytes) taken = document;
  }
  std::erase_if(taken.signatures,
                [](const std::string& text) { return !bundle::ParseSignatureFile(text).ok(); });
  return taken;
}

// All steps of this home and of the medium together, so that two of one version show.
Status TakeRoots(Session& session, const Home& home, const fs::path& path) {
  GF_TRY(const std::vector<bundle::SignedDocument> own, home.LoadRoots());
  GF_TRY(const bundle::Root first,
         bundle::OpenSignedRoot(own.front().bytes, own.front().signatures));
  GF_TRY(bundle::RootOffers offers, OffersOn(session.console, path));
  for (std::size_t i = 0; i < own.size(); ++i)
    offers.Add(i + 1, own[i]);
  const bundle::RootWalk walk = bundle::WalkRoots(first, offers);
  if (walk.fork) {
    return Error::Make(walk.fork->kind, "{}", walk.fork->what)
        .Hint(
            "did this home make its own after it was restored, and no site has taken it? Then move "
            "that root and all later ones out of keys/ and run this again; else stop, and talk to "
            "the holders of the root keys");
  }
  if (walk.root.version <= own.size() && !walk.refused.empty()) return walk.refused.front().error;
  for (std::uint64_t version = own.size() + 1; version <= walk.root.version; ++version) {
    GF_CHECK(bundle::WriteSignedFile(home.keys() / bundle::RootFileName(version),
                                     Offered(offers, version, walk.accepted.at(version))));
  }
  session.console.Say(
      walk.root.version <= own.size()
          ? fmt::format("nothing newer than root {} is there", own.size())
          : fmt::format("taken        root {} → {}", own.size(), walk.root.version));
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
  const std::uint64_t last = listing.roots.rbegin()->first;
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
  if (!path.empty()) GF_CHECK(TakeRoots(session, home, path));
  GF_CHECK(CheckChain(home));
  GF_TRY(const bundle::Root root, home.LoadNewestRoot());
  GF_CHECK(AdoptRoot(home, root));
  GF_CHECK(ShowNewestRoot(session, home));
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
