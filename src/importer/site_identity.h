// importer/site_identity.h: the secrets with which a site reads encrypted bundles: keys/*.age of
// its home, each a key file as `age-keygen` writes it, protected by nothing but its file mode.
// There may be several, so that one can be replaced while bundles to the old one are still under
// way.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bundle/age_key.h"
#include "importer/home.h"

namespace gapferry::importer {

// Of one identity: where it is kept and what the connected side needs of it.
struct SiteIdentity {
  std::filesystem::path file;
  bundle::AgeRecipient recipient;
};

// By file name. Errors: those of ParseAgeKeyFile with the file.
[[nodiscard]] Result<std::vector<SiteIdentity>> ListSiteIdentities(const Home& home);
// Of each file in keys/*.age that others than its owner may read: what to do.
[[nodiscard]] Result<std::vector<std::string>> LooseIdentities(const Home& home);
// Makes one more: keys/site.age, then keys/site-2.age and so on, mode 0600.
[[nodiscard]] Result<SiteIdentity> MakeSiteIdentity(const Home& home);
// The first one; makes it if there is none.
[[nodiscard]] Result<SiteIdentity> EnsureSiteIdentity(const Home& home);

// Those identities whose recipient a signed manifest lists; none if it lists nobody. Only these may
// be tried: so nobody can pass on what was encrypted to a site as if it were meant for another.
// Errors: kWrongRecipient if it lists others only; those of ListSiteIdentities.
[[nodiscard]] Result<bundle::AgeIdentities> IdentitiesFor(
    const Home& home, const std::vector<std::string>& recipients);

}  // namespace gapferry::importer
