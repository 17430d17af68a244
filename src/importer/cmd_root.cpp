#include "bundle/head_reader.h"
#include "bundle/root_text.h"
#include "bundle/root_walk.h"
#include "bundle/signed_file.h"
#include "importer/commands.h"
#include "importer/import_record.h"
#include "importer/opened.h"

namespace gapferry::importer {
namespace {

namespace fs = std::filesystem;

Status ShowRoot(Session& session) {
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(store::Store store, store::Store::OpenReadOnly(home.store_file()));
  GF_TRY(const SiteTrust trust, LoadTrust(&store));
  const bundle::Root& root = trust.state.root;
  bundle::RootText text = bundle::DescribeRoot(root, bundle::SerializeRoot(root), Now());
  text.json["this_stream"] = StreamName(trust);
  session.console.Emit("root", text.json);
  for (const std::string& line : text.lines)
    session.console.Say(line);
  session.console.Say("this site    " + StreamName(trust));
  return Ok();
}

// The newest root that the medium can prove, and why it is not newer.
struct Walked {
  bundle::Root root;
  Status stopped = Ok();
};

Walked WalkFile(const SiteTrust& trust, std::uint64_t version, const fs::path& file) {
  Walked walked{trust.state.root};
  auto document = bundle::ReadSignedFile(file, bundle::kMaxRootBytes);
  if (!document.ok()) {
    walked.stopped = std::move(document).error();
    return walked;
  }
  bundle::RootOffers offers;
  offers.Add(version, *document);
  bundle::RootWalk walk = bundle::WalkRoots(walked.root, offers, trust.state.revoked_here);
  walked.root = std::move(walk.root);
  if (walk.fork) {
    walked.stopped = *std::move(walk.fork);
  } else if (!walk.refused.empty()) {
    walked.stopped = std::move(walk.refused.front().error);
  }
  return walked;
}

// Whatever the payloads of its bundles are like, and whether there are bundles at all.
Walked WalkMedium(Console& console, const SiteTrust& trust, const fs::path& path) {
  Walked walked{trust.state.root};
  const Trusted trusted{"", trust.state.root, trust.state.revoked_here, {}};
  const auto medium = OpenMedium(path, trusted, &walked.root);
  if (!medium.ok()) {
    walked.stopped = medium.error();
    return walked;
  }
  NoteStrayRoots(console, *medium);
  if (!medium->newer_roots.empty()) {
    walked.stopped = medium->newer_roots.front().error;
    return walked;
  }
  // A regular file of such a name is a volume.
  for (const std::string& name : medium->listing.foreign) {
    if (walked.stopped.ok() && bundle::ParseVolumeName(name)) {
      walked.stopped = Error::Make(Kind::kIo, "{} is named like a bundle and is no regular file",
                                   Printable(name))
                           .Hint("copy the file itself to the medium");
    }
  }
  // A bundle that cannot be read may carry a newer root.
  for (const MediumFault& fault : medium->faults) {
    if (!fault.unread) continue;
    if (walked.stopped.ok()) {
      walked.stopped = fault.error;
    } else {
      console.Report(fault.error);
    }
  }
  return walked;
}

Status Import(Session& session, const fs::path& path) {
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(const Fd lock, home.Lock());
  GF_TRY(store::Store store, home.OpenStore());
  GF_TRY(SiteTrust trust, LoadTrust(&store));
  const bundle::Root before = trust.state.root;
  const auto version = bundle::RootVersionIn(path.filename().string());
  Walked walk =
      version ? WalkFile(trust, *version, path) : WalkMedium(session.console, trust, path);
  trust.state.root = std::move(walk.root);
  const bundle::Root& now = trust.state.root;
  if (now.version == before.version) {
    if (!walk.stopped.ok()) {
      GF_CHECK(ImportRecord(home).Refused(path.string(), walk.stopped.error()));
      return walk.stopped;
    }
    session.console.Emit("root_import",
                         {{"before", before.version}, {"root_version", now.version}});
    session.console.Say(fmt::format("NOTHING NEWER   this site holds root {}", now.version));
    return Ok();
  }
  GF_CHECK(store.Begin());
  GF_CHECK(SaveTrust(&store, trust));
  GF_CHECK(store.Commit());
  GF_CHECK(ImportRecord(home).NewRoot(before, now));
  session.console.Emit("root_import", {{"before", before.version},
                                       {"root_version", now.version},
                                       {"changes", bundle::RootChanges(before, now)}});
  SayRootChange(session.console, before, now);
  if (walk.stopped.ok()) return Ok();
  Error error =
      Error::Make(Kind::kPartly, "root {} is in force here, but not everything was taken: {}",
                  now.version, walk.stopped.error().what);
  for (const std::string& hint : walk.stopped.error().hints)
    error = std::move(error).Hint("{}", hint);
  return error;
}

}  // namespace

Command RootCommand() {
  const Command show = {
      "show", "show the root in force: keys, thresholds, streams, what is revoked",
      "Reads only. Compare the fingerprint with the connected side if in doubt.",
      [](Arguments&) -> Runner { return [](Session& session) { return ShowRoot(session); }; }};
  const Command import = {
      "import", "follow the roots on a medium, without importing anything else",
      "Takes root-NNNN.json files and the roots that a bundle carries, even if its content is "
      "damaged. Each step must be signed by the threshold of the root before and of the new one. "
      "`import` and `run` do the same by themselves.",
      [](Arguments& arguments) {
        auto path = std::make_shared<std::string>();
        arguments.Positional("PATH", path.get(), "a medium, a bundle, or a root-NNNN.json");
        return [path](Session& session) { return Import(session, *path); };
      }};
  return CommandGroup("root", "the root of trust of this site",
                      "Pinned once by `init`; after that only signed steps change it.",
                      {import, show});
}

}  // namespace gapferry::importer
