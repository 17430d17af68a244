#include "bundle/head_reader.h"
#include "bundle/root_text.h"
#include "bundle/signed_file.h"
#include "importer/commands.h"
#include "importer/revocation.h"

namespace gapferry::importer {
namespace {

namespace fs = std::filesystem;
using Chain = std::map<std::uint64_t, bundle::SignedDocument>;

Status Show(Session& session) {
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

// The chains that a medium offers, each by itself: that of its newest bundle, whatever its payload
// is like, and that of its root files. A forged file must not hide the true chain of the bundle.
Result<std::vector<Chain>> Offered(const fs::path& path, std::uint64_t held) {
  std::vector<Chain> chains;
  std::error_code error;
  const bool is_folder = fs::is_directory(path, error);
  const auto version = bundle::RootVersionIn(path.filename().string());
  if (!is_folder && version) {
    GF_TRY(chains.emplace_back()[*version], bundle::ReadSignedFile(path, bundle::kMaxRootBytes));
    return chains;
  }
  const auto from_bundle = [&]() -> Result<Chain> {
    GF_TRY(const Medium medium, LookAt(path, ""));
    GF_TRY(const bundle::BundleReader reader, OpenBundle(medium));
    return reader.roots();
  };
  auto carried = from_bundle();
  if (carried.ok()) chains.push_back(*std::move(carried));
  if (!is_folder) {
    if (!carried.ok()) return std::move(carried).error();
    return chains;
  }
  GF_TRY(chains.emplace_back(), bundle::ReadRootFiles(path, held));
  return chains;
}

Status Import(Session& session, const fs::path& path) {
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(const Fd lock, home.Lock());
  GF_TRY(store::Store store, home.OpenStore());
  GF_TRY(SiteTrust trust, LoadTrust(&store));
  const bundle::Root before = trust.state.root;
  GF_TRY(const std::vector<Chain> chains, Offered(path, before.version));
  Status walked = Ok();
  for (const Chain& chain : chains) {
    Status step = bundle::FollowRoots(trust.state.root, chain, trust.state.revoked_here);
    if (!step.ok()) walked = std::move(step);
  }
  const bundle::Root& now = trust.state.root;
  if (now.version == before.version) {
    GF_CHECK(walked);
    session.console.Emit("root_import",
                         {{"before", before.version}, {"root_version", now.version}});
    session.console.Say(fmt::format("NOTHING NEWER   this site holds root {}", now.version));
    return Ok();
  }
  GF_CHECK(store.Begin());
  GF_CHECK(SaveTrust(&store, trust));
  GF_CHECK(store.Commit());
  const std::vector<std::string> changes = bundle::RootChanges(before, now);
  session.console.Emit(
      "root_import",
      {{"before", before.version}, {"root_version", now.version}, {"changes", changes}});
  session.console.Say(fmt::format("ROOT {} → {}", before.version, now.version));
  for (const std::string& line : changes)
    session.console.Say("changes      " + line);
  if (!walked.ok()) session.console.Note("not everything was taken: " + walked.error().what);
  return Ok();
}

}  // namespace

Command RootCommand() {
  const Command show = {
      "show", "show the root in force: keys, thresholds, streams, what is revoked",
      "Reads only. Compare the fingerprint with the connected side if in doubt.",
      [](Arguments&) -> Runner { return [](Session& session) { return Show(session); }; }};
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
