#include <algorithm>

#include "base/suggest.h"
#include "bundle/root_text.h"
#include "bundle/signed_file.h"
#include "exporter/commands.h"
#include "exporter/keys.h"
#include "exporter/next_root.h"
#include "exporter/root_edit.h"

namespace gapferry::exporter {
namespace {

namespace fs = std::filesystem;

Status ShowRoot(Session& session, const fs::path& file) {
  GF_TRY(const bundle::SignedDocument document,
         bundle::ReadSignedFile(file, bundle::kMaxRootBytes));
  auto root = bundle::ParseRoot(document.bytes);
  if (!root.ok()) return std::move(root).error().In(file.string());
  bundle::RootText text = bundle::DescribeRoot(*root, document.bytes, Now());
  std::set<bundle::KeyId> signers;
  Json ids = Json::array();
  for (const std::string& signature : document.signatures) {
    GF_TRY(const bundle::SignatureFile parsed, bundle::ParseSignatureFile(signature));
    signers.insert(parsed.key_id());
    ids.push_back(parsed.key_id().ToString());
  }
  // Names only: whether the signatures hold is for `root accept` to say, which knows the root
  // before.
  text.json["signature_files"] = ids;
  text.lines.push_back("signatures   " + bundle::KeyList(signers));
  session.console.Emit("root", text.json);
  for (const std::string& line : text.lines)
    session.console.Say(line);
  return Ok();
}

Command ShowRootCommand() {
  return {
      "show", "show a root: keys, thresholds, streams, what is revoked, whether review is due",
      "Without FILE the newest one of this home. Reads only; signatures are listed, not checked.",
      [](Arguments& arguments) {
        auto file = std::make_shared<std::string>();
        arguments.Positional("FILE", file.get(), "a root-NNNN.json", false);
        return [file](Session& session) -> Status {
          if (!file->empty()) return ShowRoot(session, *file);
          GF_TRY(const Home home, Home::Open(session));
          GF_TRY(const bundle::Root root, home.LoadNewestRoot());
          return ShowRoot(session, home.keys() / bundle::RootFileName(root.version));
        };
      }};
}

Status Sign(Session& session, const fs::path& file, const fs::path& key_file,
            const std::string& passphrase_file) {
  GF_TRY(const std::string bytes, ReadFile(file, bundle::kMaxRootBytes));
  auto root = bundle::ParseRoot(bytes);
  if (!root.ok()) return std::move(root).error().In(file.string());
  GF_TRY(const bundle::SecretKey key, LoadKey(key_file, passphrase_file));
  GF_CHECK(SignRootFile(file, key));
  const std::string id = key.public_key().id.ToString();
  const bundle::RootText text = bundle::DescribeRoot(*root, bytes, Now());
  session.console.Emit("root_signed", {{"file", file.string()}, {"key", id}, {"root", text.json}});
  for (const std::string& line : text.lines)
    session.console.Say(line);
  session.console.Say(fmt::format("signed       by {}", id));
  if (!root->root.keys.contains(key.public_key().id)) {
    session.console.Warn(
        fmt::format("key {} is no root key of root {}; it counts only if it is one of root {}", id,
                    root->version, root->version - 1));
  }
  return Ok();
}

// The draft of the next root in this home. Error: kNotFound if there is none.
Result<fs::path> DraftHere(const Session& session, const Home& home) {
  GF_TRY(const bundle::Root now, home.LoadNewestRoot());
  const fs::path draft = home.drafts() / bundle::RootFileName(now.version + 1);
  std::error_code error;
  if (fs::exists(draft, error)) return draft;
  return Error::Make(Kind::kNotFound, "there is no draft of root {}: {}", now.version + 1,
                     draft.string())
      .Hint("`{} root change` makes one", session.program);
}

Command SignRootCommand() {
  return {
      "sign", "add a signature to a root, on any machine",
      "Needs the file and a secret key, no home and no network: carry the draft to where the key "
      "is. Shows what is signed. The signature is FILE.<KEYID>.minisig, as `minisign -S -t root:N "
      "-x` writes it; those that are there and fit stay.",
      [](Arguments& arguments) {
        auto file = std::make_shared<std::string>();
        auto key = std::make_shared<std::string>();
        auto passphrase = std::make_shared<std::string>();
        arguments.Positional("FILE", file.get(),
                             "the draft, root-NNNN.json (default: the one in keys/draft)", false);
        arguments.Option("--key", key.get(), "the secret key file");
        arguments.Option("--passphrase-file", passphrase.get(),
                         "file with the passphrase of the key");
        return [=](Session& session) -> Status {
          if (key->empty()) return Error::Make(Kind::kUsage, "which key? give --key FILE");
          if (!file->empty()) return Sign(session, *file, *key, *passphrase);
          GF_TRY(const Home home, Home::Open(session));
          GF_TRY(const fs::path draft, DraftHere(session, home));
          return Sign(session, draft, *key, *passphrase);
        };
      }};
}

Result<bundle::SignedDocument> Gather(const std::vector<std::string>& files) {
  GF_TRY(bundle::SignedDocument all, bundle::ReadSignedFile(files.front(), bundle::kMaxRootBytes));
  for (std::size_t i = 1; i < files.size(); ++i) {
    GF_TRY(const bundle::SignedDocument copy,
           bundle::ReadSignedFile(files[i], bundle::kMaxRootBytes));
    if (copy.bytes != all.bytes) {
      return Error::Make(Kind::kUsage, "{} ({}) is not the same root as {} ({})", files[i],
                         bundle::Fingerprint(copy.bytes).ToString(), files.front(),
                         bundle::Fingerprint(all.bytes).ToString());
    }
    for (const std::string& signature : copy.signatures) {
      if (std::find(all.signatures.begin(), all.signatures.end(), signature) ==
          all.signatures.end()) {
        all.signatures.push_back(signature);
      }
    }
  }
  return all;
}

Status Accept(Session& session, std::vector<std::string> files) {
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(const Fd lock, home.Lock());
  if (files.front().empty()) {
    GF_TRY(const fs::path draft, DraftHere(session, home));
    files.front() = draft.string();
  }
  GF_TRY(const bundle::SignedDocument document, Gather(files));
  Status accepted = AcceptRoot(session.console, home, document);
  if (!accepted.ok()) {
    return std::move(accepted).error().Hint("`{} root sign {} --key KEY` adds a signature",
                                            session.program, files.front());
  }
  return ShowNewestRoot(session, home);
}

Command AcceptCommand() {
  return {"accept", "put a signed draft into force",
          "Checks the thresholds of the root before and of the new one, counting keys. Signatures "
          "that were made on copies are gathered with --copy.",
          [](Arguments& arguments) {
            auto file = std::make_shared<std::string>();
            auto copies = std::make_shared<std::vector<std::string>>();
            arguments.Positional("FILE", file.get(), "the draft (default: the one in keys/draft)",
                                 false);
            arguments.Option("--copy", copies.get(),
                             "a copy of it with further signatures; repeat for more");
            return [=](Session& session) -> Status {
              std::vector<std::string> files = {*file};
              files.insert(files.end(), copies->begin(), copies->end());
              return Accept(session, files);
            };
          }};
}

// The key that `key rotate` made for a draft is good for nothing without it. Returns its file, if
// there was one.
Result<std::optional<fs::path>> DiscardRotatedKey(const Home& home) {
  GF_TRY(const bundle::Root now, home.LoadNewestRoot());
  GF_TRY(const std::vector<KeyFile> files, ListKeyFiles(home));
  for (const KeyFile& file : files) {
    const bool known = now.keys.contains(file.key.id) || now.revoked.contains(file.key.id);
    if (file.name != RotatedKeyName(now.version + 1) || known) continue;
    for (const fs::path& one : {file.secret, fs::path(file.secret).replace_extension(".pub")}) {
      std::error_code error;
      fs::remove(one, error);
      if (error) return SystemError("cannot remove " + one.string(), error.value());
    }
    return std::optional(file.secret);
  }
  return std::optional<fs::path>();
}

Status Discard(Session& session) {
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(const Fd lock, home.Lock());
  std::error_code error;
  const std::uintmax_t removed = fs::remove_all(home.drafts(), error);
  if (error) return SystemError("cannot remove " + home.drafts().string(), error.value());
  GF_TRY(const std::optional<fs::path> key, DiscardRotatedKey(home));
  session.console.Emit("root_discarded", {{"was_there", removed > 0},
                                          {"key", key ? Json(key->string()) : Json(nullptr)}});
  session.console.Say(removed > 0 ? "the draft is gone" : "there was no draft");
  if (key)
    session.console.Say(fmt::format("so is the key that was made for it: {}", key->string()));
  return Ok();
}

Command DiscardCommand() {
  return {"discard", "throw the draft of the next root away",
          "Roots in force are not touched. If the draft came from `key rotate`, the new key goes "
          "with it, since nothing names it then.",
          [](Arguments&) -> Runner { return [](Session& session) { return Discard(session); }; }};
}

}  // namespace

Status ShowNewestRoot(Session& session, const Home& home) {
  GF_TRY(const bundle::Root root, home.LoadNewestRoot());
  return ShowRoot(session, home.keys() / bundle::RootFileName(root.version));
}

Command RootCommand() {
  return CommandGroup(
      "root", "the roots of trust: which keys may sign what",
      "A new root is made as a draft (`root change`), signed by the holders of the root keys "
      "(`root "
      "sign`), and put into force (`root accept`). Sites follow it from bundle to bundle.",
      {AcceptCommand(), RootAdoptCommand(), RootChangeCommand(), DiscardCommand(),
       ShowRootCommand(), SignRootCommand()});
}

}  // namespace gapferry::exporter
