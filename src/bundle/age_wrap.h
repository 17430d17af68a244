// bundle/age_wrap.h: the keys of an age file: a random file key, wrapped for each recipient, from
// which the header's MAC and the payload's key are derived. Source: C2SP age.md, "The X25519
// recipient type", "Header MAC" and "Payload".
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "bundle/age_header.h"
#include "bundle/age_key.h"
#include "bundle/guarded.h"

namespace gapferry::bundle {

constexpr std::size_t kAgeFileKeyBytes = 16;
constexpr std::size_t kAgeNonceBytes = 16;
using AgeFileKey = Wiped<kAgeFileKeyBytes>;
using AgeNonce = std::array<std::uint8_t, kAgeNonceBytes>;

// The header that opens `file_key` to these recipients, in this order. Error: kMalformed for a
// recipient of low order.
[[nodiscard]] Result<AgeHeader> WrapFileKey(const AgeFileKey& file_key,
                                            const std::vector<AgeRecipient>& recipients);

// The file key, from the first stanza that one of the identities opens, with the header's MAC
// checked.
// Errors: kWrongRecipient; kUnsupported if only a passphrase or a post-quantum identity opens it;
// kMalformed for an X25519 stanza of another form or with a share of low order; kDamaged if the MAC
// does not fit.
[[nodiscard]] Result<AgeFileKey> UnwrapFileKey(const AgeHeader& header,
                                               std::span<const AgeIdentity> identities);

[[nodiscard]] Wiped<32> AgePayloadKey(const AgeFileKey& file_key, const AgeNonce& nonce);

}  // namespace gapferry::bundle
