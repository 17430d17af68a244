// bundle/trust.h: what a site believes, and what one verified bundle may change. Pure: no clock, no
// file, no network; the caller brings bytes and time and stores what comes back.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "bundle/manifest.h"
#include "bundle/root.h"

namespace gapferry::bundle {

// A manifest whose signatures were checked. Only VerifySignatures makes one.
class VerifiedManifest {
 public:
  [[nodiscard]] const Manifest& manifest() const { return manifest_; }
  [[nodiscard]] const std::set<KeyId>& signers() const { return signers_; }
  [[nodiscard]] std::uint64_t root_version() const { return root_version_; }

 private:
  friend Result<VerifiedManifest> VerifySignatures(const Root& root,
                                                   std::string_view manifest_bytes,
                                                   const std::vector<std::string>& signatures,
                                                   const std::set<KeyId>& revoked_here);
  VerifiedManifest() = default;
  Manifest manifest_;
  std::set<KeyId> signers_;
  std::uint64_t root_version_ = 0;  // the root it was checked against
};

// Distinct content keys of the manifest's stream, by its threshold; their trusted comments agree
// with the manifest. The bytes are parsed only after a key that the root holds has signed them.
// `revoked_here`: keys that the site itself revoked in an emergency. Errors: kUnknownSigner,
// kRevokedSigner, kBadSignature, kThreshold, kWrongStream (the root knows no such stream); those of
// ParseManifest and ParseSignatureFile.
[[nodiscard]] Result<VerifiedManifest> VerifySignatures(const Root& root,
                                                        std::string_view manifest_bytes,
                                                        const std::vector<std::string>& signatures,
                                                        const std::set<KeyId>& revoked_here = {});

// One state of a stream.
struct StatePoint {
  std::uint64_t epoch = 0;
  std::uint64_t seq = 0;
  Digest256 state_digest{};

  friend bool operator==(const StatePoint&, const StatePoint&) = default;
};
// Older or newer by number alone.
[[nodiscard]] bool IsBefore(const StatePoint& left, const StatePoint& right);

constexpr std::size_t kMaxRecordedStates = 64;

struct StreamTrust {
  std::optional<StatePoint> highest;  // ever accepted; never goes back
  std::optional<StatePoint> applied;  // what the store holds
  // The newest states once accepted, oldest first, so that after a rollback they may be applied
  // again, and so that another content under one of their numbers is noticed.
  std::vector<StatePoint> recorded;
  // States up to this one must not come back; never goes back.
  std::optional<StateNumber> recalled;

  friend bool operator==(const StreamTrust&, const StreamTrust&) = default;
};

struct TrustState {
  Root root;
  std::map<Uuid, StreamTrust> streams;
  std::set<KeyId> revoked_here;
  // No time before this one can be now: max(build date, created of the last accepted bundle, last
  // plausible clock).
  Time floor = 0;
};

enum class ClockVerdict {
  kTrusted,    // the caller vouches for it (authenticated time source)
  kPlausible,  // between the floor and the floor plus kMaxClockAhead
  kBehind,     // before the floor, so wrong; the floor is used instead
  kAhead,      // so far after the floor that it is more likely wrong; the floor is used instead
  kAbsent,     // no reading; the floor is used instead
};
[[nodiscard]] std::string_view ClockVerdictName(ClockVerdict verdict);
// Whether the reading itself is the time to reckon with.
[[nodiscard]] bool IsBelieved(ClockVerdict verdict);

// How far after the floor a reading can be believed. Where no clock is, `created` may lie as far
// after the latest time known, which is the floor or the `created` of the root.
constexpr Time kMaxClockAhead = Time{5} * 366 * kSecondsPerDay;
// How far `created` may lie after a plausible clock: time zones entered as UTC, and slow clocks.
constexpr Time kCreatedTolerance = kSecondsPerDay;

struct Clock {
  std::optional<Time> reading;
  bool trusted = false;
};
struct JudgedClock {
  ClockVerdict verdict = ClockVerdict::kAbsent;
  Time now = 0;  // the time to reckon with: the reading if it can be believed, else the floor
};
[[nodiscard]] JudgedClock JudgeClock(const Clock& clock, Time floor);

struct AcceptOptions {
  std::optional<Uuid> stream{};    // the one stream that this site takes
  std::string importer_version{};  // compared with the manifest's min_importer; empty: not compared
  bool allow_rollback = false;     // the caller demands and records a reason for each
  bool allow_expired = false;
};

enum class Verdict {
  kNew,              // a state after the highest one: apply it
  kAlreadyImported,  // this very state is applied: nothing to do
  kReapply,          // a state accepted before, after a rollback: apply it
  kRollback,         // an older state, allowed by option: apply it
  kStillCurrent,     // a heartbeat for the state that is applied
  kMissed,           // a heartbeat for a newer state than the one applied: fetch that bundle
};

struct Acceptance {
  Verdict verdict = Verdict::kNew;
  ClockVerdict clock = ClockVerdict::kAbsent;
  bool expired = false;  // past its expiry, and allowed by option or of no consequence
  TrustState next;       // to be stored in one transaction with what the bundle changes
};

// Errors: kWrongStream; kEquivocation (also of a delta that starts from another state than the one
// accepted under its base's number); kRollback (of a state that was recalled with every option);
// kRootStep (a newer root or epoch comes first); kNotReady (a full comes first); kUnsupported
// (importer too old); kPolicy (lives longer than the root allows); kClock (created in the future,
// or years after all that is known); kExpired.
[[nodiscard]] Result<Acceptance> Accept(const TrustState& state, const VerifiedManifest& verified,
                                        const Clock& clock, const AcceptOptions& options);

// For people: which numbers those are.
[[nodiscard]] std::string RecalledText(const StateNumber& recalled);
// Whether a state of this number was recalled.
[[nodiscard]] bool IsRecalled(const StreamTrust& trust, const StatePoint& point);

// Bundles that lie on one medium, all signed: two that name different states under one number of a
// stream, themselves or as what they start from, are proof that the stream was forked, whoever
// looks. Error: kEquivocation.
[[nodiscard]] Status CheckAgreement(const std::vector<const Manifest*>& bundles);

// Raises the floor to a clock that can be believed.
[[nodiscard]] TrustState ObserveClock(TrustState state, const Clock& clock);

}  // namespace gapferry::bundle
