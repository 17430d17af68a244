#include "exporter/passphrase.h"

#include <sodium.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.h"

namespace gapferry::exporter {
namespace {

Result<bundle::SecretText> FromTerminal(std::string_view key_name) {
  const std::string prompt = fmt::format("passphrase of {}: ", key_name);
  GF_CHECK(WriteFull(STDERR_FILENO, AsBytes(prompt)));
  termios shown{};
  if (::tcgetattr(STDIN_FILENO, &shown) != 0) return SystemError("cannot ask the terminal", errno);
  termios hidden = shown;
  hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  std::string typed;
  typed.reserve(kMaxPassphraseBytes);
  char c = 0;
  while (typed.size() < kMaxPassphraseBytes && ::read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
    typed.push_back(c);
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
  (void)WriteFull(STDERR_FILENO, AsBytes(std::string_view("\n")));
  if (typed.empty()) return Error::Make(Kind::kPassphrase, "no passphrase was typed");
  return bundle::SecretText(std::move(typed));
}

}  // namespace

Result<bundle::SecretText> ReadPassphraseFile(const std::string& file) {
  GF_TRY(std::string text, ReadFile(file, kMaxPassphraseBytes));
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  if (text.empty()) return Error::Make(Kind::kPassphrase, "the passphrase in {} is empty", file);
  return bundle::SecretText(std::move(text));
}

Result<bundle::SecretText> FindPassphrase(std::string_view key_name, const std::string& file) {
  if (!file.empty()) return ReadPassphraseFile(file);
  const std::string credential = fmt::format("gapferry-{}-passphrase", key_name);
  if (const char* folder = std::getenv("CREDENTIALS_DIRECTORY")) {
    const std::filesystem::path path = std::filesystem::path(folder) / credential;
    auto given = ReadPassphraseFile(path.string());
    if (given.ok() || given.error().kind != Kind::kNotFound) return given;
  }
  if (::isatty(STDIN_FILENO) == 1) return FromTerminal(key_name);
  return Error::Make(Kind::kPassphrase, "the key {} is encrypted, and no passphrase was given",
                     key_name)
      .Hint("give it with --passphrase-file FILE, as the systemd credential {}, or on a terminal",
            credential);
}

bundle::SecretText MakePassphrase() {
  constexpr std::string_view kLetters = "ybndrfg8ejkmcpqxot1uwisza345h769";
  constexpr std::size_t kGroups = 6;
  constexpr std::size_t kGroupLetters = 4;
  std::string text;
  text.reserve(kGroups * (kGroupLetters + 1));
  for (std::size_t i = 0; i < kGroups * kGroupLetters; ++i) {
    if (i != 0 && i % kGroupLetters == 0) text.push_back('-');
    text.push_back(kLetters[randombytes_uniform(static_cast<std::uint32_t>(kLetters.size()))]);
  }
  return bundle::SecretText(std::move(text));
}

}  // namespace gapferry::exporter
