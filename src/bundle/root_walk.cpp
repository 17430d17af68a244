#include "bundle/root_walk.h"

#include <algorithm>

namespace gapferry::bundle {
namespace {

void TakeStep(std::uint64_t version, const std::vector<SignedDocument>& offered,
              const std::set<KeyId>& revoked_here, RootWalk& walk) {
  const Root before = walk.root;
  for (const SignedDocument& document : offered) {
    auto next = NextRoot(before, document.bytes, document.signatures, revoked_here);
    if (!next.ok()) {
      walk.refused.push_back({version, document.bytes, std::move(next).error()});
    } else if (walk.accepted.contains(version)) {
      walk.refused.push_back(
          {version, document.bytes,
           Error::Make(Kind::kEquivocation,
                       "there are two different roots {}, both signed: {} and "
                       "{}",
                       version, Fingerprint(walk.accepted.at(version)).ToString(),
                       Fingerprint(document.bytes).ToString())
               .Hint("stop, keep the medium, and talk to the connected side")});
    } else {
      walk.root = std::move(next).value();
      walk.accepted[version] = document.bytes;
    }
  }
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
  RootWalk walk{now, {}, {}};
  for (const auto& [version, offered] : offers.all()) {
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
