#include <algorithm>

#include "bundle/root_text.h"
#include "bundle/text.h"
#include "exporter/commands.h"
#include "exporter/keys.h"
#include "exporter/next_root.h"
#include "exporter/root_edit.h"

namespace gapferry::exporter {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLost = "losing the passphrase is losing the key; it is shown only now";

void SayNewKey(Session& session, const NewKey& made) {
  const std::string id = made.key.public_key().id.ToString();
  session.console.Emit(
      "key", {{"id", id},
              {"file", made.file.string()},
              {"passphrase", made.passphrase.empty() ? Json(nullptr) : Json(made.passphrase)}});
  session.console.Say(fmt::format("key          {}", id));
  session.console.Say(fmt::format("files        {}, {}", made.file.string(),
                                  fs::path(made.file).replace_extension(".pub").string()));
  if (!made.passphrase.empty()) {
    session.console.Say(fmt::format("passphrase   {}", made.passphrase));
    session.console.Say(fmt::format("             {}", kLost));
  }
}

struct NewOptions {
  std::string name;
  std::string to;
  std::string passphrase_file;
  bool no_passphrase = false;
};

Status New(Session& session, const NewOptions& options) {
  if (!bundle::IsStreamName(options.name)) {
    return Error::Make(Kind::kUsage, "\"{}\" is no name for a key: a–z, 0–9 and - are",
                       options.name);
  }
  fs::path folder = options.to;
  if (folder.empty()) {
    GF_TRY(const Home home, Home::Open(session));
    folder = home.keys();
  }
  const bool unattended = options.name.starts_with(kContentPrefix);
  GF_TRY(const Protection protection,
         ChooseProtection(
             options.passphrase_file, options.no_passphrase,
             unattended ? Protection::Kind::kFileMode : Protection::Kind::kMakePassphrase));
  GF_CHECK(MakeFolder(folder, 0700));
  GF_TRY(const NewKey made, MakeKey(folder, options.name, protection));
  SayNewKey(session, made);
  session.console.Say(
      "next         it signs nothing yet: `root change --add-root` or "
      "`--add-content` with the .pub file");
  return Ok();
}

Command NewCommand() {
  return {
      "new", "make a key pair",
      "Writes NAME.key and NAME.pub, in minisign's formats. The secret key is encrypted with a "
      "passphrase that is made up and shown once; one whose name begins with \"content\" signs "
      "unattended and is protected by its file mode, unless --passphrase-file is given. Needs no "
      "home with --to.",
      [](Arguments& arguments) {
        auto options = std::make_shared<NewOptions>();
        arguments.Positional("NAME", &options->name, "name of the key, such as alice");
        arguments.Option("--to", &options->to, "folder (default: keys/ of the home)");
        arguments.Option("--passphrase-file", &options->passphrase_file,
                         "encrypt it with the passphrase in this file");
        arguments.Flag("--no-passphrase", &options->no_passphrase,
                       "do not encrypt it; its file mode is its only protection");
        return [options](Session& session) { return New(session, *options); };
      }};
}

std::string RolesOf(const bundle::Root& root, const bundle::KeyId& id) {
  std::string roles = root.root.keys.contains(id) ? "root" : "";
  for (const auto& [uuid, stream] : root.streams) {
    if (!stream.content.keys.contains(id)) continue;
    roles += (roles.empty() ? "bundles of " : ", ") + stream.name;
  }
  if (root.revoked.contains(id)) roles += roles.empty() ? "revoked" : ", revoked";
  return roles.empty() ? "none" : roles;
}

Status ShowKey(Session& session) {
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(const bundle::Root root, home.LoadNewestRoot());
  GF_TRY(const std::vector<KeyFile> files, ListKeyFiles(home));
  std::map<bundle::KeyId, const KeyFile*> keys;
  for (const auto& [id, key] : root.keys)
    keys[id] = nullptr;
  for (const bundle::KeyId& id : root.revoked)
    keys[id] = nullptr;
  for (const KeyFile& file : files)
    keys[file.key.id] = &file;
  for (const auto& [id, file] : keys) {
    const std::string roles = RolesOf(root, id);
    session.console.Emit("key",
                         {{"id", id.ToString()},
                          {"role", roles},
                          {"revoked", root.revoked.contains(id)},
                          {"file", file == nullptr ? Json(nullptr) : Json(file->secret.string())},
                          {"encrypted", file != nullptr && file->encrypted}});
    const std::string where =
        file == nullptr ? "secret key is not here"
                        : fmt::format("{}{}", file->secret.string(),
                                      file->encrypted ? " (passphrase)" : " (file mode only)");
    session.console.Say(fmt::format("{}  {:<24}  {}", id.ToString(), roles, where));
  }
  return Ok();
}

Command ShowCommand() {
  return {"show", "list all keys: what they may sign, and where the secret ones lie",
          "Those of the newest root, those it revoked, and those in keys/. Reads only.",
          [](Arguments&) -> Runner { return [](Session& session) { return ShowKey(session); }; }};
}

struct RotateOptions {
  std::string role;
  std::string key;
  std::string passphrase_file;
  std::string content_passphrase_file;
  bool no_passphrase = false;
};

// The content keys in the home that some stream of the root names.
Result<std::vector<KeyFile>> ContentKeysHere(const Home& home, const bundle::Root& root) {
  GF_TRY(std::vector<KeyFile> files, ListKeyFiles(home));
  std::erase_if(files, [&](const KeyFile& file) {
    bool named = false;
    for (const auto& [uuid, stream] : root.streams)
      named = named || stream.content.keys.contains(file.key.id);
    return !named || !file.name.starts_with(kContentPrefix);
  });
  if (!files.empty()) return files;
  return Error::Make(Kind::kNotFound, "{} holds no content key that root {} names",
                     home.keys().string(), root.version)
      .Hint("`key new content-2`, then `root change --add-content`");
}

bundle::Root Replaced(const bundle::Root& now, const std::vector<KeyFile>& old,
                      const bundle::PublicKey& key) {
  bundle::Root next = now;
  next.version = now.version + 1;
  next.created = Now();
  next.keys[key.id] = key;
  for (auto& [uuid, stream] : next.streams) {
    for (const KeyFile& file : old) {
      if (stream.content.keys.erase(file.key.id) > 0) stream.content.keys.insert(key.id);
    }
  }
  for (const KeyFile& file : old) {
    next.keys.erase(file.key.id);
    next.revoked.insert(file.key.id);
  }
  return next;
}

// A key that was encrypted is not replaced by an open one unless that is said.
Result<Protection> ProtectionLike(const std::vector<KeyFile>& old, const RotateOptions& options) {
  const bool was_encrypted =
      std::any_of(old.begin(), old.end(), [](const KeyFile& file) { return file.encrypted; });
  if (was_encrypted && !options.no_passphrase && options.content_passphrase_file.empty()) {
    return Error::Make(Kind::kUsage, "the content key is encrypted; how shall the new one be?")
        .Hint("give --content-passphrase-file FILE, or --no-passphrase");
  }
  return ChooseProtection(options.content_passphrase_file, options.no_passphrase,
                          Protection::Kind::kFileMode);
}

Status Rotate(Session& session, const RotateOptions& options) {
  if (options.role != "content") {
    return Error::Make(Kind::kUsage, "`key rotate {}`: only content keys are rotated so",
                       options.role)
        .Hint("root keys change by `root change --add-root … --revoke …`");
  }
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(const Fd lock, home.Lock());
  GF_TRY(const bundle::Root now, home.LoadNewestRoot());
  GF_TRY(const std::vector<KeyFile> old, ContentKeysHere(home, now));
  GF_TRY(const Protection protection, ProtectionLike(old, options));
  const std::string name = RotatedKeyName(now.version + 1);
  GF_TRY(const NewKey made, MakeKey(home.keys(), name, protection));
  const bundle::Root next = Replaced(now, old, made.key.public_key());
  auto works = bundle::ParseRoot(bundle::SerializeRoot(next));
  const auto propose = [&]() -> Result<bool> {
    if (!works.ok())
      return Error::Make(Kind::kUsage, "such a root could not work: {}", works.error().what);
    const SignWith sign = options.key.empty() ? HomeRootKey(home, options.passphrase_file)
                                              : SignWith{options.key, options.passphrase_file};
    return ProposeRoot(session, home, next, sign);
  };
  auto in_force = propose();
  if (!in_force.ok()) {
    // Nothing names the new key, so nothing is lost with it.
    std::error_code error;
    fs::remove(made.file, error);
    fs::remove(fs::path(made.file).replace_extension(".pub"), error);
    return std::move(in_force).error();
  }
  SayNewKey(session, made);
  for (const std::string& line : bundle::RootChanges(now, next))
    session.console.Say("changes      " + line);
  session.console.Emit("key_rotate", {{"root_version", next.version},
                                      {"in_force", *in_force},
                                      {"new", made.key.public_key().id.ToString()}});
  return Ok();
}

Command RotateCommand() {
  return {"rotate", "replace the content key by a new one",
          "Makes a new key and the next root, which names the new key and revokes the old one. "
          "Signed with keys/root.key or --key; if more root keys must sign, it stays a draft until "
          "`root accept`, and the old key signs until then.",
          [](Arguments& arguments) {
            auto options = std::make_shared<RotateOptions>();
            arguments.Positional("ROLE", &options->role, "content");
            arguments.Values("ROLE", {"content"});
            arguments.Option("--key", &options->key, "root key file (default: keys/root.key)");
            arguments.Option("--passphrase-file", &options->passphrase_file,
                             "file with the passphrase of the root key");
            arguments.Option("--content-passphrase-file", &options->content_passphrase_file,
                             "encrypt the new key with the passphrase in this file");
            arguments.Flag("--no-passphrase", &options->no_passphrase,
                           "do not encrypt the new key, although the old one is");
            return [options](Session& session) { return Rotate(session, *options); };
          }};
}

}  // namespace

Command KeyCommand() {
  return CommandGroup("key", "the keys that sign roots and bundles",
                      "Secret keys lie in keys/ of the home, or wherever their holders keep them.",
                      {NewCommand(), RotateCommand(), ShowCommand()});
}

}  // namespace gapferry::exporter
