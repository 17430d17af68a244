// tests/bundle/trust_world.h: an exporter that makes roots and bundles, and a site that takes them
// as the importer does: roots first and kept at once, then signatures, then the judgement, and
// state only if the content was whole.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bundle/root_walk.h"
#include "tests/bundle/sample.h"

namespace gapferry::bundle {

using Chain = std::map<std::uint64_t, SignedDocument>;

struct Medium {
  SignedDocument manifest;
  Chain roots;
  bool payload_is_whole = true;
};

class Exporter {
 public:
  Exporter() { chain_[1] = SignRoot(root, {&TestKeys().root}); }

  // The next root, signed by `signers` (default: the root key).
  void Step(const std::function<void(Root&)>& change,
            const std::vector<const SecretKey*>& signers = {&TestKeys().root}) {
    change(root);
    ++root.version;
    chain_[root.version] = SignRoot(root, signers);
  }
  [[nodiscard]] Manifest Describe(std::uint64_t seq, std::string_view state = "") const {
    Manifest manifest = SampleManifest();
    manifest.epoch = root.streams.at(kStreamUuid).epoch;
    manifest.seq = seq;
    manifest.root_version = root.version;
    manifest.state_digest =
        Hash256(AsBytes(fmt::format("epoch {} seq {} {}", manifest.epoch, seq, state)));
    return manifest;
  }
  [[nodiscard]] Medium Write(const Manifest& manifest,
                             const std::vector<const SecretKey*>& signers = {
                                 &TestKeys().content}) const {
    return {SignManifest(manifest, signers), Roots(), true};
  }
  [[nodiscard]] Medium Write(std::uint64_t seq) const { return Write(Describe(seq)); }
  // From root 2 on, as a bundle carries them.
  [[nodiscard]] Chain Roots() const {
    Chain later = chain_;
    later.erase(1);
    return later;
  }

  Root root = SampleRoot();

 private:
  Chain chain_;
};

struct Outcome {
  int code = 0;  // the exit code
  std::string message;
  std::optional<Verdict> verdict;
  ClockVerdict clock = ClockVerdict::kAbsent;
};

class Site {
 public:
  Outcome Take(const Medium& medium, const Clock& clock = {kCreated + kSecondsPerDay, false},
               AcceptOptions options = {}) {
    options.stream = kStreamUuid;
    RootOffers offers;
    for (const auto& [version, document] : medium.roots)
      offers.Add(version, document);
    RootWalk walk = WalkRoots(state.root, offers, state.revoked_here);
    state.root = std::move(walk.root);
    if (walk.fork) return Failed(*walk.fork);
    if (!walk.refused.empty()) return Failed(walk.refused.front().error);
    auto verified = VerifySignatures(state.root, medium.manifest.bytes, medium.manifest.signatures,
                                     state.revoked_here);
    if (!verified.ok()) return Failed(verified.error());
    auto acceptance = Accept(state, *verified, clock, options);
    if (!acceptance.ok()) return Failed(acceptance.error());
    if (medium.payload_is_whole) state = acceptance->next;
    return {0, "", acceptance->verdict, acceptance->clock};
  }

  TrustState state = SampleState();

 private:
  static Outcome Failed(const Error& error) {
    return {Info(error.kind).exit_code, error.what, std::nullopt, ClockVerdict::kAbsent};
  }
};

}  // namespace gapferry::bundle
