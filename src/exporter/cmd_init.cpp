#include <algorithm>

#include "exporter/commands.h"

namespace gapferry::exporter {
namespace {

constexpr std::int64_t kDefaultLifeDays = 90;
constexpr Time kReviewAfter = 365 * kSecondsPerDay;

struct Options {
  std::vector<std::string> sites;
  std::int64_t max_life_days = kDefaultLifeDays;
};

Status SaveKey(const std::filesystem::path& file, const bundle::SecretKey& key) {
  constexpr mode_t kOwnerOnly = 0600;
  GF_CHECK(WriteFileAtomically(file, key.ToFile().view(), kOwnerOnly));
  std::filesystem::path shared = file;
  return WriteFileAtomically(shared.replace_extension(".pub"), key.public_key().ToFile());
}

// A stream for each new site: in the root, and with its digest key in the mirror.
Status AddStreams(const Options& options, const bundle::PublicKey& content, store::Store* mirror,
                  bundle::Root* root) {
  for (const std::string& site : options.sites) {
    GF_TRY(const auto known, mirror->FindStream(site));
    if (known) return Error::Make(Kind::kUsage, "site {} has a stream already", site);
    store::StreamRow stream{site, NewUuid(), 1, Bytes(store::kDigestKeyBytes)};
    randombytes_buf(stream.digest_key.data(), stream.digest_key.size());
    bundle::StreamRole role;
    role.name = site;
    role.content.keys = {content.id};
    role.max_life_days = static_cast<std::uint64_t>(options.max_life_days);
    root->streams[stream.uuid] = role;
    GF_CHECK(mirror->PutStream(stream));
  }
  return Ok();
}

Result<bundle::Root> FirstRoot(const bundle::PublicKey& root_key,
                               const bundle::PublicKey& content_key) {
  bundle::Root root;
  root.created = Now();
  root.review_by = root.created + kReviewAfter;
  root.keys[root_key.id] = root_key;
  root.keys[content_key.id] = content_key;
  root.root.keys = {root_key.id};
  return root;
}

void ShowRoot(Session& session, const Home& home, const bundle::Root& root, const Options& options,
              const bundle::Fingerprint& first) {
  Console& console = session.console;
  console.Emit("initialised", {{"home", home.folder().string()},
                               {"root_version", root.version},
                               {"fingerprint", first.ToString()},
                               {"sites", options.sites}});
  console.Say(fmt::format("home         {}", home.folder().string()));
  console.Say(fmt::format("sites        {}", fmt::join(options.sites, ", ")));
  console.Say(fmt::format("root         version {}, {}", root.version,
                          (home.keys() / bundle::RootFileName(root.version)).string()));
  console.Say(fmt::format("fingerprint  {}", first.ToString()));
  console.Say("");
  console.Say("next, here:      name your sources in export.yml, then");
  console.Say(fmt::format("                 {} run --to DIR", session.program));
  console.Say(
      "next, isolated:  read the fingerprint to the far side over a channel you trust; there");
  console.Say(
      fmt::format("                 gapferry-import init --root MEDIUM/{} --fingerprint \"{}\"",
                  bundle::RootFileName(1), first.ToString()));
  console.Say(
      "keys:            move keys/root.key to a safe, offline place: only `init` needs it again.");
  console.Say(
      "                 keys/content.key signs every bundle and is protected by its file mode "
      "alone.");
}

Status MakeHome(Session& session, const Home& home, const Options& options) {
  constexpr mode_t kOwnerOnly = 0700;
  for (const std::filesystem::path& folder : {home.folder(), home.keys(), home.work()}) {
    GF_CHECK(MakeFolder(folder, kOwnerOnly));
  }
  GF_TRY(const Fd lock, home.Lock());
  const bundle::SecretKey root_key = bundle::SecretKey::Generate();
  const bundle::SecretKey content_key = bundle::SecretKey::Generate();
  GF_TRY(bundle::Root root, FirstRoot(root_key.public_key(), content_key.public_key()));
  GF_TRY(store::Store mirror, home.OpenMirror());
  GF_CHECK(mirror.Begin());
  GF_CHECK(AddStreams(options, content_key.public_key(), &mirror, &root));
  GF_CHECK(SaveKey(home.root_key_file(), root_key));
  GF_CHECK(SaveKey(home.content_key_file(), content_key));
  GF_CHECK(home.SaveRoot(root, root_key));
  GF_CHECK(mirror.Commit());
  // Last: a home is one when it has its configuration.
  GF_CHECK(WriteFileAtomically(home.config_file(), DefaultConfig(options.sites)));
  ShowRoot(session, home, root, options, bundle::Fingerprint(bundle::SerializeRoot(root)));
  return Ok();
}

// A home that exists gets the new sites by a new root, signed by the root key.
Status AddSites(Session& session, const Home& home, const Options& options) {
  GF_TRY(const Fd lock, home.Lock());
  GF_TRY(const std::vector<bundle::SignedDocument> roots, home.LoadRoots());
  GF_TRY(const bundle::SecretKey root_key, LoadKey(home.root_key_file()));
  GF_TRY(const bundle::SecretKey content_key, LoadKey(home.content_key_file()));
  GF_TRY(bundle::Root root, bundle::ParseRoot(roots.back().bytes));
  GF_TRY(store::Store mirror, home.OpenMirror());
  GF_CHECK(mirror.Begin());
  GF_CHECK(AddStreams(options, content_key.public_key(), &mirror, &root));
  ++root.version;
  root.created = Now();
  GF_CHECK(home.SaveRoot(root, root_key));
  GF_CHECK(mirror.Commit());
  ShowRoot(session, home, root, options, bundle::Fingerprint(roots.front().bytes));
  session.console.Say("");
  session.console.Say(fmt::format("Add the new sites to {} now.", home.config_file().string()));
  return Ok();
}

}  // namespace

Command InitCommand() {
  return {"init", "make a home with configuration and keys, or add a site to one",
          "Makes an offline root key and a content key, a stream for each site, the first root of "
          "trust and a "
          "commented export.yml. In a home that exists it adds the named sites by a new root.",
          [](Arguments& arguments) {
            auto options = std::make_shared<Options>();
            arguments.Option("--site", &options->sites,
                             "an isolated site; repeat for more (default: \"site\")");
            arguments.Option("--max-life-days", &options->max_life_days,
                             "longest life that the root allows a bundle (default: 90)");
            return [options](Session& session) -> Status {
              const Home home{std::filesystem::path(session.home)};
              const bool exists = std::filesystem::exists(home.config_file());
              if (exists && options->sites.empty()) {
                return Error::Make(Kind::kUsage, "{} is a gapferry home already", session.home)
                    .Hint("`{} init --site NAME` adds a site to it", session.program);
              }
              if (options->sites.empty()) options->sites = {"site"};
              if (options->max_life_days < 1 ||
                  options->max_life_days > static_cast<std::int64_t>(bundle::kMaxLifeDays)) {
                return Error::Make(Kind::kUsage, "--max-life-days is {}; it must be 1 to {}",
                                   options->max_life_days, bundle::kMaxLifeDays);
              }
              return exists ? AddSites(session, home, *options) : MakeHome(session, home, *options);
            };
          }};
}

}  // namespace gapferry::exporter
