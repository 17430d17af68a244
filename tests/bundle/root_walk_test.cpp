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
  EXPECT_EQ(alarmed.root, SampleRoot()) << "nobody can tell which of them is the true one";
  ASSERT_TRUE(alarmed.fork);
  EXPECT_EQ(alarmed.fork->kind, Kind::kEquivocation);
}

TEST(WalkRoots, AnotherRootOfTheHeldVersionIsAnAlarmIfItsSignersMayMakeOne) {
  const Keys& keys = TestKeys();
  Root held = SampleRoot();
  held.version = 2;
  Root twin = held;
  twin.review_by += 1;
  const auto walked = [&](const SignedDocument& document, const std::set<KeyId>& revoked = {}) {
    RootOffers offers;
    offers.Add(2, SignRoot(held, {&keys.root}));
    offers.Add(2, document);
    RootWalk walk = WalkRoots(held, offers, revoked);
    EXPECT_EQ(walk.root, held);
    EXPECT_TRUE(walk.refused.empty());
    return walk;
  };
  const RootWalk alarmed = walked(SignRoot(twin, {&keys.root}));
  ASSERT_TRUE(alarmed.fork);
  EXPECT_EQ(alarmed.fork->kind, Kind::kEquivocation);
  EXPECT_NE(alarmed.fork->what.find(Fingerprint(SerializeRoot(held)).ToString()),
            std::string::npos);
  EXPECT_NE(alarmed.fork->what.find(Fingerprint(SerializeRoot(twin)).ToString()),
            std::string::npos);

  // Whoever cannot make a root for this site can raise no alarm here.
  EXPECT_FALSE(walked(SignRoot(twin, {})).fork);
  EXPECT_FALSE(walked(SignRoot(twin, {&keys.stranger})).fork);
  EXPECT_FALSE(walked(SignRoot(twin, {&keys.content})).fork);
  EXPECT_FALSE(walked(SignRoot(twin, {&keys.root}), {keys.root.public_key().id}).fork);
  SignedDocument altered = SignRoot(twin, {&keys.root});
  altered.bytes.replace(altered.bytes.find("ot-plant"), 8, "ot-plane");
  EXPECT_FALSE(walked(altered).fork);
  SignedDocument of_another_version{SerializeRoot(held), {}};
  of_another_version.bytes.replace(of_another_version.bytes.find("\"root_version\": 2"), 17,
                                   "\"root_version\": 3");
  of_another_version.signatures = {SignText(keys.root, of_another_version.bytes, "root:2")};
  EXPECT_FALSE(walked(of_another_version).fork);
  Root short_of_one = twin;
  short_of_one.root = {{keys.root.public_key().id, keys.second.public_key().id}, 2};
  EXPECT_FALSE(walked(SignRoot(short_of_one, {&keys.root})).fork) << "no site would take it";
  EXPECT_TRUE(walked(SignRoot(short_of_one, {&keys.root, &keys.second})).fork);
}

TEST(WalkRoots, TakesNothingNewerFromAMediumWithAFork) {
  const Keys& keys = TestKeys();
  Root held = SampleRoot();
  held.version = 2;
  Root twin = held;
  twin.review_by += 1;
  Root next = twin;
  next.version = 3;
  RootOffers offers;
  offers.Add(2, SignRoot(twin, {&keys.root}));
  offers.Add(3, SignRoot(next, {&keys.root}));
  const RootWalk walk = WalkRoots(held, offers);
  EXPECT_TRUE(walk.fork);
  EXPECT_EQ(walk.root, held);
}

}  // namespace
}  // namespace gapferry::bundle
