// importer/opened.h: a bundle on a medium whose signatures were checked, and nothing more read yet.
#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "bundle/reader.h"
#include "importer/medium.h"
#include "importer/trust_store.h"

namespace gapferry::importer {

struct Opened {
  Medium medium;
  bundle::BundleReader reader;
  bundle::VerifiedManifest verified;
  bundle::Root root;  // after walking the bundle's chain
};

// Walks the roots from `root` and checks the signatures. `walked`, if given, receives the newest
// good root even when something after it fails, because a revocation must never be lost.
[[nodiscard]] Result<Opened> OpenVerified(const std::filesystem::path& path,
                                          const std::string& stream, const bundle::Root& root,
                                          const std::set<bundle::KeyId>& revoked_here,
                                          bundle::Root* walked);

// The lines that say what a verified bundle is, in the order in which an administrator asks.
struct Described {
  std::vector<std::string> lines;
  Json json;
};
[[nodiscard]] Described Describe(const Opened& opened);

}  // namespace gapferry::importer
