// bundle/age_key.h: who may read an encrypted payload: age's X25519 recipients and identities, and
// the key file that `age-keygen` writes. Source: age-encryption.org/v1 (C2SP age.md); judged by age
// 1.1. Plugin, SSH, post-quantum and passphrase keys are not ours and are refused by name.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "bundle/guarded.h"
#include "bundle/minisign.h"

namespace gapferry::bundle {

// The public half: "age1…", 62 characters.
struct AgeRecipient {
  std::array<std::uint8_t, 32> point{};

  friend auto operator<=>(const AgeRecipient&, const AgeRecipient&) = default;
  [[nodiscard]] std::string ToString() const;
};
// Errors: kMalformed, also for a point of low order, to which everyone could read; kUnsupported for
// a recipient of another kind.
[[nodiscard]] Result<AgeRecipient> ParseAgeRecipient(std::string_view text);

// The secret half, in guarded memory that is wiped on release.
class AgeIdentity {
 public:
  [[nodiscard]] static AgeIdentity Generate();
  // "AGE-SECRET-KEY-1…". Errors: kMalformed; kUnsupported for an identity of another kind. No
  // message repeats the text.
  [[nodiscard]] static Result<AgeIdentity> Parse(std::string_view text);

  [[nodiscard]] const AgeRecipient& recipient() const { return recipient_; }
  // The file that `age-keygen` writes: when, the recipient, the secret.
  [[nodiscard]] SecretText ToFile(Time created) const;
  // X25519 of the secret and a share. False if the result is zero: the share is of low order.
  [[nodiscard]] bool Agree(const std::array<std::uint8_t, 32>& share, Wiped<32>* shared) const;

 private:
  explicit AgeIdentity(const Wiped<32>& secret);
  Guarded<32> secret_;
  AgeRecipient recipient_;
};
using AgeIdentities = std::vector<AgeIdentity>;

// The identities of a key file: one a line, between comments (#) and empty lines. Errors: as
// AgeIdentity::Parse with the line; kTooLarge beyond kMaxKeyFileBytes; kMalformed if there is none.
[[nodiscard]] Result<AgeIdentities> ParseAgeKeyFile(std::string_view text);

}  // namespace gapferry::bundle
