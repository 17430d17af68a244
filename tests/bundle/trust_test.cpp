#include "bundle/trust.h"

#include <gtest/gtest.h>

#include "tests/bundle/sample.h"

namespace gapferry::bundle {
namespace {

const Clock kPlausibleClock{kCreated + kSecondsPerDay, false};

Manifest Numbered(std::uint64_t seq, std::string_view state = "") {
  Manifest manifest = SampleManifest();
  manifest.seq = seq;
  manifest.state_digest =
      Hash256(AsBytes(state.empty() ? fmt::format("state {}", seq) : std::string(state)));
  return manifest;
}
Manifest DeltaOn(std::uint64_t base, std::uint64_t seq) {
  Manifest manifest = Numbered(seq);
  manifest.kind = BundleKind::kDelta;
  manifest.base = Base{base, Numbered(base).state_digest};
  return manifest;
}
Manifest HeartbeatOf(Manifest manifest) {
  manifest.kind = BundleKind::kHeartbeat;
  manifest.base.reset();
  manifest.payload.reset();
  return manifest;
}

Result<VerifiedManifest> Verified(const Manifest& manifest, const Root& root = SampleRoot(),
                                  const std::vector<const SecretKey*>& signers = {
                                      &TestKeys().content}) {
  const SignedDocument document = SignManifest(manifest, signers);
  return VerifySignatures(root, document.bytes, document.signatures);
}

Result<Acceptance> Offer(const TrustState& state, const Manifest& manifest,
                         const AcceptOptions& options = {}, const Clock& clock = kPlausibleClock) {
  GF_TRY(const VerifiedManifest verified, Verified(manifest, state.root));
  return Accept(state, verified, clock, options);
}

// A site that has taken these bundles, in this order.
TrustState After(const std::vector<Manifest>& bundles) {
  TrustState state = SampleState();
  for (const Manifest& manifest : bundles) {
    auto acceptance = Offer(state, manifest, {.allow_rollback = true});
    EXPECT_TRUE(acceptance.ok()) << acceptance.error().what;
    state = acceptance->next;
  }
  return state;
}

Kind KindOfTrust(const Result<Acceptance>& result) {
  return result.ok() ? Kind::kInternal : result.error().kind;
}

TEST(VerifySignatures, NamesTheSigners) {
  auto verified = Verified(SampleManifest());
  ASSERT_TRUE(verified.ok()) << verified.error().what;
  EXPECT_EQ(verified->signers(), std::set{TestKeys().content.public_key().id});
  EXPECT_EQ(verified->manifest(), SampleManifest());
}

TEST(VerifySignatures, RefusesStrangersOtherRolesAndAlteredBytes) {
  const Keys& keys = TestKeys();
  EXPECT_EQ(Verified(SampleManifest(), SampleRoot(), {}).error().kind, Kind::kUnknownSigner);
  EXPECT_EQ(Verified(SampleManifest(), SampleRoot(), {&keys.stranger}).error().kind,
            Kind::kUnknownSigner);
  EXPECT_EQ(Verified(SampleManifest(), SampleRoot(), {&keys.root}).error().kind,
            Kind::kUnknownSigner);
  EXPECT_TRUE(Verified(SampleManifest(), SampleRoot(), {&keys.stranger, &keys.content}).ok());
  SignedDocument document = SignManifest(SampleManifest(), {&keys.content});
  document.bytes[100] ^= 1;
  EXPECT_EQ(VerifySignatures(SampleRoot(), document.bytes, document.signatures).error().kind,
            Kind::kBadSignature);
}

// No stranger's bytes reach the JSON parser: the verdict on rubbish is about the signer.
TEST(VerifySignatures, LooksAtTheSignerBeforeTheContent) {
  const std::string rubbish = "{{{";
  EXPECT_EQ(VerifySignatures(SampleRoot(), rubbish, {SignText(TestKeys().stranger, rubbish, "x")})
                .error()
                .kind,
            Kind::kUnknownSigner);
  EXPECT_EQ(VerifySignatures(SampleRoot(), rubbish, {SignText(TestKeys().content, rubbish, "x")})
                .error()
                .kind,
            Kind::kMalformed);
}

TEST(VerifySignatures, WantsTheThresholdOfDistinctKeysOfTheStream) {
  const Keys& keys = TestKeys();
  Root root = SampleRoot();
  root.streams[kStreamUuid].content = {{keys.content.public_key().id, keys.second.public_key().id},
                                       2};
  EXPECT_EQ(Verified(SampleManifest(), root, {&keys.content}).error().kind, Kind::kThreshold);
  EXPECT_EQ(Verified(SampleManifest(), root, {&keys.content, &keys.content}).error().kind,
            Kind::kThreshold);
  EXPECT_TRUE(Verified(SampleManifest(), root, {&keys.content, &keys.second}).ok());
}

TEST(VerifySignatures, KeepsTheKeysOfStreamsApart) {
  const Keys& keys = TestKeys();
  Root root = SampleRoot();
  root.streams[NewUuid()] = {"other-site", {{keys.second.public_key().id}, 1}, 1, 30};
  EXPECT_EQ(Verified(SampleManifest(), root, {&keys.second}).error().kind, Kind::kUnknownSigner);
  Manifest manifest = SampleManifest();
  manifest.stream_uuid = NewUuid();
  EXPECT_EQ(Verified(manifest).error().kind, Kind::kWrongStream);
  manifest = SampleManifest();
  manifest.stream = "ot-plant-2";
  EXPECT_EQ(Verified(manifest).error().kind, Kind::kWrongStream);
}

TEST(VerifySignatures, RefusesACommentThatDisagreesWithTheManifest) {
  const std::string bytes = SerializeManifest(SampleManifest());
  const std::string comment = "stream:ot-plant epoch:1 seq:43 kind:full";
  EXPECT_EQ(VerifySignatures(SampleRoot(), bytes, {SignText(TestKeys().content, bytes, comment)})
                .error()
                .kind,
            Kind::kBadSignature);
}

TEST(VerifySignatures, ObeysTheSitesOwnRevocation) {
  const SignedDocument document = SignManifest(SampleManifest(), {&TestKeys().content});
  EXPECT_EQ(VerifySignatures(SampleRoot(), document.bytes, document.signatures,
                             {TestKeys().content.public_key().id})
                .error()
                .kind,
            Kind::kRevokedSigner);
}

TEST(Accept, TakesNewerStatesAndRecordsThem) {
  auto acceptance = Offer(SampleState(), Numbered(42));
  ASSERT_TRUE(acceptance.ok()) << acceptance.error().what;
  EXPECT_EQ(acceptance->verdict, Verdict::kNew);
  EXPECT_EQ(acceptance->clock, ClockVerdict::kPlausible);
  const StreamTrust& trust = acceptance->next.streams.at(kStreamUuid);
  EXPECT_EQ(trust.applied->seq, 42U);
  EXPECT_EQ(trust.highest, trust.applied);
  EXPECT_EQ(acceptance->next.floor, *kPlausibleClock.reading);
  EXPECT_EQ(Offer(acceptance->next, Numbered(50))->verdict, Verdict::kNew);
}

TEST(Accept, SaysAlreadyImportedEvenWhenExpired) {
  const TrustState state = After({Numbered(42)});
  const Clock late{kCreated + 100 * kSecondsPerDay, false};
  auto acceptance = Offer(state, Numbered(42), {}, late);
  ASSERT_TRUE(acceptance.ok());
  EXPECT_EQ(acceptance->verdict, Verdict::kAlreadyImported);
  EXPECT_EQ(acceptance->next.streams, state.streams);
}

TEST(Accept, AlarmsAtAnotherContentUnderAKnownNumber) {
  EXPECT_EQ(KindOfTrust(Offer(After({Numbered(42)}), Numbered(42, "forged"))), Kind::kEquivocation);
  EXPECT_EQ(KindOfTrust(Offer(After({Numbered(41), Numbered(42)}), Numbered(41, "forged"),
                              {.allow_rollback = true})),
            Kind::kEquivocation);
  EXPECT_EQ(KindOfTrust(Offer(After({Numbered(42)}), HeartbeatOf(Numbered(42, "forged")))),
            Kind::kEquivocation);
}

TEST(Accept, NeverGoesBackUnlessToldTo) {
  const TrustState state = After({Numbered(41), Numbered(42)});
  auto refused = Offer(state, Numbered(40));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, Kind::kRollback);
  EXPECT_NE(refused.error().what.find("40"), std::string::npos);
  EXPECT_NE(refused.error().what.find("42"), std::string::npos);

  auto back = Offer(state, Numbered(41), {.allow_rollback = true});
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->verdict, Verdict::kRollback);
  const StreamTrust& trust = back->next.streams.at(kStreamUuid);
  EXPECT_EQ(trust.applied->seq, 41U);
  EXPECT_EQ(trust.highest->seq, 42U) << "the highest never goes back";
}

TEST(Accept, AppliesAgainWhatItOnceRecordedAfterARollback) {
  const TrustState state = After({Numbered(40), Numbered(41), Numbered(42), Numbered(40)});
  EXPECT_EQ(Offer(state, Numbered(41))->verdict, Verdict::kReapply);
  EXPECT_EQ(Offer(state, Numbered(42))->verdict, Verdict::kReapply);
  EXPECT_EQ(Offer(state, Numbered(43))->verdict, Verdict::kNew);
  EXPECT_EQ(KindOfTrust(Offer(state, Numbered(39))), Kind::kRollback);
}

TEST(Accept, AppliesADeltaOnlyWhereItFits) {
  EXPECT_EQ(KindOfTrust(Offer(SampleState(), DeltaOn(40, 45))), Kind::kNotReady)
      << "nothing applied";
  EXPECT_EQ(KindOfTrust(Offer(After({Numbered(39)}), DeltaOn(40, 45))), Kind::kNotReady)
      << "before the base";
  EXPECT_EQ(Offer(After({Numbered(40)}), DeltaOn(40, 45))->verdict, Verdict::kNew) << "at the base";
  EXPECT_EQ(Offer(After({Numbered(43)}), DeltaOn(40, 45))->verdict, Verdict::kNew)
      << "between base and seq";
}

TEST(Accept, TakesADeltaFromAnotherStateThanTheAcceptedOneForAFork) {
  EXPECT_EQ(KindOfTrust(Offer(After({Numbered(40, "other")}), DeltaOn(40, 45))),
            Kind::kEquivocation);
  EXPECT_EQ(KindOfTrust(Offer(After({Numbered(40, "other"), Numbered(43)}), DeltaOn(40, 45))),
            Kind::kEquivocation)
      << "also a base that is long past";
}

TEST(CheckAgreement, FindsTwoStatesUnderOneNumber) {
  const Manifest full = Numbered(40);
  const Manifest other = Numbered(40, "other");
  const Manifest delta = DeltaOn(40, 45);
  const Manifest later = DeltaOn(45, 46);
  EXPECT_TRUE(CheckAgreement({&full, &delta, &later}).ok());
  EXPECT_EQ(CheckAgreement({&full, &other}).error().kind, Kind::kEquivocation);
  EXPECT_EQ(CheckAgreement({&delta, &other}).error().kind, Kind::kEquivocation);
  EXPECT_EQ(CheckAgreement({&other, &delta}).error().kind, Kind::kEquivocation);
  Manifest elsewhere = other;
  elsewhere.stream_uuid = UuidFromContent(AsBytes("another stream"));
  EXPECT_TRUE(CheckAgreement({&full, &elsewhere}).ok());
}

TEST(Accept, ReadsHeartbeats) {
  const TrustState state = After({Numbered(42)});
  EXPECT_EQ(Offer(state, HeartbeatOf(Numbered(42)))->verdict, Verdict::kStillCurrent);
  auto missed = Offer(state, HeartbeatOf(Numbered(43)));
  EXPECT_EQ(missed->verdict, Verdict::kMissed);
  EXPECT_EQ(missed->next.streams, state.streams) << "a heartbeat applies nothing";
  EXPECT_EQ(KindOfTrust(Offer(state, HeartbeatOf(Numbered(41)))), Kind::kRollback);
  // After a rollback an old one fits what is applied, and is old all the same.
  TrustState back = After({Numbered(41), Numbered(42)});
  StreamTrust& trust = back.streams.begin()->second;
  trust.applied = trust.recorded.front();
  EXPECT_EQ(KindOfTrust(Offer(back, HeartbeatOf(Numbered(41)))), Kind::kRollback);
}

TEST(Accept, MovesToANewEpochOnlyWithTheRootAndAFull) {
  TrustState state = After({Numbered(42)});
  Manifest next = Numbered(1);
  next.epoch = 2;
  EXPECT_EQ(KindOfTrust(Offer(state, next)), Kind::kRootStep);
  state.root.streams[kStreamUuid].epoch = 2;
  EXPECT_EQ(Offer(state, next)->verdict, Verdict::kNew) << "a smaller seq, but a larger epoch";
  EXPECT_EQ(KindOfTrust(Offer(state, Numbered(99))), Kind::kRollback) << "the old epoch is over";
  Manifest delta = DeltaOn(42, 43);
  delta.epoch = 2;
  EXPECT_EQ(KindOfTrust(Offer(state, delta)), Kind::kNotReady);
}

TEST(Accept, KnowsItsStreamItsRootAndItsVersion) {
  EXPECT_EQ(KindOfTrust(Offer(SampleState(), Numbered(42), {.stream = NewUuid()})),
            Kind::kWrongStream);
  EXPECT_TRUE(Offer(SampleState(), Numbered(42), {.stream = kStreamUuid}).ok());
  Manifest manifest = Numbered(42);
  manifest.root_version = 2;
  EXPECT_EQ(KindOfTrust(Offer(SampleState(), manifest)), Kind::kRootStep);
  manifest = Numbered(42);
  manifest.min_importer = "0.10.0";
  EXPECT_EQ(KindOfTrust(Offer(SampleState(), manifest, {.importer_version = "0.9.7"})),
            Kind::kUnsupported);
  EXPECT_TRUE(Offer(SampleState(), manifest, {.importer_version = "0.10.0"}).ok());
}

TEST(Accept, RefusesABundleThatLivesTooLong) {
  Manifest manifest = Numbered(42);
  manifest.expires = kCreated + 30 * kSecondsPerDay;
  EXPECT_TRUE(Offer(SampleState(), manifest).ok());
  manifest.expires += 1;
  EXPECT_EQ(KindOfTrust(Offer(SampleState(), manifest)), Kind::kPolicy);
}

TEST(Accept, ExpiryHasOneOverride) {
  const Clock late{kCreated + 22 * kSecondsPerDay, false};
  auto refused = Offer(SampleState(), Numbered(42), {}, late);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, Kind::kExpired);
  EXPECT_NE(refused.error().what.find("2026-03-22T06:00:00Z"), std::string::npos);
  EXPECT_NE(refused.error().what.find("2026-03-23T06:00:00Z"), std::string::npos);
  auto allowed = Offer(SampleState(), Numbered(42), {.allow_expired = true}, late);
  ASSERT_TRUE(allowed.ok());
  EXPECT_TRUE(allowed->expired);
}

TEST(Accept, RefusesABundleFromTheFutureOfAPlausibleClock) {
  EXPECT_TRUE(Offer(SampleState(), Numbered(42), {}, {kCreated - kCreatedTolerance, false}).ok());
  auto refused = Offer(SampleState(), Numbered(42), {}, {kCreated - kCreatedTolerance - 1, false});
  EXPECT_EQ(KindOfTrust(refused), Kind::kClock);
}

// A site without a clock, or with one of 1970 or 2106, can still import and does not lose its
// floor.
TEST(Accept, WorksWithoutAClockThatCanBeBelieved) {
  const Time floor = SampleState().floor;
  const std::vector<std::pair<Clock, ClockVerdict>> clocks = {
      {{std::nullopt, false}, ClockVerdict::kAbsent},
      {{Time{0}, false}, ClockVerdict::kBehind},
      {{floor - 1, false}, ClockVerdict::kBehind},
      {{*ParseTime("2106-02-07T06:28:15Z"), false}, ClockVerdict::kAhead},
  };
  for (const auto& [clock, verdict] : clocks) {
    auto acceptance = Offer(SampleState(), Numbered(42), {}, clock);
    ASSERT_TRUE(acceptance.ok()) << acceptance.error().what;
    EXPECT_EQ(acceptance->clock, verdict);
    EXPECT_EQ(acceptance->next.floor, kCreated) << "the floor follows what was accepted";
  }
  TrustState later = SampleState();
  later.floor = kCreated + 22 * kSecondsPerDay;
  EXPECT_EQ(KindOfTrust(Offer(later, Numbered(42), {}, {})), Kind::kExpired)
      << "by the floor alone";
}

// Property: whatever is offered in whatever order, the highest state and the floor never go back.
TEST(Accept, TakesNothingThatWasRecalledWhateverIsAllowed) {
  Manifest recalling = Numbered(5);
  recalling.recalled = StateNumber{1, 3};
  const TrustState state = After({Numbered(2), Numbered(3), Numbered(4), recalling});
  const StreamTrust& trust = state.streams.at(kStreamUuid);
  EXPECT_EQ(trust.recalled, (StateNumber{1, 3}));
  for (const std::uint64_t seq : {1U, 2U, 3U}) {
    const auto offered = Offer(state, Numbered(seq), {.allow_rollback = true});
    EXPECT_EQ(KindOfTrust(offered), Kind::kRollback) << seq;
    EXPECT_NE(offered.error().what.find("recalled"), std::string::npos);
  }
  EXPECT_TRUE(Offer(state, Numbered(4), {.allow_rollback = true}).ok());
  // A later one that says nothing, or less, takes nothing back.
  Manifest less = Numbered(6);
  less.recalled = StateNumber{1, 2};
  for (const Manifest& later : {Numbered(6), less}) {
    auto taken = Offer(state, later);
    ASSERT_TRUE(taken.ok());
    EXPECT_EQ(taken->next.streams.at(kStreamUuid).recalled, (StateNumber{1, 3}));
  }
}

TEST(Accept, NeverLosesGround) {
  TrustState state = SampleState();
  std::uint32_t random = 7;
  for (int i = 0; i < 1000; ++i) {
    random = random * 1664525 + 1013904223;
    const Manifest manifest = Numbered(random >> 28, (random >> 20 & 3) == 0 ? "forged" : "");
    const Clock clock{kCreated + static_cast<Time>(random >> 16 & 7) * kSecondsPerDay, false};
    auto acceptance = Offer(state, manifest, {.allow_rollback = (random >> 8 & 3) == 0}, clock);
    if (!acceptance.ok()) continue;
    const auto before = state.streams[kStreamUuid].highest;
    const auto after = acceptance->next.streams[kStreamUuid].highest;
    if (before) {
      ASSERT_FALSE(IsBefore(*after, *before));
    }
    ASSERT_GE(acceptance->next.floor, state.floor);
    state = acceptance->next;
  }
  EXPECT_EQ(state.streams[kStreamUuid].highest->seq, 15U);
}

}  // namespace
}  // namespace gapferry::bundle
