#include "bundle/minisign.h"

#include <sodium.h>

#include <algorithm>
#include <cstring>

#include "bundle/lines.h"
#include "bundle/text.h"

namespace gapferry::bundle {
namespace {

constexpr std::string_view kUntrustedPrefix = "untrusted comment: ";
constexpr std::string_view kTrustedPrefix = "trusted comment: ";
constexpr std::size_t kPublicKeyBytes = 2 + 8 + 32;
constexpr std::size_t kSignatureBytes = 2 + 8 + 64;

// minisign's trusted comments hold tabs between their fields.
bool IsComment(std::string_view comment, std::size_t max_bytes) {
  std::string spaced(comment);
  std::replace(spaced.begin(), spaced.end(), '\t', ' ');
  return comment.empty() || IsPrintableText(spaced, max_bytes);
}

template <std::size_t Size>
void Take(ByteView& from, std::array<std::uint8_t, Size>& to) {
  std::copy_n(from.begin(), Size, to.begin());
  from = from.subspan(Size);
}

void Append(Bytes& to, ByteView bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

// What the global signature covers.
Bytes GlobalMessage(const std::array<std::uint8_t, 64>& signature,
                    std::string_view trusted_comment) {
  Bytes message(signature.begin(), signature.end());
  Append(message, AsBytes(trusted_comment));
  return message;
}

Error BadLine(int number, std::string_view reason) {
  return Error::Make(Kind::kMalformed, "signature file, line {}: {}", number, reason);
}

}  // namespace

std::string KeyId::ToString() const {
  std::string text;
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
    text += fmt::format("{:02X}", *byte);
  }
  return text;
}

std::optional<KeyId> ParseKeyId(std::string_view text) {
  if (std::any_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'f'; }))
    return std::nullopt;
  const auto bytes = HexDecode(AsciiLower(text));
  KeyId id;
  if (!bytes || bytes->size() != id.bytes.size()) return std::nullopt;
  std::copy(bytes->rbegin(), bytes->rend(), id.bytes.begin());
  return id;
}

std::string PublicKey::ToBase64() const {
  Bytes bytes{'E', 'd'};
  Append(bytes, id.bytes);
  Append(bytes, point);
  return Base64Encode(bytes);
}

std::string PublicKey::ToFile() const {
  return fmt::format("{}minisign public key {}\n{}\n", kUntrustedPrefix, id.ToString(), ToBase64());
}

Result<PublicKey> ParsePublicKey(std::string_view text) {
  if (text.size() > kMaxKeyFileBytes) {
    return Error::Make(Kind::kTooLarge, "public key of {} bytes; the limit is {}", text.size(),
                       kMaxKeyFileBytes);
  }
  if (text.starts_with(kUntrustedPrefix))
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  if (text.ends_with('\n')) text.remove_suffix(1);
  const auto decoded = Base64Decode(text);
  if (!decoded || decoded->size() != kPublicKeyBytes) {
    return Error::Make(Kind::kMalformed,
                       "not a minisign public key: 56 base64 characters are wanted, \"RW…\"");
  }
  ByteView rest = *decoded;
  std::array<std::uint8_t, 2> algorithm;
  PublicKey key;
  Take(rest, algorithm);
  Take(rest, key.id.bytes);
  Take(rest, key.point);
  if (AsText(algorithm) != "Ed") {
    return Error::Make(Kind::kMalformed, "not a minisign public key: its algorithm is not Ed25519");
  }
  InitCrypto();
  if (crypto_core_ed25519_is_valid_point(key.point.data()) != 1) {
    return Error::Make(Kind::kMalformed, "public key {} is no point that a signing key can have",
                       key.id.ToString());
  }
  return key;
}

std::string SignatureFile::Serialize() const {
  Bytes bytes{'E', 'D'};
  Append(bytes, key_id_.bytes);
  Append(bytes, signature_);
  return fmt::format("{}{}\n{}\n{}{}\n{}\n", kUntrustedPrefix, untrusted_comment_,
                     Base64Encode(bytes), kTrustedPrefix, trusted_comment_,
                     Base64Encode(global_signature_));
}

Result<SignatureFile> ParseSignatureFile(std::string_view text) {
  if (text.size() > kMaxSignatureFileBytes) {
    return Error::Make(Kind::kTooLarge, "signature file of {} bytes; the limit is {}", text.size(),
                       kMaxSignatureFileBytes);
  }
  const auto lines = SplitLines<4>(text);
  if (!lines)
    return Error::Make(Kind::kMalformed,
                       "a signature file has exactly four lines, each ended by a newline");
  const auto& [untrusted, signature_line, trusted, global_line] = *lines;

  SignatureFile file;
  if (!untrusted.starts_with(kUntrustedPrefix))
    return BadLine(1, "\"untrusted comment: \" is missing");
  file.untrusted_comment_ = untrusted.substr(kUntrustedPrefix.size());
  if (!IsComment(file.untrusted_comment_, kMaxUntrustedComment))
    return BadLine(1, "not printable, or too long");

  const auto decoded = Base64Decode(signature_line);
  if (!decoded || decoded->size() != kSignatureBytes)
    return BadLine(2, "not the base64 of a signature");
  ByteView rest = *decoded;
  std::array<std::uint8_t, 2> algorithm;
  Take(rest, algorithm);
  Take(rest, file.key_id_.bytes);
  Take(rest, file.signature_);
  if (AsText(algorithm) == "Ed") {
    return Error::Make(Kind::kUnsupported,
                       "a legacy signature (\"Ed\", over the whole file); only \"ED\" is taken")
        .Hint("sign again with minisign 0.10 or newer, without -l");
  }
  if (AsText(algorithm) != "ED") return BadLine(2, "unknown signature algorithm");

  if (!trusted.starts_with(kTrustedPrefix)) return BadLine(3, "\"trusted comment: \" is missing");
  file.trusted_comment_ = trusted.substr(kTrustedPrefix.size());
  if (!IsComment(file.trusted_comment_, kMaxTrustedComment))
    return BadLine(3, "not printable, or too long");

  const auto global = Base64Decode(global_line);
  if (!global || global->size() != file.global_signature_.size()) {
    return BadLine(4, "not the base64 of a global signature");
  }
  std::copy(global->begin(), global->end(), file.global_signature_.begin());
  return file;
}

// Has the one door to the secret bytes.
class Signer {
 public:
  static SignatureFile Make(const SecretKey& key, const Digest512& digest,
                            std::string_view comment) {
    SignatureFile file;
    file.key_id_ = key.public_key().id;
    file.trusted_comment_ = comment;
    file.untrusted_comment_ = fmt::format("signature by gapferry, key {}", file.key_id_.ToString());
    file.signature_ = Detached(key, digest);
    file.global_signature_ = Detached(key, GlobalMessage(file.signature_, comment));
    return file;
  }

 private:
  static std::array<std::uint8_t, 64> Detached(const SecretKey& key, ByteView message) {
    std::array<std::uint8_t, 64> signature;
    crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(),
                         key.secret().data());
    return signature;
  }
};

Result<SignatureFile> Sign(const SecretKey& key, const Digest512& message_digest,
                           std::string_view trusted_comment) {
  if (!IsComment(trusted_comment, kMaxTrustedComment)) {
    return Error::Make(Kind::kMalformed,
                       "a trusted comment is one printable line of at most {} bytes",
                       kMaxTrustedComment);
  }
  SignatureFile file = Signer::Make(key, message_digest, trusted_comment);
  // A fault while signing can give away an Ed25519 key; a signature that does not verify must not
  // leave.
  if (!Verify(key.public_key(), message_digest, file).ok()) {
    return Error::Make(Kind::kInternal, "a signature just made by key {} does not verify",
                       key.public_key().id.ToString());
  }
  return file;
}

Status Verify(const PublicKey& key, const Digest512& message_digest,
              const SignatureFile& signature) {
  InitCrypto();
  if (signature.key_id_ != key.id) {
    return Error::Make(Kind::kUnknownSigner, "signed by key {}, not by key {}",
                       signature.key_id_.ToString(), key.id.ToString());
  }
  if (crypto_sign_verify_detached(signature.signature_.data(), message_digest.data(),
                                  message_digest.size(), key.point.data()) != 0) {
    return Error::Make(Kind::kBadSignature, "the signature by key {} does not fit the content",
                       key.id.ToString());
  }
  const Bytes global = GlobalMessage(signature.signature_, signature.trusted_comment_);
  if (crypto_sign_verify_detached(signature.global_signature_.data(), global.data(), global.size(),
                                  key.point.data()) != 0) {
    return Error::Make(Kind::kBadSignature,
                       "the signature by key {} does not fit its trusted comment",
                       key.id.ToString());
  }
  return Ok();
}

}  // namespace gapferry::bundle
