// bundle/root.h: the root of trust: which keys may sign what. A site pins the first root by its
// fingerprint and then follows signed steps from N to N+1. Format: docs/bundle-format.md §4. Pure:
// bytes in, decisions out.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/uuid.h"
#include "bundle/minisign.h"

namespace gapferry::bundle {

constexpr std::size_t kMaxRootBytes = 64 << 10;
constexpr std::uint64_t kRootFormatVersion = 1;
constexpr std::uint64_t kMaxRootVersion = 9999;  // root-NNNN.json
constexpr std::size_t kMaxRootKeys = 128;
constexpr std::size_t kMaxRootStreams = 64;
constexpr std::size_t kMaxRevokedKeys = 512;
constexpr std::uint64_t kMaxLifeDays = 3650;
// Signatures of one document in one volume.
constexpr std::size_t kMaxSignatures = 16;

// A document and its signature files, all as stored.
struct SignedDocument {
  std::string bytes;
  std::vector<std::string> signatures;
};

// `threshold` distinct keys of `keys` must sign.
struct Role {
  std::set<KeyId> keys;
  std::uint64_t threshold = 1;

  friend bool operator==(const Role&, const Role&) = default;
};

struct StreamRole {
  std::string name;
  Role content;
  std::uint64_t epoch = 1;  // the one epoch that bundles may carry under this root
  std::uint64_t max_life_days = 30;

  friend bool operator==(const StreamRole&, const StreamRole&) = default;
};

struct Root {
  std::uint64_t version = 1;  // N, from 1
  Time created = 0;
  Time review_by = 0;  // a reminder, never a lock
  std::map<KeyId, PublicKey> keys;
  Role root;
  std::map<Uuid, StreamRole> streams;
  std::set<KeyId> revoked;

  friend bool operator==(const Root&, const Root&) = default;
};

// "root-0002.json"
[[nodiscard]] std::string RootFileName(std::uint64_t version);
// "root:2": what the trusted comment of every signature of a root says.
[[nodiscard]] std::string RootTrustedComment(std::uint64_t version);

[[nodiscard]] std::string SerializeRoot(const Root& root);
// Accepts only what SerializeRoot would write back byte for byte, and only a root that can work:
// every key named is given, no key is given under two ids, thresholds can be met, no revoked key is
// in use. Errors: kTooLarge, kMalformed, kUnsupported.
[[nodiscard]] Result<Root> ParseRoot(std::string_view bytes);

// The first 128 bits of the BLAKE2b-256 of the root's bytes, short enough to read over the
// telephone: `b2sum -l 256 root-0001.json | cut -c1-32` prints the same digits.
struct Fingerprint {
  std::array<std::uint8_t, 16> bytes{};

  Fingerprint() = default;
  explicit Fingerprint(std::string_view root_bytes);
  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
  // Eight groups of four digits.
  [[nodiscard]] std::string ToString() const;
};
// As a person types it: spaces, dashes and colons anywhere, either case.
[[nodiscard]] std::optional<Fingerprint> ParseFingerprint(std::string_view typed);

// The distinct keys of `role` that signed `bytes` with the trusted comment `comment` (nothing:
// any). Other signers do not count, nor does what is no signature or does not fit: what somebody
// laid beside good signatures takes nothing from them. Errors, if the good ones are too few:
// kBadSignature if a signature names a key of the role and does not fit; kMalformed, kUnsupported
// if all that is there is no signature; kUnknownSigner if nobody of the role signed; kThreshold if
// too few did. Both name who signed and who may. However many signatures there are, they hide no
// good one: what they cost is bounded where they are read.
[[nodiscard]] Result<std::set<KeyId>> CheckRole(const Role& role,
                                                const std::map<KeyId, PublicKey>& keys,
                                                std::string_view bytes,
                                                std::optional<std::string_view> comment,
                                                const std::vector<std::string>& signatures);

// What of the signatures of a document fits it.
struct SortedSignatures {
  std::vector<std::string> fitting;  // by `keys`, one for each, as stored
  std::vector<Error> others;         // why each of the rest does not count
};
// Unlike CheckRole this asks for no number of them: it tells what may be stored from what may not.
[[nodiscard]] SortedSignatures SortSignatures(const std::map<KeyId, PublicKey>& keys,
                                              std::string_view bytes,
                                              std::optional<std::string_view> comment,
                                              const std::vector<std::string>& signatures);
// The keys that may sign the step from `now` to `next`.
[[nodiscard]] std::map<KeyId, PublicKey> StepKeys(const Root& now, const Root& next);

// A root that its own root keys signed, by their threshold.
[[nodiscard]] Result<Root> OpenSignedRoot(std::string_view bytes,
                                          const std::vector<std::string>& signatures);
// The first root of a site. Errors: those of OpenSignedRoot; kUnknownSigner if the fingerprint is
// another.
[[nodiscard]] Result<Root> PinRoot(std::string_view bytes,
                                   const std::vector<std::string>& signatures,
                                   const Fingerprint& expected);
// The step from `now` to the next version: signed by the threshold of the old root, checked before
// anything is parsed, and by the threshold of the new one. What the old one revoked stays revoked.
// Errors: those of CheckRole and ParseRoot; kRevokedSigner, also for a revocation taken back;
// kRootStep if the version is not exactly one more. `revoked_here`: keys that the site itself
// revoked; their signatures count on neither side.
[[nodiscard]] Result<Root> NextRoot(const Root& now, std::string_view bytes,
                                    const std::vector<std::string>& signatures,
                                    const std::set<KeyId>& revoked_here = {});

// `error`, or kRevokedSigner if it is about missing signers of `role` and a signature names a key
// that `root` or the site (`revoked_here`) has revoked.
[[nodiscard]] Error NameRevoked(Error error, const Role& role, const Root& root,
                                const std::set<KeyId>& revoked_here,
                                const std::vector<std::string>& signatures);
// `role` without the keys that the site revoked.
[[nodiscard]] Role Without(Role role, const std::set<KeyId>& revoked_here);

// "1A2B…, 3C4D… and 5 more"
[[nodiscard]] std::string KeyList(const std::set<KeyId>& ids);

}  // namespace gapferry::bundle
