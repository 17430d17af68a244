#include "bundle/root_walk.h"

#include <algorithm>

namespace gapferry::bundle {
namespace {

Error Forked(std::uint64_t version, std::string_view one, std::string_view other) {
  return Error::Make(Kind::kEquivocation,
                     "there are two different roots {}, both signed: {} and {}", version,
                     Fingerprint(one).ToString(), Fingerprint(other).ToString())
      .Hint(
          "stop, keep the medium, and talk to the connected side: was it restored from an old "
          "backup, or has a root key been stolen?");
}

// A root beside the held one that its own signers and those of the held one made: whoever may
// change the roots of this site has made two of one version. Anything less is no alarm, or every
// stranger could raise it.
std::optional<Error> ForkOfHeld(const Root& now, const std::vector<SignedDocument>& offered,
                                const std::set<KeyId>& revoked_here) {
  const std::string held = SerializeRoot(now);
  for (const SignedDocument& document : offered) {
    if (document.bytes == held) continue;
    const bool by_held = CheckRole(Without(now.root, revoked_here), now.keys, document.bytes,
                                   RootTrustedComment(now.version), document.signatures)
                             .ok();
    if (!by_held) continue;
    const auto twin = OpenSignedRoot(document.bytes, document.signatures);
    if (twin.ok() && twin->version == now.version) return Forked(now.version, held, document.bytes);
  }
  return std::nullopt;
}

void TakeStep(std::uint64_t version, const std::vector<SignedDocument>& offered,
              const std::set<KeyId>& revoked_here, RootWalk& walk) {
  std::optional<Root> step;
  for (const SignedDocument& document : offered) {
    auto next = NextRoot(walk.root, document.bytes, document.signatures, revoked_here);
    if (!next.ok()) {
      walk.refused.push_back({version, document.bytes, std::move(next).error()});
    } else if (step) {
      walk.fork = Forked(version, SerializeRoot(*step), document.bytes);
    } else {
      step = std::move(next).value();
    }
  }
  if (!step || walk.fork) return;
  walk.accepted[version] = SerializeRoot(*step);
  walk.root = *std::move(step);
}

}  // namespace

void RootOffers::Add(std::uint64_t version, const SignedDocument& document) {
  std::vector<SignedDocument>& known = documents_[version];
  const auto same = std::find_if(known.begin(), known.end(), [&](const SignedDocument& other) {
    return other.bytes == document.bytes;
  });
  if (same == known.end()) {
    known.push_back(document);
    return;
  }
  for (const std::string& signature : document.signatures) {
    auto& all = same->signatures;
    if (std::find(all.begin(), all.end(), signature) == all.end()) all.push_back(signature);
  }
}

RootWalk WalkRoots(const Root& now, const RootOffers& offers, const std::set<KeyId>& revoked_here) {
  RootWalk walk{now, {}, {}, std::nullopt};
  const auto held = offers.all().find(now.version);
  if (held != offers.all().end()) walk.fork = ForkOfHeld(now, held->second, revoked_here);
  for (const auto& [version, offered] : offers.all()) {
    if (walk.fork) break;
    if (version <= now.version) continue;
    if (version == walk.root.version + 1) {
      TakeStep(version, offered, revoked_here, walk);
      continue;
    }
    for (const SignedDocument& document : offered) {
      walk.refused.push_back(
          {version, document.bytes,
           Error::Make(Kind::kRootStep, "the chain goes on with root {}; this site holds root {}",
                       version, walk.root.version)
               .Hint("bring a medium that carries root {}; `gapferry-import root import` takes it",
                     walk.root.version + 1)});
    }
  }
  return walk;
}

Status CheckRoots(const Root& now, const RootWalk& walk,
                  const std::map<std::uint64_t, SignedDocument>& roots) {
  for (const RefusedRoot& refused : walk.refused) {
    const auto own = roots.find(refused.version);
    if (refused.version > now.version && own != roots.end() && own->second.bytes == refused.bytes)
      return refused.error;
  }
  return Ok();
}

}  // namespace gapferry::bundle
