#include "bundle/age_key.h"

#include <sodium.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/hash.h"
#include "bundle/bech32.h"

namespace gapferry::bundle {
namespace {

constexpr std::string_view kRecipientPrefix = "age";
constexpr std::string_view kIdentityPrefix = "AGE-SECRET-KEY-";
constexpr std::string_view kEncryptedStart = "age-encryption.org/";
constexpr std::string_view kArmorStart = "-----BEGIN AGE ENCRYPTED FILE-----";

// "age1name1…" names a plugin or a kind that came later: the digit 1 is in no Bech32 data.
bool IsOtherRecipient(std::string_view text) {
  constexpr std::string_view kStart = "age1";
  return text.starts_with("ssh-") ||
         (text.starts_with(kStart) && text.find('1', kStart.size()) != std::string_view::npos);
}

bool IsOtherIdentity(std::string_view text) {
  return text.starts_with("AGE-PLUGIN-") || text.starts_with("AGE-SECRET-KEY-PQ-") ||
         text.starts_with("-----BEGIN OPENSSH PRIVATE KEY");
}

bool IsLowOrder(const AgeRecipient& recipient) {
  // Any secret will do: X25519 clears the bits that tell multiples of the small subgroup apart.
  constexpr std::array<std::uint8_t, 32> kSecret{1};
  std::array<std::uint8_t, 32> shared;
  return crypto_scalarmult_curve25519(shared.data(), kSecret.data(), recipient.point.data()) != 0;
}

}  // namespace

std::string AgeRecipient::ToString() const {
  return Bech32Encode(kRecipientPrefix, point);
}

Result<AgeRecipient> ParseAgeRecipient(std::string_view text) {
  if (IsOtherRecipient(text)) {
    return Error::Make(Kind::kUnsupported,
                       "a recipient of a kind that gapferry does not encrypt to")
        .Hint("`age-keygen` makes the kind that is needed: age1 and 58 characters");
  }
  AgeRecipient recipient;
  Status decoded = Bech32Decode(kRecipientPrefix, text, recipient.point);
  if (!decoded.ok()) return std::move(decoded).error().In("no age recipient");
  if (IsLowOrder(recipient)) {
    return Error::Make(Kind::kMalformed,
                       "no age recipient: a point of low order, to which everyone could read");
  }
  return recipient;
}

AgeIdentity::AgeIdentity(const Wiped<32>& secret) : secret_(secret) {
  crypto_scalarmult_curve25519_base(recipient_.point.data(), secret_.data());
}

AgeIdentity AgeIdentity::Generate() {
  InitCrypto();
  Wiped<32> secret;
  randombytes_buf(secret.data(), 32);
  return AgeIdentity(secret);
}

Result<AgeIdentity> AgeIdentity::Parse(std::string_view text) {
  InitCrypto();
  if (IsOtherIdentity(text)) {
    return Error::Make(Kind::kUnsupported, "an identity of a kind that gapferry does not read")
        .Hint("`age-keygen` makes the kind that is needed: {}1 and 58 characters", kIdentityPrefix);
  }
  Wiped<32> secret;
  Status decoded = Bech32Decode(kIdentityPrefix, text, secret.span());
  if (!decoded.ok()) return std::move(decoded).error().In("no age identity");
  return AgeIdentity(secret);
}

SecretText AgeIdentity::ToFile(Time created) const {
  std::string secret = Bech32Encode(kIdentityPrefix, secret_.span());
  std::string text;
  // Not through fmt, whose buffer nobody wipes.
  text.reserve(256);
  text.append("# created: ").append(FormatTime(created));
  text.append("\n# public key: ").append(recipient_.ToString());
  text.append("\n").append(secret).append("\n");
  sodium_memzero(secret.data(), secret.size());
  return SecretText(std::move(text));
}

bool AgeIdentity::Agree(const std::array<std::uint8_t, 32>& share, Wiped<32>* shared) const {
  return crypto_scalarmult_curve25519(shared->data(), secret_.data(), share.data()) == 0;
}

Result<AgeIdentities> ParseAgeKeyFile(std::string_view text) {
  if (text.size() > kMaxKeyFileBytes) {
    return Error::Make(Kind::kTooLarge, "a key file of {} bytes; the limit is {}", text.size(),
                       kMaxKeyFileBytes);
  }
  if (text.starts_with(kEncryptedStart) || text.starts_with(kArmorStart)) {
    return Error::Make(Kind::kUnsupported, "the key file is encrypted itself")
        .Hint("`age -d` opens it; keep the result on an encrypted disk, readable by one user only");
  }
  AgeIdentities identities;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view content = AsciiTrim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (content.empty() || content.starts_with('#')) continue;
    auto identity = AgeIdentity::Parse(content);
    if (!identity.ok()) return std::move(identity).error().In(fmt::format("line {}", line));
    identities.push_back(std::move(identity).value());
  }
  if (identities.empty()) return Error::Make(Kind::kMalformed, "no identity in the key file");
  return identities;
}

}  // namespace gapferry::bundle
