// importer/receive.h: a verified bundle into the store: chunks to the confined reader, records
// back, each judged by this site's policy, all in one transaction that commits only if the state is
// the signed one.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/console.h"
#include "bundle/reader.h"
#include "importer/config.h"
#include "importer/home.h"
#include "importer/trust_store.h"
#include "policy/reason.h"

namespace gapferry::importer {

struct Received {
  std::string sandbox;                          // the level reached
  std::map<std::string, std::uint64_t> before;  // rows by kind
  std::map<std::string, std::uint64_t> after;
  std::map<std::string, policy::ReasonCounts>
      refused;  // by kind: above this site's clearance although signed
};

// Replaces the store's state by the full bundle in `reader` and records `next` with it, and
// with `exception` why a rule was set aside, if one was.
// Errors: those of ReadPayload and IdentitiesFor; kSandbox; kMalformed for a payload that is signed
// but wrong; kDiverged.
[[nodiscard]] Result<Received> ReceiveFull(const Console& console, const Home& home,
                                           const Config& config, bundle::BundleReader* reader,
                                           const bundle::VerifiedManifest& verified,
                                           const SiteTrust& next, const std::string& exception,
                                           store::Store* store);

}  // namespace gapferry::importer
