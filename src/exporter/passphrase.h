// exporter/passphrase.h: where the passphrase of a secret key comes from, and the one that `init`
// makes up.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "bundle/minisign.h"

namespace gapferry::exporter {

constexpr std::size_t kMaxPassphraseBytes = 1024;

// In this order: `file` (--passphrase-file) if it is not empty; the systemd credential
// $CREDENTIALS_DIRECTORY/gapferry-<key name>-passphrase (systemd.exec(5), LoadCredential=); the
// terminal, without echo, if stdin is one. One line end at the end is no part of it.
// Errors: kConfig if there is none (the hint names all three) or it is empty; those of ReadFile.
[[nodiscard]] Result<bundle::SecretText> FindPassphrase(std::string_view key_name,
                                                        const std::string& file);

// Only what --passphrase-file names. Errors: as above.
[[nodiscard]] Result<bundle::SecretText> ReadPassphraseFile(const std::string& file);

// Six groups of four from 32 lower-case letters and digits that are hard to confuse (z-base-32):
// 120 bits. The dashes belong to it.
[[nodiscard]] bundle::SecretText MakePassphrase();

}  // namespace gapferry::exporter
