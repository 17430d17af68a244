#include "policy/sightings.h"

#include <gtest/gtest.h>

#include "policy/use.h"

namespace gapferry::policy {
namespace {

constexpr Time kSightedAt = 1'800'000'000;

Reason Of(const SightingPolicy& policy, const intel::Sighting& sighting,
          Time last_activity = kSightedAt) {
  return DecideSightings(policy, sighting, last_activity, kSightedAt, "domain").reason;
}

// Numbers of Python: 80 * (1 - (t / 120) ** (1 / speed)), as the formula stands in MISP.
TEST(Decay, FollowsMispsPolynomial) {
  struct Row {
    Time days;
    double early;  // decay_speed 2.3
    double late;   // decay_speed 0.3
  };
  for (const Row& row : {Row{0, 80, 80}, Row{1, 70.02074452698498, 79.99999061388581},
                         Row{30, 36.215058542611246, 79.21254934381571},
                         Row{60, 20.815582147062564, 72.062994740159},
                         Row{119, 0.2905406860748272, 2.200697246610366}, Row{120, 0, 0},
                         Row{5000, 0, 0}, Row{-3, 80, 80}}) {
    EXPECT_NEAR(DecayScore({120, 2.3, 0, 80}, row.days * kSecondsPerDay), row.early, 1e-9);
    EXPECT_NEAR(DecayScore({120, 0.3, 0, 80}, row.days * kSecondsPerDay), row.late, 1e-9);
  }
  // Half a day, of a life of one and a half.
  EXPECT_NEAR(DecayScore({1.5, 1, 0, 90}, kSecondsPerDay / 2), 60, 1e-9);
}

TEST(Sightings, AreCountedAsFalsePositivesOnlyWhereTheDestinationAsks) {
  SightingPolicy policy;
  intel::Sighting sighting;
  sighting.false_positives = 1000;
  EXPECT_EQ(Of(policy, sighting), Reason::kAllowed);
  policy.false_positives = 3;
  EXPECT_EQ(Of(policy, sighting), Reason::kSightedFalsePositive);
  sighting.false_positives = 3;
  EXPECT_EQ(Of(policy, sighting), Reason::kSightedFalsePositive);
  sighting.false_positives = 2;
  sighting.seen = 50;
  EXPECT_EQ(Of(policy, sighting), Reason::kAllowed);
}

TEST(Sightings, ExpireByTheBundlesCreation) {
  SightingPolicy policy;
  intel::Sighting sighting;
  sighting.expires = kSightedAt + 1;
  EXPECT_EQ(Of(policy, sighting), Reason::kAllowed);
  sighting.expires = kSightedAt;
  EXPECT_EQ(Of(policy, sighting), Reason::kSightingExpired);
  policy.heed_expiration = false;
  EXPECT_EQ(Of(policy, sighting), Reason::kAllowed);
}

TEST(Sightings, LetDecayDropWhatScoresBelowTheThreshold) {
  SightingPolicy policy;
  policy.decay = Decay{120, 2.3, 36.2, 80};
  EXPECT_EQ(Of(policy, {}, kSightedAt - 30 * kSecondsPerDay), Reason::kAllowed);
  EXPECT_EQ(Of(policy, {}, kSightedAt - 31 * kSecondsPerDay), Reason::kDecayed);
  EXPECT_EQ(Of(policy, {}, 0), Reason::kAllowed);  // of unknown age
}

// A sighting is a sign of life, for the age by type as well as for decay.
TEST(Sightings, KeepAnAttributeYoung) {
  intel::Attribute attribute;
  attribute.type = "ip-dst";
  attribute.timestamp = kSightedAt - 400 * kSecondsPerDay;
  attribute.last_seen = "2025-12-24T00:00:00Z";
  attribute.to_ids = true;
  UsePolicy policy;
  const auto reason = [&] {
    return DecideUse(policy, MakeOccurrence({}, nullptr, attribute, intel::Tlp::kClear), kSightedAt)
        .reason;
  };
  EXPECT_EQ(reason(), Reason::kTooOld);
  attribute.sighting.seen = 1;
  attribute.sighting.last_seen = kSightedAt - 3 * kSecondsPerDay;
  EXPECT_EQ(reason(), Reason::kAllowed);
  policy.sightings.decay = Decay{30, 1, 50, 100};
  EXPECT_EQ(reason(), Reason::kAllowed);
  attribute.sighting.last_seen = kSightedAt - 16 * kSecondsPerDay;
  EXPECT_EQ(reason(), Reason::kDecayed);
  // A false positive is no sign of life.
  attribute.sighting.last_false_positive = kSightedAt;
  attribute.sighting.false_positives = 1;
  EXPECT_EQ(reason(), Reason::kDecayed);
  policy.sightings.false_positives = 1;
  EXPECT_EQ(reason(), Reason::kSightedFalsePositive);
}

}  // namespace
}  // namespace gapferry::policy
