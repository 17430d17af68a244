// collect/secret.h: an authentication key: where it lies, and that it shows nowhere.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gapferry::collect {

constexpr std::size_t kMaxSecretBytes = 4096;

// Wiped when it goes; not copied.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  [[nodiscard]] std::string_view view() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  // What of it is secret by itself: of "Bearer TOKEN", the token.
  [[nodiscard]] std::string_view token() const;
  // The token, and of "Basic TOKEN" the password in it, or user and password together where the
  // password alone is so short that it may stand in any text. None for one that is empty.
  [[nodiscard]] std::vector<std::string> Words() const;
  // Each word in other forms in which a server may send it back: base64 in all three positions, and
  // UTF-16.
  [[nodiscard]] std::vector<std::string> Disguises() const;
  // `text` with *** for each time that it holds a word, or a disguise of one, in whichever case,
  // also percent-encoded.
  [[nodiscard]] std::string Redact(std::string_view text) const;

 private:
  void Wipe();
  std::string text_;
};

// The three places where a secret may lie, as a configuration names them:
//   file:PATH         a file that only its owner can read; relative paths begin at `base`
//   env:NAME          an environment variable
//   credential:NAME   a systemd credential, $CREDENTIALS_DIRECTORY/NAME (systemd.exec(5))
// Empty if `place` is one of them, otherwise what is wrong with it; never repeats `place`, because
// somebody may have put the secret itself there.
[[nodiscard]] std::string_view CheckSecretPlace(std::string_view place);

// One line end at the end is no part of the secret. Errors: kConfig for a place that holds none,
// one that others can read, or one with a control character in it; those of ReadFile.
[[nodiscard]] Result<Secret> LoadSecret(std::string_view place, const std::filesystem::path& base);

}  // namespace gapferry::collect
