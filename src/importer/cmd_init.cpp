#include <algorithm>

#include "base/version.h"
#include "bundle/signed_file.h"
#include "importer/commands.h"
#include "importer/site_identity.h"

namespace gapferry::importer {
namespace {

struct InitOptions {
  std::string root;
  std::string fingerprint;
  std::string stream;
};

Result<bundle::Root> Pin(const InitOptions& options) {
  const std::optional<bundle::Fingerprint> expected = bundle::ParseFingerprint(options.fingerprint);
  if (!expected) {
    return Error::Make(Kind::kUsage, "\"{}\" is no fingerprint: 32 hexadecimal digits are",
                       options.fingerprint);
  }
  GF_TRY(const bundle::SignedDocument document,
         bundle::ReadSignedFile(options.root, bundle::kMaxRootBytes));
  const bundle::Fingerprint found{document.bytes};
  if (found != *expected) {
    return Error::Make(Kind::kUnknownSigner, "{} has the fingerprint {}, you gave {}", options.root,
                       found.ToString(), expected->ToString())
        .Hint(
            "read the fingerprint from the connected side again; if it is the second of the two, "
            "this file is not "
            "theirs");
  }
  return bundle::PinRoot(document.bytes, document.signatures, *expected);
}

Result<Uuid> ChooseStream(const bundle::Root& root, const std::string& wanted) {
  std::string names;
  for (const auto& [uuid, stream] : root.streams) {
    if (stream.name == wanted || (wanted.empty() && root.streams.size() == 1)) return uuid;
    names += (names.empty() ? "" : ", ") + stream.name;
  }
  return Error::Make(Kind::kUsage, "{}; the root knows: {}",
                     wanted.empty() ? "which stream is this site's?"
                                    : "the root knows no stream \"" + wanted + "\"",
                     names)
      .Hint("name it with --stream");
}

Status Initialise(Session& session, const InitOptions& options) {
  const Home home{std::filesystem::path(session.home)};
  if (Home::Exists(session)) {
    return Error::Make(Kind::kUsage, "{} is a gapferry home already; its root of trust stays",
                       session.home);
  }
  GF_TRY(const bundle::Root root, Pin(options));
  GF_TRY(const Uuid stream, ChooseStream(root, options.stream));
  constexpr mode_t kOwnerOnly = 0700;
  GF_CHECK(MakeFolder(home.folder(), kOwnerOnly));
  GF_CHECK(MakeFolder(home.work(), kOwnerOnly));
  GF_TRY(const Fd lock, home.Lock());
  GF_TRY(store::Store store, home.OpenStore());
  SiteTrust trust;
  trust.stream = stream;
  trust.state.root = root;
  trust.state.floor = std::max<Time>(kNotBefore, root.created);
  GF_CHECK(store.Begin());
  GF_CHECK(SaveTrust(&store, trust));
  GF_CHECK(store.Commit());
  GF_TRY(const SiteIdentity identity, EnsureSiteIdentity(home));
  const std::string& name = root.streams.at(stream).name;
  // Last: a home is one when it has its configuration.
  GF_CHECK(WriteFileAtomically(home.config_file(), DefaultConfig(name)));

  Console& console = session.console;
  console.Emit("initialised", {{"home", session.home},
                               {"stream", name},
                               {"root_version", root.version},
                               {"recipient", identity.recipient.ToString()}});
  console.Say(fmt::format("home    {}", session.home));
  console.Say(fmt::format("stream  {} ({})", name, stream.ToString()));
  console.Say(fmt::format("root    version {}, pinned by its fingerprint", root.version));
  console.Say(fmt::format("reads   {}", identity.recipient.ToString()));
  console.Say(
      "        for `recipients:` of this site in export.yml, if bundles are to be encrypted");
  console.Say("");
  console.Say(
      fmt::format("next    set clearance and destinations in {}", home.config_file().string()));
  console.Say(fmt::format("        {} run MEDIUM", session.program));
  return Ok();
}

}  // namespace

Command InitCommand() {
  return {"init", "make a home and pin the root of trust by its fingerprint",
          "The fingerprint is what the connected side reads out over a channel you trust. Nothing "
          "on a medium is "
          "believed until the root is pinned, and the pin is never changed by a medium.",
          [](Arguments& arguments) {
            auto options = std::make_shared<InitOptions>();
            arguments.Option("--root", &options->root,
                             "the root-NNNN.json that you were told, as it lies on the medium");
            arguments.Option("--fingerprint", &options->fingerprint,
                             "the fingerprint that you were told");
            arguments.Option("--stream", &options->stream,
                             "this site's stream, if the root knows several");
            return [options](Session& session) -> Status {
              if (options->root.empty() || options->fingerprint.empty()) {
                return Error::Make(Kind::kUsage, "--root and --fingerprint are needed")
                    .Hint(
                        "`gapferry-export init` printed both; ask the connected side for the "
                        "fingerprint");
              }
              return Initialise(session, *options);
            };
          }};
}

}  // namespace gapferry::importer
