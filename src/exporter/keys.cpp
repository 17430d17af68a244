#include "exporter/keys.h"

#include "exporter/passphrase.h"

namespace gapferry::exporter {
namespace {

constexpr std::string_view kSecretEnding = ".key";

std::filesystem::path PublicBeside(std::filesystem::path file) {
  return file.replace_extension(".pub");
}

Result<bundle::SecretText> ReadSecret(const std::filesystem::path& file) {
  auto text = ReadFile(file, bundle::kMaxKeyFileBytes);
  if (text.ok()) return bundle::SecretText(*std::move(text));
  if (text.error().kind != Kind::kNotFound) return std::move(text).error();
  return Error::Make(Kind::kNotFound, "there is no key at {}", file.string())
      .Hint("if it is kept offline, put it there for this command and take it away afterwards");
}

Result<bundle::SecretText> Seal(const bundle::SecretKey& key, const Protection& protection,
                                std::string* made) {
  switch (protection.kind) {
    case Protection::Kind::kFileMode:
      return key.ToFile();
    case Protection::Kind::kPassphraseFile: {
      GF_TRY(const bundle::SecretText given, ReadPassphraseFile(protection.file));
      return key.ToEncryptedFile(given.view());
    }
    case Protection::Kind::kMakePassphrase: {
      const bundle::SecretText passphrase = MakePassphrase();
      made->assign(passphrase.view());
      return key.ToEncryptedFile(passphrase.view());
    }
  }
  std::abort();
}

}  // namespace

Result<bundle::PublicKey> LoadPublicKey(const std::filesystem::path& file) {
  GF_TRY(const std::string text, ReadFile(file, bundle::kMaxKeyFileBytes));
  auto key = bundle::ParsePublicKey(text);
  if (!key.ok()) return std::move(key).error().In(file.string());
  return key;
}

Result<std::vector<KeyFile>> ListKeyFiles(const Home& home) {
  GF_TRY(const std::vector<std::filesystem::path> files, ListFiles(home.keys()));
  std::vector<KeyFile> keys;
  for (const std::filesystem::path& file : files) {
    if (file.extension() != kSecretEnding) continue;
    GF_TRY(const bundle::SecretText text, ReadSecret(file));
    auto encrypted = bundle::SecretKey::IsEncrypted(text.view());
    if (!encrypted.ok()) return std::move(encrypted).error().In(file.string());
    KeyFile key{file.stem().string(), file, {}, *encrypted};
    if (key.encrypted) {
      GF_TRY(key.key, LoadPublicKey(PublicBeside(file)));
    } else {
      GF_TRY(const bundle::SecretKey secret, LoadKey(file, ""));
      key.key = secret.public_key();
    }
    keys.push_back(std::move(key));
  }
  return keys;
}

Result<bundle::SecretKey> LoadKey(const std::filesystem::path& file,
                                  const std::string& passphrase_file) {
  GF_TRY(const bundle::SecretText text, ReadSecret(file));
  const auto parse = [&]() -> Result<bundle::SecretKey> {
    GF_TRY(const bool encrypted, bundle::SecretKey::IsEncrypted(text.view()));
    if (!encrypted) return bundle::SecretKey::Parse(text.view());
    GF_TRY(const bundle::SecretText passphrase,
           FindPassphrase(file.stem().string(), passphrase_file));
    return bundle::SecretKey::Parse(text.view(), passphrase.view());
  };
  auto key = parse();
  if (!key.ok()) return std::move(key).error().In(file.string());
  return key;
}

Result<Protection> ChooseProtection(const std::string& passphrase_file, bool no_passphrase,
                                    Protection::Kind otherwise) {
  if (no_passphrase && !passphrase_file.empty())
    return Error::Make(Kind::kUsage, "--no-passphrase and --passphrase-file exclude each other");
  if (no_passphrase) return Protection{Protection::Kind::kFileMode, ""};
  if (!passphrase_file.empty())
    return Protection{Protection::Kind::kPassphraseFile, passphrase_file};
  return Protection{otherwise, ""};
}

std::string RotatedKeyName(std::uint64_t root_version) {
  return fmt::format("{}-root{}", kContentPrefix, root_version);
}

Result<NewKey> MakeKey(const std::filesystem::path& folder, const std::string& name,
                       const Protection& protection) {
  constexpr mode_t kOwnerOnly = 0600;
  const std::filesystem::path file = folder / (name + std::string(kSecretEnding));
  std::error_code error;
  if (std::filesystem::exists(file, error))
    return Error::Make(Kind::kUsage, "there is a key at {} already", file.string())
        .Hint("`key show` says what it may sign; if nothing, move it and its .pub elsewhere");
  NewKey made{bundle::SecretKey::Generate(), file, ""};
  GF_TRY(const bundle::SecretText sealed, Seal(made.key, protection, &made.passphrase));
  GF_CHECK(WriteFileAtomically(file, sealed.view(), kOwnerOnly));
  GF_CHECK(WriteFileAtomically(PublicBeside(file), made.key.public_key().ToFile()));
  return made;
}

Result<std::vector<bundle::SecretKey>> LoadContentKeys(const Home& home,
                                                       const bundle::StreamRole& stream,
                                                       const std::string& passphrase_file) {
  GF_TRY(const std::vector<KeyFile> files, ListKeyFiles(home));
  std::vector<bundle::SecretKey> keys;
  std::set<bundle::KeyId> others;
  for (const KeyFile& file : files) {
    if (!file.name.starts_with(kContentPrefix)) continue;
    if (!stream.content.keys.contains(file.key.id)) {
      others.insert(file.key.id);
      continue;
    }
    GF_TRY(bundle::SecretKey key, LoadKey(file.secret, passphrase_file));
    keys.push_back(std::move(key));
  }
  if (keys.empty()) {
    return Error::Make(Kind::kUnknownSigner, "the root lets {} sign for {}; {} holds {}",
                       bundle::KeyList(stream.content.keys), stream.name,
                       (home.keys() / "content*.key").string(), bundle::KeyList(others))
        .Hint("`gapferry-export key show` lists keys and roles");
  }
  return keys;
}

}  // namespace gapferry::exporter
