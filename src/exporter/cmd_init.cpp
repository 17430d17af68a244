#include <algorithm>

#include "bundle/text.h"
#include "exporter/commands.h"
#include "exporter/keys.h"
#include "exporter/next_root.h"

namespace gapferry::exporter {
namespace {

constexpr std::int64_t kDefaultLifeDays = 90;
constexpr Time kReviewAfter = 365 * kSecondsPerDay;
constexpr char kRootKey[] = "root";

struct InitOptions {
  std::vector<std::string> sites;
  std::int64_t max_life_days = kDefaultLifeDays;
  std::string passphrase_file;
  bool no_passphrase = false;
  std::string content_passphrase_file;
};

// A stream for each new site.
Status AddStreams(const InitOptions& options, const bundle::Role& content, bundle::Root* root) {
  for (const std::string& site : options.sites) {
    for (const auto& [uuid, stream] : root->streams) {
      if (stream.name == site) {
        return Error::Make(Kind::kUsage, "site {} has a stream already", site)
            .Hint("if the mirror has lost it, `gapferry-export root adopt`");
      }
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

void ShowRoot(Session& session, const Home& home, const bundle::Root& root,
              const InitOptions& options, const std::string& passphrase) {
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

void ShowKeys(Session& session, const InitOptions& options) {
  Console& console = session.console;
  const bool content_open = options.content_passphrase_file.empty();
  if (options.no_passphrase) {
    console.Say(
        "keys:            keys/root.key signs roots and has NO passphrase: who has the file has");
    console.Say(
        "                 gapferry. Move it to a safe, offline place. Without it no key and no "
        "site");
    console.Say(
        "                 can change any more, and every site would have to pin a new root by");
    console.Say("                 telephone.");
  } else {
    console.Say(
        "keys:            keys/root.key signs roots. Move it to a safe, offline place, apart from");
    console.Say(
        "                 its passphrase. Without the two no key and no site can change any more, "
        "and");
    console.Say("                 every site would have to pin a new root by telephone.");
  }
  console.Say(fmt::format(
      "                 keys/content.key signs every bundle{}. If it is lost or",
      content_open ? ", protected by its file mode alone" : " and needs its passphrase each time"));
  console.Say(fmt::format("                 stolen: `{} key rotate content`.", session.program));
}

// What an `init` that was interrupted left behind. Nobody has seen its passphrase, and no bundle
// was signed with its keys.
Status RemoveUnfinished(const Home& home) {
  namespace fs = std::filesystem;
  const std::string mirror = home.mirror_file().string();
  const std::string first_root = home.first_root_file().string();
  for (const fs::path& file : std::initializer_list<fs::path>{
           home.root_key_file(), home.keys() / "root.pub", home.keys() / "content.key",
           home.keys() / "content.pub", first_root, first_root + ".minisig", mirror,
           mirror + "-wal", mirror + "-shm", mirror + "-journal", home.config_file()}) {
    std::error_code error;
    fs::remove(file, error);
    if (error) return SystemError("cannot remove " + file.string(), error.value());
  }
  return Ok();
}

// Keys that lie there for another reason are not for `init` to replace.
Status CheckNoKeys(const Session& session, const Home& home) {
  std::error_code error;
  for (const std::filesystem::path& file : {home.root_key_file(), home.keys() / "content.key"}) {
    if (!std::filesystem::exists(file, error)) continue;
    return Error::Make(Kind::kUsage, "there is a key at {} already, of which no root knows",
                       file.string())
        .Hint("move it and its .pub elsewhere, then `{} init` again", session.program);
  }
  return Ok();
}

struct HomeProtection {
  Protection root;
  Protection content;
};

Status FillHome(Session& session, const Home& home, const InitOptions& options,
                const HomeProtection& protection) {
  GF_TRY(const NewKey root_key, MakeKey(home.keys(), kRootKey, protection.root));
  GF_TRY(const NewKey content_key,
         MakeKey(home.keys(), std::string(kContentPrefix), protection.content));
  const bundle::PublicKey& content = content_key.key.public_key();
  bundle::Root root = FirstRoot(root_key.key.public_key(), content);
  GF_CHECK(AddStreams(options, {{content.id}, 1}, &root));
  GF_TRY(store::Store mirror, home.OpenMirror());
  GF_CHECK(mirror.Begin());
  GF_CHECK(AdoptStreams(&mirror, root, nullptr));
  GF_CHECK(home.SaveFirstRoot(root, root_key.key));
  GF_CHECK(mirror.Commit());
  GF_CHECK(WriteFileAtomically(home.config_file(), DefaultConfig(options.sites)));
  ShowRoot(session, home, root, options, root_key.passphrase);
  ShowKeys(session, options);
  return Ok();
}

Status MakeHome(Session& session, const Home& home, const InitOptions& options) {
  constexpr mode_t kOwnerOnly = 0700;
  HomeProtection protection;
  GF_TRY(protection.root, ChooseProtection(options.passphrase_file, options.no_passphrase,
                                           Protection::Kind::kMakePassphrase));
  GF_TRY(protection.content,
         ChooseProtection(options.content_passphrase_file, false, Protection::Kind::kFileMode));
  for (const std::filesystem::path& folder : {home.folder(), home.keys(), home.work()}) {
    GF_CHECK(MakeFolder(folder, kOwnerOnly));
  }
  GF_TRY(const Fd lock, home.Lock());
  std::error_code error;
  if (std::filesystem::exists(home.unfinished_mark(), error)) {
    GF_CHECK(RemoveUnfinished(home));
  } else {
    GF_CHECK(CheckNoKeys(session, home));
    GF_CHECK(WriteFileAtomically(home.unfinished_mark(), "`init` was interrupted; run it again\n"));
  }
  GF_CHECK(FillHome(session, home, options, protection));
  // Only now the passphrase was shown.
  std::filesystem::remove(home.unfinished_mark(), error);
  if (error) return SystemError("cannot remove " + home.unfinished_mark().string(), error.value());
  return SyncFolder(home.folder());
}

// For a home that has all but its export.yml.
Status WriteConfigAgain(Session& session, const Home& home, const InitOptions& options) {
  GF_TRY(const Fd lock, home.Lock());
  GF_TRY(const bundle::Root root, home.LoadNewestRoot());
  std::vector<std::string> sites;
  for (const auto& [uuid, stream] : root.streams)
    sites.push_back(stream.name);
  for (const std::string& site : options.sites) {
    if (std::find(sites.begin(), sites.end(), site) != sites.end()) continue;
    return Error::Make(Kind::kUsage,
                       "{} has lost its export.yml; its root has the sites {}, not {}",
                       session.home, fmt::join(sites, ", "), site)
        .Hint("first `{} init`, then `{} init --site {}`", session.program, session.program, site);
  }
  GF_CHECK(WriteFileAtomically(home.config_file(), DefaultConfig(sites)));
  session.console.Emit("configuration", {{"file", home.config_file().string()}, {"sites", sites}});
  session.console.Say(fmt::format("written      {}, for the sites of root {}: {}",
                                  home.config_file().string(), root.version,
                                  fmt::join(sites, ", ")));
  session.console.Say("next         name your sources in it, and set what each site may get");
  session.console.Note(
      "the keys are as they were; if nobody ever saw the root key's passphrase, remove the whole "
      "home and make it anew");
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
Status AddSites(Session& session, const Home& home, const InitOptions& options) {
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

// Before anything is made: a name that cannot work would spoil the home.
Status CheckSites(const std::vector<std::string>& sites) {
  for (const std::string& site : sites) {
    if (!bundle::IsStreamName(site)) {
      return Error::Make(Kind::kUsage,
                         "\"{}\" is no name for a site: 1 to 40 of a–z, 0–9 and inner dashes are",
                         site);
    }
    if (std::count(sites.begin(), sites.end(), site) > 1)
      return Error::Make(Kind::kUsage, "site {} is named twice", site);
  }
  return Ok();
}

Status CheckForExisting(const Session& session, const InitOptions& options) {
  if (options.sites.empty()) {
    return Error::Make(Kind::kUsage, "{} is a gapferry home already", session.home)
        .Hint("`{} init --site NAME` adds a site to it", session.program);
  }
  if (options.no_passphrase || !options.content_passphrase_file.empty()) {
    return Error::Make(Kind::kUsage, "{} has its keys already; no new ones are made", session.home)
        .Hint("`{} key rotate content` and `{} key new` make keys", session.program,
              session.program);
  }
  return Ok();
}

Status Initialise(Session& session, const InitOptions& given) {
  InitOptions options = given;
  GF_CHECK(CheckSites(options.sites));
  if (options.max_life_days < 1 ||
      options.max_life_days > static_cast<std::int64_t>(bundle::kMaxLifeDays)) {
    return Error::Make(Kind::kUsage, "--max-life-days is {}; it must be 1 to {}",
                       options.max_life_days, bundle::kMaxLifeDays);
  }
  const Home home{std::filesystem::path(session.home)};
  std::error_code error;
  const bool configured = std::filesystem::exists(home.config_file(), error);
  if (error) return SystemError("cannot look into " + session.home, error.value());
  const bool finished = !std::filesystem::exists(home.unfinished_mark(), error);
  if (finished && configured) {
    GF_CHECK(CheckForExisting(session, options));
    return AddSites(session, home, options);
  }
  if (finished && std::filesystem::exists(home.first_root_file(), error))
    return WriteConfigAgain(session, home, options);
  if (options.sites.empty()) options.sites = {"site"};
  return MakeHome(session, home, options);
}

}  // namespace

Command InitCommand() {
  return {
      "init", "make a home with configuration and keys, or add a site to one",
      "Makes an offline root key, encrypted with a passphrase that is made up and shown once, a "
      "content key for unattended signing, a stream for each site, the first root of trust and "
      "a commented export.yml. In a home that exists it adds the named sites by a new root. "
      "What an interrupted `init` left is replaced; a lost export.yml is written anew.",
      [](Arguments& arguments) {
        auto options = std::make_shared<InitOptions>();
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
