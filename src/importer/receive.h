// importer/receive.h: a verified bundle into a store that is made aside: chunks to the confined
// reader, records back, each judged by this site's policy; it is taken over only if the state is
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
  std::uint64_t rows = 0;        // that came
  std::uint64_t tombstones = 0;  // that came
  std::map<std::string, policy::ReasonCounts>
      refused;  // by kind: above this site's clearance although signed
};

struct Receiving {
  const bundle::VerifiedManifest& verified;
  const SiteTrust& next;         // recorded with the rows
  const std::string& exception;  // why a rule was set aside, or empty
  const std::optional<Applied>& before;
};

// Into `aside`, which is empty for a full and a copy of the present store for a delta: the rows of
// the bundle in `reader` and what is recorded with them, committed. `aside` is good only if this
// succeeds. Errors: those of ReadPayload and IdentitiesFor; kSandbox; kMalformed for a payload that
// is signed but wrong; kNotReady for a delta after the clearance was raised; kDiverged.
[[nodiscard]] Result<Received> Receive(const Console& console, const Home& home,
                                       const Config& config, bundle::BundleReader* reader,
                                       const Receiving& receiving, store::Store* aside);

}  // namespace gapferry::importer
