#include "collect/secret.h"

#include <sodium.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>

#include "base/file.h"

namespace gapferry::collect {
namespace {

constexpr std::string_view kSecretsFile = "file:";
constexpr std::string_view kEnvironment = "env:";
constexpr std::string_view kCredential = "credential:";
// A shorter word may stand in any text.
constexpr std::size_t kShortestWord = 8;

bool IsName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return IsAsciiAlnum(c) || c == '_' || c == '-' || c == '.';
  });
}

Status CheckMode(const std::filesystem::path& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0)
    return SystemError("cannot look at " + file.string(), errno);
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) == 0) return Ok();
  return Error::Make(Kind::kConfig, "others than its owner may use {} (mode {:04o}, not 0600)",
                     file.string(), info.st_mode & 07777U)
      .Hint("chmod 600 {}", file.string());
}

Result<Secret> Take(std::string text, const std::string& where) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  Secret secret(std::move(text));
  if (secret.empty()) return Error::Make(Kind::kConfig, "{} holds no secret: it is empty", where);
  for (const char c : secret.view()) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7F') {
      return Error::Make(Kind::kConfig, "{} holds a control character or a second line", where);
    }
  }
  return secret;
}

// The byte that "%2f" stands for at the beginning of `text`.
std::optional<char> Percent(std::string_view text) {
  constexpr std::size_t kSize = 3;
  if (text.size() < kSize || text[0] != '%') return std::nullopt;
  const auto byte = HexDecode(text.substr(1, kSize - 1));
  if (!byte) return std::nullopt;
  return static_cast<char>(byte->front());
}

// How much of `text`, from its beginning, is `needle` as an URL may spell it; 0: it is not. Both in
// lower case.
std::size_t SpelledSize(std::string_view text, std::string_view needle) {
  if (text.starts_with(needle)) return needle.size();
  constexpr std::size_t kSize = 3;
  std::size_t at = 0;
  for (const char c : needle) {
    const std::optional<char> byte = Percent(text.substr(at));
    if (byte && AsciiLower(std::string(1, *byte))[0] == c) {
      at += kSize;
    } else if (at < text.size() && (text[at] == c || (text[at] == '+' && c == ' '))) {
      ++at;
    } else {
      return 0;
    }
  }
  return at;
}

std::string Masked(std::string_view text, std::string_view hidden) {
  const std::string folded = AsciiLower(text);
  const std::string needle = AsciiLower(hidden);
  std::string shown;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = SpelledSize(std::string_view(folded).substr(at), needle);
    if (size > 0) {
      shown += "***";
      at += size;
    } else {
      shown += text[at++];
    }
  }
  return shown;
}

// What base64 makes of `plain` whatever `before` bytes stand before it, and whatever comes after.
std::string Base64Middle(std::string_view plain, std::size_t before) {
  constexpr std::size_t kBitsOfByte = 8;
  constexpr std::size_t kBitsOfDigit = 6;
  const std::string padded = std::string(before, '\0') + std::string(plain);
  std::string encoded(sodium_base64_encoded_len(padded.size(), sodium_base64_VARIANT_ORIGINAL), 0);
  sodium_bin2base64(encoded.data(), encoded.size(),
                    reinterpret_cast<const unsigned char*>(padded.data()),  // NOLINT
                    padded.size(), sodium_base64_VARIANT_ORIGINAL);
  const std::size_t start = (before * kBitsOfByte + kBitsOfDigit - 1) / kBitsOfDigit;
  const std::size_t end = padded.size() * kBitsOfByte / kBitsOfDigit;
  return encoded.substr(start, end - start);
}

void AddDisguises(std::string_view plain, std::vector<std::string>* forms) {
  for (const std::size_t before : std::array<std::size_t, 3>{0, 1, 2}) {
    std::string part = Base64Middle(plain, before);
    if (part.size() < kShortestWord) continue;
    std::string for_urls = part;
    std::replace(for_urls.begin(), for_urls.end(), '+', '-');
    std::replace(for_urls.begin(), for_urls.end(), '/', '_');
    if (for_urls != part) forms->push_back(std::move(for_urls));
    forms->push_back(std::move(part));
  }
  std::string wide;
  for (const char c : plain) {
    if (!wide.empty()) wide.push_back('\0');
    wide.push_back(c);
  }
  forms->push_back(std::move(wide));  // of either byte order
}

Result<Secret> FromFile(const std::filesystem::path& file) {
  GF_TRY(std::string text, ReadFile(file, kMaxSecretBytes));
  return Take(std::move(text), file.string());
}

Result<Secret> FromCredential(std::string_view name) {
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr) {
    return Error::Make(Kind::kConfig, "the credential {} is not there: no service manager gave any",
                       name)
        .Hint("LoadCredential={}:/path/of/the/key in the unit, or run by hand with file: or env:",
              name);
  }
  // systemd gives these files their modes, and more than one bit where it uses access lists.
  return FromFile(std::filesystem::path(folder) / name);
}

Result<Secret> FromEnvironment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr)
    return Error::Make(Kind::kConfig, "the environment variable {} is not set", name);
  return Take(value, "the environment variable " + name);
}

}  // namespace

// Copied, so that there is something to wipe.
Secret::Secret(Secret&& other) noexcept : text_(other.text_) {  // NOLINT
  other.Wipe();
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    Wipe();
    text_ = other.text_;
    other.Wipe();
  }
  return *this;
}

Secret::~Secret() {
  Wipe();
}

void Secret::Wipe() {
  sodium_memzero(text_.data(), text_.size());
  text_.clear();
}

std::string_view Secret::token() const {
  const std::string_view all = text_;
  const std::size_t blank = all.find_last_of(' ');
  const bool has_scheme = blank != std::string_view::npos && all.size() - blank > kShortestWord;
  return has_scheme ? all.substr(blank + 1) : all;
}

std::vector<std::string> Secret::Words() const {
  std::vector<std::string> words;
  if (empty()) return words;
  words.emplace_back(token());
  if (!StartsLike(text_, "basic ")) return words;
  const auto decoded = Base64Decode(token());
  if (!decoded) return words;
  const std::string_view pair = AsText(*decoded);
  const std::size_t colon = pair.find(':');
  if (colon == std::string_view::npos) return words;
  const std::string_view password = pair.substr(colon + 1);
  if (password.size() >= kShortestWord) {
    words.emplace_back(password);
  } else if (pair.size() >= kShortestWord) {
    words.emplace_back(pair);
  }
  return words;
}

std::vector<std::string> Secret::Disguises() const {
  std::vector<std::string> forms;
  for (const std::string& word : Words())
    AddDisguises(word, &forms);
  return forms;
}

std::string Secret::Redact(std::string_view text) const {
  std::string shown(text);
  for (const std::string& word : Words())
    shown = Masked(shown, word);
  for (const std::string& form : Disguises())
    shown = Masked(shown, form);
  return shown;
}

std::string_view CheckSecretPlace(std::string_view place) {
  if (place.starts_with(kSecretsFile))
    return place.size() > kSecretsFile.size() ? "" : "names no file after file:";
  for (const std::string_view start : {kEnvironment, kCredential}) {
    if (place.starts_with(start))
      return IsName(place.substr(start.size())) ? "" : "has no plain name after the colon";
  }
  return "says where the key lies, not the key: file:PATH, env:NAME or credential:NAME";
}

Result<Secret> LoadSecret(std::string_view place, const std::filesystem::path& base) {
  const std::string_view wrong = CheckSecretPlace(place);
  if (!wrong.empty()) return Error::Make(Kind::kConfig, "the place of a key {}", wrong);
  if (place.starts_with(kEnvironment))
    return FromEnvironment(std::string(place.substr(kEnvironment.size())));
  if (place.starts_with(kCredential)) return FromCredential(place.substr(kCredential.size()));
  const std::filesystem::path file = base / place.substr(kSecretsFile.size());
  GF_CHECK(CheckMode(file));
  return FromFile(file);
}

}  // namespace gapferry::collect
