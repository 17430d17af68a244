#include <algorithm>

#include "base/version.h"
#include "bundle/signed_file.h"
#include "importer/commands.h"
#include "importer/medium_check.h"
#include "importer/opened.h"

namespace gapferry::importer {
namespace {

struct VerifyOptions {
  std::string path;
  std::string root;
  std::string fingerprint;
};

// What a verdict rests on.
struct Anchor {
  bundle::Root root;
  std::set<bundle::KeyId> revoked_here;
  std::string stream;
  std::string basis;
  Time floor = kNotBefore;
  bool known = true;  // false: the medium vouches for itself only
  bool kiosk = true;  // no state: replay and revocation are not checked
};

Result<Anchor> FromHome(const Session& session) {
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(store::Store store, store::Store::OpenReadOnly(home.store_file()));
  GF_TRY(const SiteTrust trust, LoadTrust(&store));
  Anchor anchor;
  anchor.root = trust.state.root;
  anchor.revoked_here = trust.state.revoked_here;
  anchor.stream = StreamName(trust);
  anchor.floor = trust.state.floor;
  anchor.basis = fmt::format("the root pinned in {}", session.home);
  anchor.kiosk = false;
  return anchor;
}

constexpr std::uint64_t kMostRoots = 1000;

// Beside the bundle lie the first root and the newest; a site that was added later pinned a later
// one. The first if none has the fingerprint.
std::filesystem::path RootBeside(const std::filesystem::path& path,
                                 const std::optional<bundle::Fingerprint>& wanted) {
  std::error_code error;
  const std::filesystem::path folder =
      std::filesystem::is_directory(path, error) ? path : path.parent_path();
  for (std::uint64_t version = 1; wanted && version <= kMostRoots; ++version) {
    std::filesystem::path file = folder / bundle::RootFileName(version);
    const auto document = bundle::ReadSignedFile(file, bundle::kMaxRootBytes);
    if (document.ok() && bundle::Fingerprint(document->bytes) == *wanted) return file;
  }
  return folder / bundle::RootFileName(1);
}

// A folder without one is the wrong folder, whatever else is missing there.
Status CheckHasBundle(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return Ok();
  GF_TRY(const bundle::MediumListing listing, bundle::ListMedium(path));
  return listing.volumes.empty() ? Status(NoBundle(path, "", listing)) : Ok();
}

// A root from the file that was named or from beside the bundle.
Result<Anchor> FromFile(const VerifyOptions& options) {
  const std::optional<bundle::Fingerprint> expected = bundle::ParseFingerprint(options.fingerprint);
  if (!options.fingerprint.empty() && !expected)
    return Error::Make(Kind::kUsage, "\"{}\" is no fingerprint", options.fingerprint);
  std::filesystem::path file = options.root;
  if (file.empty()) file = RootBeside(options.path, expected);
  auto document = bundle::ReadSignedFile(file, bundle::kMaxRootBytes);
  if (!document.ok()) {
    if (options.root.empty()) GF_CHECK(CheckHasBundle(options.path));
    return Error::Make(Kind::kNotReady, "there is nothing to verify against: {}",
                       document.error().what)
        .Hint("give --root FILE, or run this where `gapferry-import init` has been run");
  }
  const bundle::Fingerprint found{document->bytes};
  Anchor anchor;
  anchor.basis = fmt::format("{} (fingerprint {})", file.string(), found.ToString());
  if (expected) {
    GF_TRY(anchor.root, bundle::PinRoot(document->bytes, document->signatures, *expected));
  } else {
    GF_TRY(anchor.root, bundle::OpenSignedRoot(document->bytes, document->signatures));
    anchor.known = !options.root.empty();
  }
  anchor.floor = std::max<Time>(kNotBefore, anchor.root.created);
  return anchor;
}

Result<Anchor> ChooseAnchor(const Session& session, const VerifyOptions& options) {
  if (options.root.empty() && options.fingerprint.empty() && Home::Exists(session))
    return FromHome(session);
  return FromFile(options);
}

Json FaultsJson(const MediumCheck& check) {
  Json list = Json::array();
  for (const Error& fault : check.faults)
    list.push_back({{"kind", Info(fault.kind).name}, {"message", Printable(fault.what)}});
  return list;
}

// All but the worst, which the caller shows last; of a stick full of rubbish only the worst.
Error ReportFaults(Console& console, std::vector<Error> faults) {
  constexpr std::size_t kMostShown = 20;
  if (faults.size() > kMostShown)
    console.Note(fmt::format("{} more faults are not shown", faults.size() - kMostShown));
  for (std::size_t i = std::min(faults.size(), kMostShown); i-- > 1;)
    console.Report(faults[i]);
  return std::move(faults.front());
}

// `all`: nothing else of the newest number has a fault.
void ShowIntact(Console& console, const Anchor& anchor, const std::vector<Described>& bundles,
                bool all) {
  const std::string_view known = all ? "INTACT     every byte is what was signed"
                                     : "INTACT     what follows; not all that is here";
  console.Say(anchor.known ? known : "INTACT, SIGNER UNKNOWN");
  for (const Described& described : bundles) {
    for (const std::string& line : described.lines)
      console.Say(line);
  }
  console.Say(fmt::format("checked    against {}", anchor.basis));
  console.Say(anchor.kiosk
                  ? "           replay and revocation were not checked: this machine keeps no state"
                  : "           `import` also checks that it is newer than what is here");
}

// Emits every bundle of the newest number; gives those that are intact.
std::vector<Described> EmitBundles(Console& console, const Anchor& anchor,
                                   const MediumCheck& check) {
  const bundle::JudgedClock clock = bundle::JudgeClock({Now(), false}, anchor.floor);
  std::vector<Described> intact;
  for (const Opened* opened : check.newest) {
    Described described = Describe(*opened, clock);
    const bool is_intact = check.intact.contains(opened);
    Json& json = described.json;
    json["verdict"] = anchor.known ? check.Verdict() : check.Verdict() + ", signer unknown";
    json["intact"] = is_intact;
    json["basis"] = anchor.basis;
    json["replay_checked"] = false;
    json["faults"] = FaultsJson(check);
    console.Emit("verify", json);
    if (is_intact) intact.push_back(std::move(described));
  }
  return intact;
}

Status Verify(Session& session, const VerifyOptions& options) {
  GF_TRY(const Anchor anchor, ChooseAnchor(session, options));
  Console& console = session.console;
  Foreign foreign;
  auto medium = OpenMedium(options.path, {anchor.stream, anchor.root, anchor.revoked_here, {}},
                           nullptr, &foreign);
  if (!medium.ok()) {
    ShowForeign(console, foreign);
    return std::move(medium).error();
  }
  MediumCheck check = CheckMedium(*medium);
  NoteStrayRoots(console, *medium);
  for (const std::string& note : check.notes)
    console.Note(note);
  const std::vector<Described> intact = EmitBundles(console, anchor, check);
  if (!intact.empty()) {
    ShowIntact(console, anchor, intact, check.faults.empty());
  } else if (check.newest.empty() || !console.json()) {
    ShowForeign(console, foreign);
  }
  if (!check.faults.empty()) return ReportFaults(console, std::move(check.faults));
  if (anchor.known && check.roots_left_out) return *std::move(check.roots_left_out);
  if (anchor.known) return Ok();
  return Error::Make(Kind::kUnknownSigner,
                     "the bundle is intact, but who signed it is not known here")
      .Hint(
          "compare the fingerprint above with the connected side, then give it with --fingerprint");
}

}  // namespace

Command VerifyCommand() {
  return {"verify", "check signatures and every byte of a bundle; change nothing",
          "Works without state and without keys (on a kiosk) when given --root or --fingerprint. "
          "Tells an unfinished "
          "copy (10) from a damaged one (11) and from an altered one (12). Of a folder it checks "
          "all bundles of the newest number; one volume of several can be checked alone. Content "
          "is hashed, never parsed.",
          [](Arguments& arguments) {
            auto options = std::make_shared<VerifyOptions>();
            arguments.Positional("PATH", &options->path, "a bundle, or the folder of a medium");
            arguments.Option("--root", &options->root,
                             "a root-NNNN.json of your own to verify against");
            arguments.Option("--fingerprint", &options->fingerprint,
                             "believe the root beside the bundle that has this fingerprint");
            return [options](Session& session) { return Verify(session, *options); };
          }};
}

}  // namespace gapferry::importer
