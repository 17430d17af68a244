#include "bundle/choose.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace gapferry::bundle {
namespace {

bool IsAfterApplied(const StreamTrust& held, const Manifest& bundle) {
  return !held.applied || IsBefore(*held.applied, {bundle.epoch, bundle.seq, {}});
}

bool IsApplied(const StreamTrust& held, const Manifest& bundle) {
  return held.applied && held.applied->epoch == bundle.epoch && held.applied->seq == bundle.seq;
}

// Smaller is better, among bundles of one number.
int RankOfKind(const StreamTrust& held, const Manifest& bundle, bool forward) {
  switch (bundle.kind) {
    case BundleKind::kDelta:
      return forward ? 0 : 3;
    case BundleKind::kFull:
      return 1;
    case BundleKind::kHeartbeat:
      return IsApplied(held, bundle) ? 0 : 2;
  }
  return 3;
}

}  // namespace

bool LeadsForward(const StreamTrust& held, const Manifest& bundle) {
  if (bundle.kind == BundleKind::kHeartbeat || !IsAfterApplied(held, bundle)) return false;
  if (bundle.kind == BundleKind::kFull) return true;
  return held.applied && held.applied->epoch == bundle.epoch &&
         bundle.base->seq <= held.applied->seq;
}

std::vector<std::size_t> ChooseBundle(const StreamTrust& held,
                                      const std::vector<const Manifest*>& bundles) {
  using Rank = std::tuple<bool, std::uint64_t, std::uint64_t, int, std::uint64_t>;
  std::vector<Rank> ranks;
  for (const Manifest* bundle : bundles) {
    const bool forward = LeadsForward(held, *bundle);
    // Larger numbers are better, so they are turned round.
    ranks.emplace_back(!forward, ~bundle->epoch, ~bundle->seq, RankOfKind(held, *bundle, forward),
                       bundle->payload ? bundle->payload->stored_size : 0);
  }
  std::vector<std::size_t> order(bundles.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t left, std::size_t right) { return ranks[left] < ranks[right]; });
  return order;
}

}  // namespace gapferry::bundle
