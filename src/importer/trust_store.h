// importer/trust_store.h: what a site believes, kept in its store, so that it commits together with
// the rows.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>

#include "bundle/trust.h"
#include "intel/tlp.h"
#include "store/store.h"

namespace gapferry::importer {

// The stream that this site takes, chosen at `init`.
struct SiteTrust {
  Uuid stream;
  bundle::TrustState state;
};

// The stream's name in the current root, or its UUID if a newer root has dropped it.
[[nodiscard]] std::string StreamName(const SiteTrust& trust);

// Error: kNotReady if `init` has not pinned a root, kDamaged if what is stored cannot be read.
[[nodiscard]] Result<SiteTrust> LoadTrust(store::Store* store);
// Within the caller's transaction.
[[nodiscard]] Status SaveTrust(store::Store* store, const SiteTrust& trust);

// What is said of one state and goes back with it; all else in the store's meta outlives states.
inline constexpr std::array<const char*, 8> kStateKeys = {
    "manifest", "imported", "exception", "digest_key", "clearance", "next_due", "rows", "missed"};

// The manifest of the state that the store holds, and how it came here.
struct Applied {
  bundle::Manifest manifest;
  Time imported = 0;
  std::string manifest_bytes;
  std::string exception;                        // why a rule was set aside for it, or empty
  intel::Tlp clearance = intel::Tlp::kRed;      // of this site when it was taken in
  Time next_due = 0;                            // the manifest's, or a later heartbeat's
  std::map<std::string, std::uint64_t> rows{};  // stored, by kind; empty: not counted
  std::string missed{};                         // a newer number that a heartbeat named, or empty
};
[[nodiscard]] bundle::StatePoint PointOf(const bundle::Manifest& manifest);
[[nodiscard]] Result<std::optional<Applied>> LoadApplied(store::Store* store);
[[nodiscard]] Status SaveApplied(store::Store* store, const Applied& applied);

}  // namespace gapferry::importer
