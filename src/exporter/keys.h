// exporter/keys.h: the secret keys of the connected home, keys/NAME.key, each with NAME.pub beside
// it, both in minisign's formats.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bundle/root.h"
#include "exporter/home.h"

namespace gapferry::exporter {

// Keys whose names begin so sign bundles, unattended.
constexpr std::string_view kContentPrefix = "content";

struct KeyFile {
  std::string name;  // "content" of content.key
  std::filesystem::path secret;
  bundle::PublicKey key;
  bool encrypted = false;
};
// Every secret key in the home's keys/, by name. An encrypted one is known by its .pub file.
// Errors: kNotFound if that is missing, kMalformed.
[[nodiscard]] Result<std::vector<KeyFile>> ListKeyFiles(const Home& home);

// Reads a secret key file, with FindPassphrase if it is encrypted. Errors: kNotFound with the
// advice that fits; kPassphrase for a wrong or missing passphrase; kMalformed.
[[nodiscard]] Result<bundle::SecretKey> LoadKey(const std::filesystem::path& file,
                                                const std::string& passphrase_file);
// Reads a .pub file.
[[nodiscard]] Result<bundle::PublicKey> LoadPublicKey(const std::filesystem::path& file);

// How a new secret key is kept.
struct Protection {
  enum class Kind {
    kMakePassphrase,  // encrypted with one that is made up and returned
    kPassphraseFile,  // encrypted with the one in `file`
    kFileMode,        // not encrypted
  };
  Kind kind = Kind::kMakePassphrase;
  std::string file;
};
// From --passphrase-file and --no-passphrase. Error: kUsage for both.
[[nodiscard]] Result<Protection> ChooseProtection(const std::string& passphrase_file,
                                                  bool no_passphrase, Protection::Kind otherwise);

// The key that `key rotate` makes for this root. Nothing else bears such a name.
[[nodiscard]] std::string RotatedKeyName(std::uint64_t root_version);

struct NewKey {
  bundle::SecretKey key;
  std::filesystem::path file;
  std::string passphrase;  // the one that was made up, to be shown once; else empty
};
// Writes NAME.key (mode 0600) and NAME.pub into `folder`. Error: kUsage if one is there already.
[[nodiscard]] Result<NewKey> MakeKey(const std::filesystem::path& folder, const std::string& name,
                                     const Protection& protection);

// The content keys in the home that `stream` names, unlocked: all of them sign. They may
// be fewer than its threshold: `sign` adds the others. Error: kUnknownSigner if there is none.
[[nodiscard]] Result<std::vector<bundle::SecretKey>> LoadContentKeys(
    const Home& home, const bundle::StreamRole& stream, const std::string& passphrase_file);

}  // namespace gapferry::exporter
