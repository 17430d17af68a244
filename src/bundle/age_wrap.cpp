#include "bundle/age_wrap.h"

#include <sodium.h>

#include <algorithm>

namespace gapferry::bundle {
namespace {

constexpr std::string_view kX25519 = "X25519";
constexpr std::string_view kScrypt = "scrypt";
constexpr std::string_view kHybrid = "mlkem768x25519";
constexpr std::string_view kWrapLabel = "age-encryption.org/v1/X25519";
constexpr std::string_view kMacLabel = "header";
constexpr std::string_view kPayloadLabel = "payload";
constexpr std::size_t kWrappedBytes = kAgeFileKeyBytes + crypto_aead_chacha20poly1305_ietf_ABYTES;
// Each wrapping key is used once.
constexpr std::array<std::uint8_t, crypto_aead_chacha20poly1305_ietf_NPUBBYTES> kZeroNonce{};

using Share = std::array<std::uint8_t, 32>;

Wiped<32> HmacSha256(ByteView key, ByteView message) {
  crypto_auth_hmacsha256_state state;
  Wiped<32> mac;
  crypto_auth_hmacsha256_init(&state, key.data(), key.size());
  crypto_auth_hmacsha256_update(&state, message.data(), message.size());
  crypto_auth_hmacsha256_final(&state, mac.data());
  sodium_memzero(&state, sizeof(state));
  return mac;
}

// HKDF-SHA-256 (RFC 5869) with an output of one block. libsodium has its own from 1.0.19 on only.
Wiped<32> Hkdf(ByteView secret, ByteView salt, std::string_view label) {
  constexpr Share kNoSalt{};
  const Wiped<32> pseudorandom = HmacSha256(salt.empty() ? ByteView(kNoSalt) : salt, secret);
  Bytes block(label.begin(), label.end());
  block.push_back(1);
  return HmacSha256(pseudorandom.view(), block);
}

Wiped<32> WrappingKey(const Wiped<32>& shared, const Share& share, const AgeRecipient& recipient) {
  std::array<std::uint8_t, 64> salt;
  std::copy(share.begin(), share.end(), salt.begin());
  std::copy(recipient.point.begin(), recipient.point.end(), salt.begin() + 32);
  return Hkdf(shared.view(), salt, kWrapLabel);
}

Share HeaderMac(const AgeFileKey& file_key, const std::vector<AgeStanza>& stanzas) {
  const Wiped<32> key = Hkdf(file_key.view(), {}, kMacLabel);
  const Wiped<32> mac = HmacSha256(key.view(), AsBytes(AgeMacInput(stanzas)));
  Share bytes;
  std::copy_n(mac.data(), bytes.size(), bytes.begin());
  return bytes;
}

Result<AgeStanza> WrapFor(const AgeRecipient& recipient, const AgeFileKey& file_key) {
  const AgeIdentity once = AgeIdentity::Generate();
  const Share& share = once.recipient().point;
  Wiped<32> shared;
  if (!once.Agree(recipient.point, &shared)) {
    return Error::Make(Kind::kMalformed, "the recipient {} is a point of low order",
                       recipient.ToString());
  }
  AgeStanza stanza{{std::string(kX25519), AgeBase64(share)}, Bytes(kWrappedBytes)};
  crypto_aead_chacha20poly1305_ietf_encrypt(
      stanza.body.data(), nullptr, file_key.data(), kAgeFileKeyBytes, nullptr, 0, nullptr,
      kZeroNonce.data(), WrappingKey(shared, share, recipient).data());
  return stanza;
}

// The share of an X25519 stanza, if it has the form that the specification asks for.
Result<Share> ShareOf(const AgeStanza& stanza) {
  const auto bytes =
      stanza.arguments.size() == 2 ? ParseAgeBase64(stanza.arguments[1]) : std::optional<Bytes>();
  Share share;
  if (!bytes || bytes->size() != share.size() || stanza.body.size() != kWrappedBytes) {
    return Error::Make(Kind::kMalformed,
                       "an X25519 stanza is not one share of 32 bytes and a body of {}",
                       kWrappedBytes);
  }
  std::copy(bytes->begin(), bytes->end(), share.begin());
  return share;
}

// Nothing, if the stanza is someone else's.
Result<std::optional<AgeFileKey>> Open(const AgeStanza& stanza, const AgeIdentity& identity) {
  GF_TRY(const Share share, ShareOf(stanza));
  Wiped<32> shared;
  if (!identity.Agree(share, &shared))
    return Error::Make(Kind::kMalformed, "an X25519 stanza has a share of low order");
  AgeFileKey file_key;
  const int failed = crypto_aead_chacha20poly1305_ietf_decrypt(
      file_key.data(), nullptr, nullptr, stanza.body.data(), stanza.body.size(), nullptr, 0,
      kZeroNonce.data(), WrappingKey(shared, share, identity.recipient()).data());
  if (failed != 0) return std::optional<AgeFileKey>();
  return std::optional<AgeFileKey>(file_key);
}

bool HasKind(const AgeHeader& header, std::string_view kind) {
  return std::any_of(header.stanzas.begin(), header.stanzas.end(),
                     [&](const AgeStanza& stanza) { return stanza.arguments[0] == kind; });
}

Result<AgeFileKey> FindFileKey(const AgeHeader& header, std::span<const AgeIdentity> identities) {
  for (const AgeStanza& stanza : header.stanzas) {
    if (stanza.arguments[0] != kX25519) continue;
    for (const AgeIdentity& identity : identities) {
      GF_TRY(const std::optional<AgeFileKey> found, Open(stanza, identity));
      if (found) return *found;
    }
  }
  if (HasKind(header, kHybrid)) {
    return Error::Make(Kind::kUnsupported,
                       "encrypted to post-quantum recipients; gapferry reads X25519 only");
  }
  return Error::Make(Kind::kWrongRecipient, "encrypted, but to none of the {} identities here",
                     identities.size());
}

}  // namespace

Result<AgeHeader> WrapFileKey(const AgeFileKey& file_key,
                              const std::vector<AgeRecipient>& recipients) {
  AgeHeader header;
  for (const AgeRecipient& recipient : recipients) {
    GF_TRY(AgeStanza stanza, WrapFor(recipient, file_key));
    header.stanzas.push_back(std::move(stanza));
  }
  header.mac = HeaderMac(file_key, header.stanzas);
  return header;
}

Result<AgeFileKey> UnwrapFileKey(const AgeHeader& header, std::span<const AgeIdentity> identities) {
  if (HasKind(header, kScrypt)) {
    return Error::Make(Kind::kUnsupported,
                       "encrypted with a passphrase; gapferry reads X25519 recipients only");
  }
  GF_TRY(AgeFileKey file_key, FindFileKey(header, identities));
  const Share mac = HeaderMac(file_key, header.stanzas);
  if (sodium_memcmp(mac.data(), header.mac.data(), mac.size()) != 0) {
    return Error::Make(Kind::kDamaged,
                       "the age header was altered: its authentication code does not fit");
  }
  return file_key;
}

Wiped<32> AgePayloadKey(const AgeFileKey& file_key, const AgeNonce& nonce) {
  return Hkdf(file_key.view(), nonce, kPayloadLabel);
}

}  // namespace gapferry::bundle
