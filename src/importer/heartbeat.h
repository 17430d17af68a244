// importer/heartbeat.h: a bundle that has no content: only what it says about the state that is
// here.
#pragma once

#include <optional>

#include "base/app.h"
#include "bundle/trust.h"
#include "importer/home.h"
#include "importer/trust_store.h"

namespace gapferry::importer {

// Keeps what it says: until when the state is current, what was recalled. `held`: the state that is
// here. Error: kNotReady if a newer one is current, after that was noted.
[[nodiscard]] Status TakeHeartbeat(Session& session, const Home& home,
                                   const bundle::Manifest& manifest,
                                   const bundle::Acceptance& acceptance, SiteTrust trust,
                                   const std::optional<Applied>& held, store::Store* store);

}  // namespace gapferry::importer
