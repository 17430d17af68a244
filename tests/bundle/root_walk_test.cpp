#include "bundle/root_walk.h"

#include "tests/bundle/sample.h"

namespace gapferry::bundle {
namespace {

SignedDocument Second() {
  return SignRoot(SampleNextRoot(), {&TestKeys().root, &TestKeys().next_root});
}

Root ThirdRoot() {
  Root root = SampleNextRoot();
  root.version = 3;
  return root;
}

TEST(WalkRoots, FollowsStepsFromWhereverTheyCome) {
  RootOffers offers;
  offers.Add(3, SignRoot(ThirdRoot(), {&TestKeys().next_root}));
  offers.Add(2, Second());
  const RootWalk walk = WalkRoots(SampleRoot(), offers);
  EXPECT_EQ(walk.root.version, 3U);
  EXPECT_TRUE(walk.refused.empty());
}

TEST(WalkRoots, ABadDocumentHidesNoGoodOne) {
  SignedDocument altered = Second();
  altered.bytes.replace(altered.bytes.find("2026"), 4, "2027");
  for (const bool bad_first : {true, false}) {
    RootOffers offers;
    offers.Add(2, bad_first ? altered : Second());
    offers.Add(2, bad_first ? Second() : altered);
    const RootWalk walk = WalkRoots(SampleRoot(), offers);
    EXPECT_EQ(walk.root.version, 2U);
    ASSERT_EQ(walk.refused.size(), 1U);
    EXPECT_EQ(walk.refused[0].error.kind, Kind::kBadSignature);
    // The bundle that carried it is refused, the other one is not.
    EXPECT_TRUE(CheckRoots(SampleRoot(), walk, {{2, Second()}}).ok());
    EXPECT_EQ(CheckRoots(SampleRoot(), walk, {{2, altered}}).error().kind, Kind::kBadSignature);
    EXPECT_TRUE(CheckRoots(walk.root, walk, {{2, altered}}).ok());
  }
}

TEST(WalkRoots, SignaturesOfOneDocumentCountTogether) {
  SignedDocument half = Second();
  SignedDocument other = half;
  half.signatures.pop_back();
  other.signatures.erase(other.signatures.begin());
  RootOffers offers;
  offers.Add(2, half);
  EXPECT_EQ(WalkRoots(SampleRoot(), offers).root.version, 1U);
  offers.Add(2, other);
  EXPECT_EQ(WalkRoots(SampleRoot(), offers).root.version, 2U);
}

TEST(WalkRoots, StopsAtAGapAndRaisesTheAlarmOnTwoOfOneVersion) {
  RootOffers gap;
  gap.Add(3, SignRoot(ThirdRoot(), {&TestKeys().next_root}));
  const RootWalk stopped = WalkRoots(SampleRoot(), gap);
  EXPECT_EQ(stopped.root.version, 1U);
  EXPECT_EQ(stopped.refused.at(0).error.kind, Kind::kRootStep);

  Root twin = SampleNextRoot();
  twin.review_by += 1;
  RootOffers two;
  two.Add(2, Second());
  two.Add(2, SignRoot(twin, {&TestKeys().root, &TestKeys().next_root}));
  const RootWalk alarmed = WalkRoots(SampleRoot(), two);
  EXPECT_EQ(alarmed.root, SampleNextRoot());
  EXPECT_EQ(alarmed.refused.at(0).error.kind, Kind::kEquivocation);
}

}  // namespace
}  // namespace gapferry::bundle
