#include "bundle/choose.h"

#include <algorithm>
#include <random>

#include "tests/bundle/sample.h"

namespace gapferry::bundle {
namespace {

struct BundleNumbers {
  BundleKind kind;
  std::uint64_t epoch;
  std::uint64_t seq;
  std::uint64_t base = 0;
};

Manifest Make(const BundleNumbers& numbered) {
  Manifest manifest = SampleManifest();
  manifest.kind = numbered.kind;
  manifest.epoch = numbered.epoch;
  manifest.seq = numbered.seq;
  if (numbered.kind == BundleKind::kDelta) manifest.base = Base{numbered.base, {}};
  if (numbered.kind == BundleKind::kHeartbeat) manifest.payload.reset();
  return manifest;
}

StreamTrust Holding(std::uint64_t epoch, std::uint64_t seq) {
  StreamTrust held;
  held.applied = StatePoint{epoch, seq, {}};
  held.highest = held.applied;
  return held;
}

std::vector<std::size_t> Order(const StreamTrust& held, const std::vector<BundleNumbers>& bundles) {
  std::vector<Manifest> manifests;
  for (const BundleNumbers& numbered : bundles)
    manifests.push_back(Make(numbered));
  std::vector<const Manifest*> pointers;
  for (const Manifest& manifest : manifests)
    pointers.push_back(&manifest);
  return ChooseBundle(held, pointers);
}

using Indices = std::vector<std::size_t>;
constexpr BundleKind kFull = BundleKind::kFull;
constexpr BundleKind kDelta = BundleKind::kDelta;
constexpr BundleKind kHeartbeat = BundleKind::kHeartbeat;

TEST(ChooseBundle, TakesTheHighestEpochAndNumber) {
  EXPECT_EQ(Order({}, {{kFull, 1, 41}, {kFull, 2, 1}, {kFull, 1, 42}}), (Indices{1, 2, 0}));
  EXPECT_EQ(Order({}, {}), Indices{});
}

TEST(ChooseBundle, PrefersADeltaThatAppliesThenTheFullThenTheHeartbeat) {
  const std::vector<BundleNumbers> all = {{kHeartbeat, 1, 42}, {kFull, 1, 42}, {kDelta, 1, 42, 40}};
  EXPECT_EQ(Order(Holding(1, 41), all).front(), 2U);
  EXPECT_EQ(Order(Holding(1, 40), all).front(), 2U);
  EXPECT_EQ(Order(Holding(1, 39), all), (Indices{1, 0, 2}));
  EXPECT_EQ(Order({}, all), (Indices{1, 0, 2}));
  EXPECT_EQ(Order(Holding(2, 1), all).front(), 1U);
}

// A delta that cannot be applied yet stands behind the full that makes it possible.
TEST(ChooseBundle, PutsWhatLeadsForwardBeforeWhatDoesNot) {
  EXPECT_EQ(Order(Holding(1, 30), {{kDelta, 1, 50, 42}, {kFull, 1, 42}}), (Indices{1, 0}));
  EXPECT_EQ(Order(Holding(1, 42), {{kDelta, 1, 50, 42}, {kFull, 1, 42}}), (Indices{0, 1}));
  // Nothing leads forward: the newest one says why.
  EXPECT_EQ(Order(Holding(1, 42), {{kFull, 1, 42}, {kDelta, 1, 50, 45}}), (Indices{1, 0}));
  EXPECT_EQ(Order(Holding(1, 42), {{kFull, 1, 41}, {kFull, 1, 40}}), (Indices{0, 1}));
}

TEST(ChooseBundle, UnderTheAppliedNumberTheHeartbeatSaysMore) {
  EXPECT_EQ(Order(Holding(1, 42), {{kFull, 1, 42}, {kHeartbeat, 1, 42}}), (Indices{1, 0}));
}

// Property: whatever lies there, the order is a permutation, does not depend on how the medium
// lists it, and never puts something that leads forward behind something that does not.
TEST(ChooseBundle, IsATotalOrderOfAnyMedium) {
  std::mt19937 random(7);
  const auto pick = [&](unsigned below) { return static_cast<std::uint64_t>(random() % below); };
  for (int round = 0; round < 2000; ++round) {
    std::vector<BundleNumbers> bundles;
    for (std::uint64_t i = 0; i < 1 + pick(6); ++i) {
      const std::uint64_t seq = 2 + pick(5);
      bundles.push_back(
          {static_cast<BundleKind>(pick(3)), 1 + pick(2), seq, 1 + pick(5) % (seq - 1)});
    }
    const StreamTrust held = pick(4) == 0 ? StreamTrust{} : Holding(1 + pick(2), 1 + pick(6));
    const Indices order = Order(held, bundles);
    Indices sorted = order;
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t i = 0; i < sorted.size(); ++i)
      ASSERT_EQ(sorted[i], i);
    bool forward = true;
    for (const std::size_t i : order) {
      const bool leads = LeadsForward(held, Make(bundles[i]));
      EXPECT_TRUE(forward || !leads);
      forward = leads;
    }
    std::vector<BundleNumbers> reversed(bundles.rbegin(), bundles.rend());
    const BundleNumbers& best = bundles[order.front()];
    const BundleNumbers& again = reversed[Order(held, reversed).front()];
    EXPECT_EQ(std::tie(best.kind, best.epoch, best.seq),
              std::tie(again.kind, again.epoch, again.seq));
  }
}

}  // namespace
}  // namespace gapferry::bundle
