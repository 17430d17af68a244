// bundle/minisign.h: keys and signatures in the formats of minisign 0.11, so that `minisign -V`
// checks what gapferry signs and the other way round. Source of the formats: minisign's own
// minisign.h and minisign.c, read at 0.11. Only prehashed signatures ("ED": plain Ed25519 over the
// BLAKE2b-512 of the message) are made or taken. Everything that parses here serialises to the same
// bytes.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/result.h"

namespace gapferry::bundle {

// What minisign 0.11 still reads: its line buffers hold 1024 and 8192 bytes with prefix and line
// end.
constexpr std::size_t kMaxUntrustedComment = 1003;
constexpr std::size_t kMaxTrustedComment = 8173;
constexpr std::size_t kMaxSignatureFileBytes = 10 << 10;
constexpr std::size_t kMaxKeyFileBytes = 4 << 10;

struct KeyId {
  std::array<std::uint8_t, 8> bytes{};

  friend auto operator<=>(const KeyId&, const KeyId&) = default;
  // 16 upper-case hex digits, the number read as little endian: what minisign prints.
  [[nodiscard]] std::string ToString() const;
};
[[nodiscard]] std::optional<KeyId> ParseKeyId(std::string_view text);

struct PublicKey {
  KeyId id;
  std::array<std::uint8_t, 32> point{};

  friend bool operator==(const PublicKey&, const PublicKey&) = default;
  // The 56 characters that `minisign -P` takes.
  [[nodiscard]] std::string ToBase64() const;
  // The two lines of a .pub file.
  [[nodiscard]] std::string ToFile() const;
};
// Takes a .pub file (its untrusted comment is dropped) or the bare base64 line, with or without a
// line end. Errors: kMalformed, also for a point that no honest key has (not on the curve, or of
// small order).
[[nodiscard]] Result<PublicKey> ParsePublicKey(std::string_view text);

// Text that holds a secret; wiped when it goes.
class SecretText {
 public:
  explicit SecretText(std::string text) : text_(std::move(text)) {}
  SecretText(SecretText&& other) noexcept;
  SecretText& operator=(SecretText&& other) = delete;
  ~SecretText();
  [[nodiscard]] std::string_view view() const { return text_; }

 private:
  std::string text_;
};

// The cost of unlocking a key file with its passphrase. minisign's own is kSensitive: 1 GiB of
// memory and a second or more. Key files that ask for more than that are refused.
struct ScryptCost {
  std::uint64_t operations = 0;
  std::uint64_t memory = 0;
};
constexpr ScryptCost kScryptSensitive{33554432, 1073741824};
constexpr ScryptCost kScryptInteractive{524288, 16777216};

// An unlocked secret key. Its bytes lie in guarded memory that is wiped on release.
class SecretKey {
 public:
  [[nodiscard]] static SecretKey Generate();
  // Reads minisign's secret key file. `passphrase` is used only if the file is encrypted.
  // Errors: kMalformed; kPassphrase for a wrong or missing passphrase; kTooLarge if scrypt asks for
  // too much.
  [[nodiscard]] static Result<SecretKey> Parse(std::string_view file,
                                               std::string_view passphrase = {});
  [[nodiscard]] static Result<bool> IsEncrypted(std::string_view file);

  SecretKey(SecretKey&&) noexcept = default;
  SecretKey& operator=(SecretKey&&) noexcept = default;

  [[nodiscard]] const PublicKey& public_key() const { return public_key_; }
  // The key file as `minisign -G -W` writes it: protected by nothing but its file mode.
  [[nodiscard]] SecretText ToFile() const;
  // The encrypted key file. Errors: kIo if scrypt cannot get its memory.
  [[nodiscard]] Result<SecretText> ToEncryptedFile(std::string_view passphrase,
                                                   ScryptCost cost = kScryptSensitive) const;

 private:
  friend class Signer;
  struct Free {
    void operator()(std::uint8_t* bytes) const;
  };
  explicit SecretKey(std::unique_ptr<std::uint8_t[], Free> bytes, PublicKey public_key);
  [[nodiscard]] ByteView secret() const { return {bytes_.get(), 64}; }

  std::unique_ptr<std::uint8_t[], Free> bytes_;
  PublicKey public_key_;
};

// One signature file of exactly four lines. The untrusted comment is kept only so that the file can
// be written back; nothing reads it.
class SignatureFile {
 public:
  [[nodiscard]] const KeyId& key_id() const { return key_id_; }
  [[nodiscard]] const std::string& trusted_comment() const { return trusted_comment_; }
  [[nodiscard]] std::string Serialize() const;

 private:
  friend Result<SignatureFile> ParseSignatureFile(std::string_view text);
  friend class Signer;
  friend Status Verify(const PublicKey& key, const Digest512& message_digest,
                       const SignatureFile& signature);

  KeyId key_id_;
  std::array<std::uint8_t, 64> signature_{};
  std::array<std::uint8_t, 64> global_signature_{};
  std::string trusted_comment_;
  std::string untrusted_comment_;
};

// Stricter than minisign 0.11: no CRLF, a final line end, nothing after the fourth line, no legacy
// algorithm. Errors: kTooLarge; kMalformed; kUnsupported for the legacy algorithm "Ed".
[[nodiscard]] Result<SignatureFile> ParseSignatureFile(std::string_view text);

// Signs a digest and the comment, and checks both signatures before it returns them.
// Errors: kMalformed if the comment is too long or not printable.
[[nodiscard]] Result<SignatureFile> Sign(const SecretKey& key, const Digest512& message_digest,
                                         std::string_view trusted_comment);

// Both the signature and the global signature, which covers the trusted comment.
// Errors: kUnknownSigner if the file names another key id than `key`; kBadSignature.
[[nodiscard]] Status Verify(const PublicKey& key, const Digest512& message_digest,
                            const SignatureFile& signature);

}  // namespace gapferry::bundle
