// importer/trust_store.h: what a site believes, kept in its store, so that it commits together with
// the rows.
#pragma once

#include <optional>
#include <string>

#include "bundle/trust.h"
#include "store/store.h"

namespace gapferry::importer {

// The stream that this site takes, chosen at `init`.
struct SiteTrust {
  Uuid stream;
  bundle::TrustState state;
};

// Error: kNotReady if `init` has not pinned a root, kDamaged if what is stored cannot be read.
[[nodiscard]] Result<SiteTrust> LoadTrust(store::Store* store);
// Within the caller's transaction.
[[nodiscard]] Status SaveTrust(store::Store* store, const SiteTrust& trust);

// The manifest of the state that the store holds, with what was refused of it.
struct Applied {
  bundle::Manifest manifest;
  Time imported = 0;
  std::string manifest_bytes;
};
[[nodiscard]] Result<std::optional<Applied>> LoadApplied(store::Store* store);
[[nodiscard]] Status SaveApplied(store::Store* store, const std::string& manifest_bytes,
                                 Time imported);

}  // namespace gapferry::importer
