// The secret key file of minisign:
// "Ed" ‖ "Sc" or 0 0 ‖ "B2" ‖ salt(32) ‖ operations(8 LE) ‖ memory(8 LE) ‖ keynum(8) ‖ secret(64) ‖
// checksum(32), the last three (104 bytes) XORed with the scrypt stream of the passphrase when
// encrypted.
#include <sodium.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "bundle/lines.h"
#include "bundle/minisign.h"

namespace gapferry::bundle {
namespace {

constexpr std::string_view kPrefix = "untrusted comment: ";
constexpr std::string_view kHeadPlain{"Ed\0\0B2", 6};
constexpr std::string_view kHeadScrypt{"EdScB2", 6};
constexpr std::size_t kSaltAt = 6;
constexpr std::size_t kOperationsAt = 38;
constexpr std::size_t kMemoryAt = 46;
constexpr std::size_t kSealedAt = 54;
constexpr std::size_t kSealedBytes = 8 + 64 + 32;
constexpr std::size_t kFileBytes = kSealedAt + kSealedBytes;

static_assert(kScryptSensitive.operations == crypto_pwhash_scryptsalsa208sha256_OPSLIMIT_SENSITIVE);
static_assert(kScryptSensitive.memory == crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_SENSITIVE);
static_assert(kScryptInteractive.operations ==
              crypto_pwhash_scryptsalsa208sha256_OPSLIMIT_INTERACTIVE);
static_assert(kScryptInteractive.memory == crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_INTERACTIVE);

// Bytes of a secret key file, wiped on every way out.
struct Sealed {
  std::array<std::uint8_t, kFileBytes> bytes{};
  Sealed() = default;
  Sealed(const Sealed&) = default;
  Sealed& operator=(const Sealed&) = default;
  ~Sealed() { sodium_memzero(bytes.data(), bytes.size()); }

  [[nodiscard]] std::string_view head() const { return AsText(bytes).substr(0, kSaltAt); }
  [[nodiscard]] std::span<std::uint8_t> sealed() { return std::span(bytes).subspan(kSealedAt); }
  [[nodiscard]] std::uint64_t Number(std::size_t at) const {
    std::uint64_t number = 0;
    for (std::size_t i = 8; i-- > 0;) {
      number = number << 8 | bytes[at + i];
    }
    return number;
  }
  void SetNumber(std::size_t at, std::uint64_t number) {
    for (std::size_t i = 0; i < 8; ++i) {
      bytes[at + i] = static_cast<std::uint8_t>(number >> (8 * i));
    }
  }
};

Digest256 Checksum(ByteView keynum_and_secret) {
  return Blake2b(32).Update("Ed").Update(keynum_and_secret).Finish256();
}

// XORs the sealed part with the passphrase's stream: the same step locks and unlocks.
Status ApplyScrypt(Sealed& file, std::string_view passphrase) {
  std::array<std::uint8_t, kSealedBytes> stream;
  const int failed = crypto_pwhash_scryptsalsa208sha256(
      stream.data(), stream.size(), passphrase.data(), passphrase.size(),
      file.bytes.data() + kSaltAt, file.Number(kOperationsAt),
      static_cast<std::size_t>(file.Number(kMemoryAt)));
  if (failed != 0) {
    return Error::Make(Kind::kIo,
                       "unlocking a key needs {} MiB of memory, which this machine does not give",
                       file.Number(kMemoryAt) >> 20)
        .Hint(
            "free memory, or use a key file without passphrase that a systemd credential protects");
  }
  for (std::size_t i = 0; i < stream.size(); ++i) {
    file.sealed()[i] ^= stream[i];
  }
  sodium_memzero(stream.data(), stream.size());
  return Ok();
}

Result<Sealed> Decode(std::string_view text) {
  const auto lines = text.size() <= kMaxKeyFileBytes ? SplitLines<2>(text) : std::nullopt;
  const Error not_a_key = Error::Make(Kind::kMalformed, "not a minisign secret key file");
  if (!lines || !(*lines)[0].starts_with(kPrefix)) return not_a_key;
  auto decoded = Base64Decode((*lines)[1]);
  if (!decoded || decoded->size() != kFileBytes) return not_a_key;
  Sealed file;
  std::copy(decoded->begin(), decoded->end(), file.bytes.begin());
  sodium_memzero(decoded->data(), decoded->size());
  if (file.head() != kHeadPlain && file.head() != kHeadScrypt) return not_a_key;
  return file;
}

SecretText Encode(const Sealed& file) {
  // Not through fmt, whose buffer nobody wipes.
  std::string text;
  std::string encoded = Base64Encode(file.bytes);
  text.reserve(128 + encoded.size());
  text.append(kPrefix).append("minisign encrypted secret key\n").append(encoded).append("\n");
  sodium_memzero(encoded.data(), encoded.size());
  return SecretText(std::move(text));
}

Status Unlock(Sealed& file, std::string_view passphrase) {
  if (file.head() == kHeadPlain) {
    // minisign -W leaves the checksum empty.
    const auto checksum = file.sealed().subspan(72);
    if (sodium_is_zero(checksum.data(), checksum.size()) == 1) return Ok();
  } else {
    if (passphrase.empty())
      return Error::Make(Kind::kPassphrase,
                         "this secret key is encrypted; its passphrase is needed");
    if (file.Number(kOperationsAt) > kScryptSensitive.operations ||
        file.Number(kMemoryAt) > kScryptSensitive.memory) {
      return Error::Make(
          Kind::kTooLarge,
          "the key file asks scrypt for {} operations and {} bytes; the limits are {} and {}",
          file.Number(kOperationsAt), file.Number(kMemoryAt), kScryptSensitive.operations,
          kScryptSensitive.memory);
    }
    GF_CHECK(ApplyScrypt(file, passphrase));
  }
  const Digest256 expected = Checksum(file.sealed().first(72));
  if (sodium_memcmp(expected.data(), file.sealed().data() + 72, expected.size()) != 0) {
    if (file.head() == kHeadPlain)
      return Error::Make(Kind::kMalformed, "the secret key file is damaged");
    return Error::Make(Kind::kPassphrase, "the passphrase does not open this secret key");
  }
  return Ok();
}

}  // namespace

// A copy, since a moved-from short string may keep its bytes; the original is wiped.
// NOLINTNEXTLINE(performance-move-constructor-init)
SecretText::SecretText(SecretText&& other) noexcept : text_(other.text_) {
  sodium_memzero(other.text_.data(), other.text_.size());
  other.text_.clear();
}
SecretText::~SecretText() {
  sodium_memzero(text_.data(), text_.size());
}

void SecretKey::Free::operator()(std::uint8_t* bytes) const {
  sodium_free(bytes);
}

SecretKey::SecretKey(std::unique_ptr<std::uint8_t[], Free> bytes, PublicKey public_key)
    : bytes_(std::move(bytes)), public_key_(public_key) {
  sodium_mprotect_readonly(bytes_.get());
}

SecretKey SecretKey::Generate() {
  InitCrypto();
  std::unique_ptr<std::uint8_t[], Free> bytes(static_cast<std::uint8_t*>(sodium_malloc(64)));
  if (!bytes) throw std::bad_alloc();
  PublicKey key;
  crypto_sign_keypair(key.point.data(), bytes.get());
  randombytes_buf(key.id.bytes.data(), key.id.bytes.size());
  return SecretKey(std::move(bytes), key);
}

Result<SecretKey> SecretKey::Parse(std::string_view text, std::string_view passphrase) {
  InitCrypto();
  GF_TRY(Sealed file, Decode(text));
  GF_CHECK(Unlock(file, passphrase));
  std::unique_ptr<std::uint8_t[], Free> bytes(static_cast<std::uint8_t*>(sodium_malloc(64)));
  if (!bytes) return Error::Make(Kind::kIo, "no memory for a secret key");
  const auto opened = file.sealed();
  PublicKey key;
  std::copy_n(opened.begin(), 8, key.id.bytes.begin());
  // The second half of an Ed25519 secret key is its public key; a file whose halves disagree would
  // leak the first.
  crypto_sign_seed_keypair(key.point.data(), bytes.get(), opened.data() + 8);
  if (sodium_memcmp(bytes.get(), opened.data() + 8, 64) != 0) {
    return Error::Make(Kind::kMalformed,
                       "the secret key file is damaged: its two halves do not belong together");
  }
  return SecretKey(std::move(bytes), key);
}

Result<bool> SecretKey::IsEncrypted(std::string_view text) {
  GF_TRY(const Sealed file, Decode(text));
  return file.head() == kHeadScrypt;
}

SecretText SecretKey::ToFile() const {
  Sealed file;
  std::copy(kHeadPlain.begin(), kHeadPlain.end(), file.bytes.begin());
  std::copy(public_key_.id.bytes.begin(), public_key_.id.bytes.end(), file.sealed().begin());
  std::copy(secret().begin(), secret().end(), file.sealed().begin() + 8);
  return Encode(file);
}

Result<SecretText> SecretKey::ToEncryptedFile(std::string_view passphrase, ScryptCost cost) const {
  Sealed file;
  std::copy(kHeadScrypt.begin(), kHeadScrypt.end(), file.bytes.begin());
  randombytes_buf(file.bytes.data() + kSaltAt, 32);
  file.SetNumber(kOperationsAt, cost.operations);
  file.SetNumber(kMemoryAt, cost.memory);
  std::copy(public_key_.id.bytes.begin(), public_key_.id.bytes.end(), file.sealed().begin());
  std::copy(secret().begin(), secret().end(), file.sealed().begin() + 8);
  const Digest256 checksum = Checksum(file.sealed().first(72));
  std::copy(checksum.begin(), checksum.end(), file.sealed().begin() + 72);
  GF_CHECK(ApplyScrypt(file, passphrase));
  return Encode(file);
}

}  // namespace gapferry::bundle
