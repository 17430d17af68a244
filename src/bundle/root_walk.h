// bundle/root_walk.h: from the root that a site holds to the newest one that a medium can prove,
// whichever of its bundles and files bring the steps. Several documents may claim to be the same
// step. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "bundle/root.h"

namespace gapferry::bundle {

// Roots as they were found, none believed yet. Documents with the same bytes share their
// signatures; different ones stand beside each other, so that a bad one hides no good one.
class RootOffers {
 public:
  void Add(std::uint64_t version, const SignedDocument& document);
  [[nodiscard]] const std::map<std::uint64_t, std::vector<SignedDocument>>& all() const {
    return documents_;
  }

 private:
  std::map<std::uint64_t, std::vector<SignedDocument>> documents_;
};

struct RefusedRoot {
  std::uint64_t version = 0;
  std::string bytes;
  Error error;
};

struct RootWalk {
  Root root;                                      // the newest good one; to be persisted at once
  std::map<std::uint64_t, std::string> accepted;  // the bytes of each step
  std::vector<RefusedRoot> refused;
  // kEquivocation: two different roots of one version are both good. Nobody can tell which chain is
  // the true one, so neither of them was taken, and nothing else on the medium should be.
  std::optional<Error> fork;
};

// Follows the chain from `now` as far as it goes. Older roots are skipped, and so is one of the
// held version, unless it is another one that the thresholds of `now` and its own signed: a fork.
// Refused with the errors of NextRoot; with kRootStep where the chain has a gap.
[[nodiscard]] RootWalk WalkRoots(const Root& now, const RootOffers& offers,
                                 const std::set<KeyId>& revoked_here = {});

// That every root of one bundle that is newer than `now` was accepted by the walk. Errors: why the
// first one was refused.
[[nodiscard]] Status CheckRoots(const Root& now, const RootWalk& walk,
                                const std::map<std::uint64_t, SignedDocument>& roots);

}  // namespace gapferry::bundle
