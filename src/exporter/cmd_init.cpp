#include <algorithm>

#include "exporter/commands.h"
#include "exporter/keys.h"
#include "exporter/next_root.h"

namespace gapferry::exporter {
namespace {

constexpr std::int64_t kDefaultLifeDays = 90;
constexpr Time kReviewAfter = 365 * kSecondsPerDay;
constexpr char kRootKey[] = "root";

struct Options {
  std::vector<std::string> sites;
  std::int64_t max_life_days = kDefaultLifeDays;
  std::string passphrase_file;
  bool no_passphrase = false;
  std::string content_passphrase_file;
};

// A stream for each new site.
Status AddStreams(const Options& options, const bundle::Role& content, bundle::Root* root) {
  for (const std::string& site : options.sites) {
    for (const auto& [uuid, stream] : root->streams) {
      if (stream.name == site)
        return Error::Make(Kind::kUsage, "site {} has a stream already", site);
    }
    root->streams[NewUuid()] = {site, content, 1,
                                static_cast<std::uint64_t>(options.max_life_days)};
  }
  return Ok();
}

bundle::Root FirstRoot(const bundle::PublicKey& root_key, const bundle::PublicKey& content_key) {
  bundle::Root root;
  root.created = Now();
  root.review_by = root.created + kReviewAfter;
  root.keys[root_key.id] = root_key;
  root.keys[content_key.id] = content_key;
  root.root.keys = {root_key.id};
  return root;
}

void ShowRoot(Session& session, const Home& home, const bundle::Root& root, const Options& options,
              const std::string& passphrase) {
  const std::string fingerprint = bundle::Fingerprint(bundle::SerializeRoot(root)).ToString();
  Console& console = session.console;
  console.Emit("initialised",
               {{"home", home.folder().string()},
                {"root_version", root.version},
                {"fingerprint", fingerprint},
                {"sites", options.sites},
                {"root_passphrase", passphrase.empty() ? Json(nullptr) : Json(passphrase)}});
  console.Say(fmt::format("home         {}", home.folder().string()));
  console.Say(fmt::format("sites        {}", fmt::join(options.sites, ", ")));
  console.Say(fmt::format("root         version {}, {}", root.version,
                          (home.keys() / bundle::RootFileName(root.version)).string()));
  console.Say(fmt::format("fingerprint  {}", fingerprint));
  if (!passphrase.empty()) {
    console.Say(fmt::format("passphrase   {}   of keys/root.key; shown only now", passphrase));
  }
  console.Say("");
  console.Say("next, here:      name your sources in export.yml, then");
  console.Say(fmt::format("                 {} run --to DIR", session.program));
  console.Say(
      "next, isolated:  read the fingerprint to the far side over a channel you trust; there");
  console.Say(
      fmt::format("                 gapferry-import init --root MEDIUM/{} --fingerprint \"{}\"",
                  bundle::RootFileName(root.version), fingerprint));
}

void ShowKeys(Session& session, const Options& options) {
  Console& console = session.console;
  const bool root_open = options.no_passphrase;
  const bool content_open = options.content_passphrase_file.empty();
  console.Say(fmt::format(
      "keys:            keys/root.key signs roots{}. Move it to a safe, offline place, apart from",
      root_open ? " and has NO passphrase" : ""));
  console.Say(
      "                 its passphrase. Without the two no key and no site can change any more, "
      "and");
  console.Say("                 every site would have to pin a new root by telephone.");
  console.Say(fmt::format(
      "                 keys/content.key signs every bundle{}. If it is lost or",
      content_open ? ", protected by its file mode alone" : " and needs its passphrase each time"));
  console.Say(fmt::format("                 stolen: `{} key rotate content`.", session.program));
}

Status MakeHome(Session& session, const Home& home, const Options& options) {
  constexpr mode_t kOwnerOnly = 0700;
  GF_TRY(const Protection root_protection,
         ChooseProtection(options.passphrase_file, options.no_passphrase,
                          Protection::Kind::kMakePassphrase));
  GF_TRY(const Protection content_protection,
         ChooseProtection(options.content_passphrase_file, false, Protection::Kind::kFileMode));
  for (const std::filesystem::path& folder : {home.folder(), home.keys(), home.work()}) {
    GF_CHECK(MakeFolder(folder, kOwnerOnly));
  }
  GF_TRY(const Fd lock, home.Lock());
  GF_TRY(const NewKey root_key, MakeKey(home.keys(), kRootKey, root_protection));
  GF_TRY(const NewKey content_key,
         MakeKey(home.keys(), std::string(kContentPrefix), content_protection));
  const bundle::PublicKey& content = content_key.key.public_key();
  bundle::Root root = FirstRoot(root_key.key.public_key(), content);
  GF_CHECK(AddStreams(options, {{content.id}, 1}, &root));
  GF_TRY(store::Store mirror, home.OpenMirror());
  GF_CHECK(mirror.Begin());
  GF_CHECK(AdoptStreams(&mirror, root, nullptr));
  GF_CHECK(home.SaveFirstRoot(root, root_key.key));
  GF_CHECK(mirror.Commit());
  // Last: a home is one when it has its configuration.
  GF_CHECK(WriteFileAtomically(home.config_file(), DefaultConfig(options.sites)));
  ShowRoot(session, home, root, options, root_key.passphrase);
  ShowKeys(session, options);
  return Ok();
}

// What the other sites have, if they all have the same; else the content keys that are here.
Result<bundle::Role> ContentRole(const Home& home, const bundle::Root& root) {
  std::set<bundle::KeyId> here;
  GF_TRY(const std::vector<KeyFile> files, ListKeyFiles(home));
  for (const KeyFile& file : files) {
    if (file.name.starts_with(kContentPrefix) && root.keys.contains(file.key.id))
      here.insert(file.key.id);
  }
  const auto& streams = root.streams;
  const bool alike =
      !streams.empty() && std::all_of(streams.begin(), streams.end(), [&](const auto& stream) {
        return stream.second.content == streams.begin()->second.content;
      });
  if (alike) return streams.begin()->second.content;
  if (!here.empty()) return bundle::Role{here, 1};
  return Error::Make(Kind::kNotFound, "{} holds no content key that root {} names",
                     home.keys().string(), root.version);
}

// A home that exists gets the new sites by a new root.
Status AddSites(Session& session, const Home& home, const Options& options) {
  GF_TRY(const Fd lock, home.Lock());
  GF_TRY(bundle::Root root, home.LoadNewestRoot());
  GF_TRY(const bundle::Role content, ContentRole(home, root));
  GF_CHECK(AddStreams(options, content, &root));
  ++root.version;
  root.created = Now();
  GF_TRY(const bool in_force,
         ProposeRoot(session, home, root, HomeRootKey(home, options.passphrase_file)));
  if (!in_force) return Ok();
  ShowRoot(session, home, root, options, "");
  session.console.Say("");
  session.console.Say(fmt::format("Add the new sites to {} now.", home.config_file().string()));
  return Ok();
}

Status Initialise(Session& session, const Options& given) {
  Options options = given;
  const Home home{std::filesystem::path(session.home)};
  const bool exists = std::filesystem::exists(home.config_file());
  if (exists && options.sites.empty()) {
    return Error::Make(Kind::kUsage, "{} is a gapferry home already", session.home)
        .Hint("`{} init --site NAME` adds a site to it", session.program);
  }
  if (exists && (options.no_passphrase || !options.content_passphrase_file.empty())) {
    return Error::Make(Kind::kUsage, "{} has its keys already; no new ones are made", session.home)
        .Hint("`{} key rotate content` and `{} key new` make keys", session.program,
              session.program);
  }
  if (options.sites.empty()) options.sites = {"site"};
  if (options.max_life_days < 1 ||
      options.max_life_days > static_cast<std::int64_t>(bundle::kMaxLifeDays)) {
    return Error::Make(Kind::kUsage, "--max-life-days is {}; it must be 1 to {}",
                       options.max_life_days, bundle::kMaxLifeDays);
  }
  return exists ? AddSites(session, home, options) : MakeHome(session, home, options);
}

}  // namespace

Command InitCommand() {
  return {
      "init", "make a home with configuration and keys, or add a site to one",
      "Makes an offline root key, encrypted with a passphrase that is made up and shown once, a "
      "content key for unattended signing, a stream for each site, the first root of trust and "
      "a commented export.yml. In a home that exists it adds the named sites by a new root.",
      [](Arguments& arguments) {
        auto options = std::make_shared<Options>();
        arguments.Option("--site", &options->sites,
                         "an isolated site; repeat for more (default: \"site\")");
        arguments.Option("--max-life-days", &options->max_life_days,
                         "longest life that the root allows a bundle (default: 90)");
        arguments.Option("--passphrase-file", &options->passphrase_file,
                         "file with the passphrase of the root key");
        arguments.Flag("--no-passphrase", &options->no_passphrase,
                       "do not encrypt the root key; its file mode is its only protection");
        arguments.Option("--content-passphrase-file", &options->content_passphrase_file,
                         "encrypt the content key too, with the passphrase in this file");
        return [options](Session& session) { return Initialise(session, *options); };
      }};
}

}  // namespace gapferry::exporter
