// importer/revocation.h: keys that this site revoked by itself, in an emergency, and why. Which
// they are is part of its trust (TrustState::revoked_here); the reasons are kept beside it.
#pragma once

#include <map>
#include <string>

#include "importer/trust_store.h"

namespace gapferry::importer {

struct Revocation {
  Time at = 0;
  std::string reason;
};
// One entry for each key of `trust`'s revoked_here. Error: kDamaged.
[[nodiscard]] Result<std::map<bundle::KeyId, Revocation>> LoadRevocations(store::Store* store,
                                                                          const SiteTrust& trust);
// Records the revocation in one transaction with `trust`. It holds for later roots, too: `unknown`
// allows a key that the root in force does not have. Error: kNotFound for such a key without.
[[nodiscard]] Status Revoke(store::Store* store, SiteTrust* trust, const bundle::KeyId& key,
                            const Revocation& why, bool unknown);
// Takes it back. Error: kNotFound if this site has not revoked the key.
[[nodiscard]] Status UndoRevocation(store::Store* store, SiteTrust* trust,
                                    const bundle::KeyId& key);

// What this site can no longer do without the keys it revoked: lines, none if nothing is lost.
[[nodiscard]] std::vector<std::string> LostByRevocation(const SiteTrust& trust);

}  // namespace gapferry::importer
