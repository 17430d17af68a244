// The dangers of docs/threat-model.md, each played through between an exporter and a site. Every
// refusal must have its own exit code and name both values of the mismatch.
#include <gmock/gmock.h>

#include "tests/bundle/trust_world.h"

namespace gapferry::bundle {
namespace {

using testing::HasSubstr;

void Refused(const Outcome& outcome, int code, const std::vector<std::string>& names) {
  EXPECT_EQ(outcome.code, code) << outcome.message;
  for (const std::string& name : names)
    EXPECT_THAT(outcome.message, HasSubstr(name));
}
void Taken(const Outcome& outcome, Verdict verdict = Verdict::kNew) {
  ASSERT_EQ(outcome.code, 0) << outcome.message;
  EXPECT_EQ(*outcome.verdict, verdict);
}
std::string IdOf(const SecretKey& key) {
  return key.public_key().id.ToString();
}

// The content key of the stream is replaced and revoked.
void Rotate(Root& root) {
  const Keys& keys = TestKeys();
  root.streams[kStreamUuid].content = {{keys.second.public_key().id}, 1};
  root.keys.erase(keys.content.public_key().id);
  root.revoked.insert(keys.content.public_key().id);
}

TEST(Simulated, LostBundleIsNoTrouble) {
  const Exporter exporter;
  Site site;
  Taken(site.Take(exporter.Write(41)));
  Taken(site.Take(exporter.Write(43)));
}

TEST(Simulated, WrongOrder) {
  const Exporter exporter;
  Site site;
  Taken(site.Take(exporter.Write(43)));
  Refused(site.Take(exporter.Write(42)), 16, {"42", "43"});
}

TEST(Simulated, Duplicate) {
  const Exporter exporter;
  Site site;
  Taken(site.Take(exporter.Write(43)));
  Taken(site.Take(exporter.Write(43)), Verdict::kAlreadyImported);
}

TEST(Simulated, ForkUnderOneNumber) {
  const Exporter exporter;
  Site site;
  const Manifest ours = exporter.Describe(43);
  const Manifest theirs = exporter.Describe(43, "forged");
  Taken(site.Take(exporter.Write(ours)));
  Refused(
      site.Take(exporter.Write(theirs)), 17,
      {HexEncode(ours.state_digest).substr(0, 16), HexEncode(theirs.state_digest).substr(0, 16)});
}

TEST(Simulated, OldRootsAreSkippedAndSkippedRootsAreMissed) {
  Exporter exporter;
  Site site;
  exporter.Step([](Root& root) { root.review_by += 1; });
  const Medium old = exporter.Write(42);
  exporter.Step([](Root& root) { root.review_by += 1; });
  exporter.Step([](Root& root) { root.review_by += 1; });
  Site behind = site;
  Taken(site.Take(exporter.Write(43)));
  EXPECT_EQ(site.state.root.version, 4U);
  Refused(site.Take(old), 16, {"42", "43"});
  EXPECT_EQ(site.state.root.version, 4U) << "an old chain takes nothing back";

  Medium gap = exporter.Write(44);
  gap.roots.erase(2);
  Refused(behind.Take(gap), 30, {"root 3", "root 1"});
  gap = exporter.Write(44);
  gap.roots.erase(3);
  Refused(behind.Take(gap), 30, {"root 4", "root 2"});
  EXPECT_EQ(behind.state.root.version, 2U) << "the good step is kept";
  gap.roots.clear();
  Refused(behind.Take(gap), 30, {"root 4", "root 2"});
}

TEST(Simulated, RootOfAnotherVersionUnderTheNextNumber) {
  Exporter exporter;
  Site site;
  exporter.Step([](Root& root) { root.review_by += 1; });
  exporter.Step([](Root& root) { root.review_by += 1; });
  Medium medium = exporter.Write(42);
  medium.roots[2] = medium.roots[3];
  Refused(site.Take(medium), 12, {"root:3", "root:2"});
}

TEST(Simulated, RevokedSigner) {
  Exporter exporter;
  Site site;
  const Medium before = exporter.Write(42);
  exporter.Step(Rotate);
  Taken(site.Take(exporter.Write(exporter.Describe(41), {&TestKeys().second})));
  Refused(site.Take(before), 29, {IdOf(TestKeys().content), "root 2"});
  Refused(site.Take(before, {kCreated, false}, {.allow_rollback = true, .allow_expired = true}), 29,
          {IdOf(TestKeys().content)});
}

TEST(Simulated, SignerRevokedByTheSiteItself) {
  const Exporter exporter;
  Site site;
  site.state.revoked_here.insert(TestKeys().content.public_key().id);
  Refused(site.Take(exporter.Write(42)), 29, {IdOf(TestKeys().content), "this site"});
  site.state.revoked_here = {TestKeys().root.public_key().id};
  Exporter later;
  later.Step([](Root& root) { root.review_by += 1; });
  Refused(site.Take(later.Write(42)), 29, {IdOf(TestKeys().root), "root-0002.json"});
  EXPECT_EQ(site.state.root.version, 1U);
}

TEST(Simulated, ThresholdCountsKeysAndNotSignatures) {
  const Keys& keys = TestKeys();
  Exporter exporter;
  Site site;
  exporter.Step([&](Root& root) {
    root.streams[kStreamUuid].content = {
        {keys.content.public_key().id, keys.second.public_key().id}, 2};
  });
  const Manifest manifest = exporter.Describe(42);
  Refused(site.Take(exporter.Write(manifest, {&keys.content})), 14,
          {"1 of the 2", IdOf(keys.content), IdOf(keys.second)});
  Medium twice = exporter.Write(manifest, {&keys.content, &keys.content});
  Refused(site.Take(twice), 14, {"1 of the 2"});
  Refused(site.Take(exporter.Write(manifest, {&keys.content, &keys.stranger})), 14, {"1 of the 2"});
  Taken(site.Take(exporter.Write(manifest, {&keys.content, &keys.second})));
}

TEST(Simulated, RootNeedsTheThresholdOfOldAndNew) {
  const Keys& keys = TestKeys();
  Exporter exporter;
  const auto two_of_three = [&](Root& root) {
    for (const SecretKey* key : {&keys.next_root, &keys.stranger}) {
      root.keys[key->public_key().id] = key->public_key();
      root.root.keys.insert(key->public_key().id);
    }
    root.root.threshold = 2;
  };
  Site site;
  Exporter short_of_one = exporter;
  short_of_one.Step(two_of_three, {&keys.root});
  Refused(site.Take(short_of_one.Write(42)), 14, {"1 of the 2", "root-0002.json"});
  Exporter without_old = exporter;
  without_old.Step(two_of_three, {&keys.next_root, &keys.stranger});
  Refused(site.Take(without_old.Write(42)), 13, {IdOf(keys.next_root), IdOf(keys.root)});
  exporter.Step(two_of_three, {&keys.root, &keys.stranger});
  Taken(site.Take(exporter.Write(42)));
}

TEST(Simulated, ClocksOf1970And2099) {
  const Exporter exporter;
  Site site;
  const Outcome early = site.Take(exporter.Write(42), {Time{0}, false});
  Taken(early);
  EXPECT_EQ(early.clock, ClockVerdict::kBehind);
  const Outcome late = site.Take(exporter.Write(43), {*ParseTime("2099-01-01T00:00:00Z"), false});
  Taken(late);
  EXPECT_EQ(late.clock, ClockVerdict::kAhead);
  EXPECT_EQ(site.state.floor, kCreated) << "neither clock moved the floor";
}

TEST(Simulated, CreatedInTheFuture) {
  const Exporter exporter;
  Site site;
  const Time here = kCreated - 2 * kSecondsPerDay;
  Refused(site.Take(exporter.Write(42), {here, false}), 24,
          {FormatTime(kCreated), FormatTime(here)});
}

// No clock tells that year 9000 is wrong; five years at once is as far as the floor goes without
// one.
TEST(Simulated, CreatedInAFarFutureWhereNoClockIsBelieved) {
  const Exporter exporter;
  const auto created_at = [&](std::uint64_t seq, Time created) {
    Manifest manifest = exporter.Describe(seq);
    manifest.created = created;
    manifest.next_due = created + kSecondsPerDay;
    manifest.expires = created + 20 * kSecondsPerDay;
    return exporter.Write(manifest);
  };
  Site site;
  const Time floor = site.state.floor;
  const Time year9000 = *ParseTime("9000-01-01T00:00:00Z");
  for (const Clock& clock : {Clock{Time{0}, false}, Clock{std::nullopt, false},
                             Clock{*ParseTime("2099-01-01T00:00:00Z"), false}}) {
    Refused(site.Take(created_at(42, year9000), clock), 24, {"9000-01-01", FormatTime(floor)});
  }
  EXPECT_EQ(site.state.floor, floor);
  Taken(site.Take(created_at(42, floor + kMaxClockAhead), {Time{0}, false}));
  EXPECT_EQ(site.state.floor, floor + kMaxClockAhead);

  // A root speaks of a time that its signers vouch for.
  Exporter later;
  later.Step([&](Root& root) { root.created = floor + kMaxClockAhead; });
  Manifest manifest = later.Describe(42);
  manifest.created = floor + 2 * kMaxClockAhead;
  manifest.next_due = manifest.created;
  manifest.expires = manifest.created + kSecondsPerDay;
  Site silent;
  Taken(silent.Take(later.Write(manifest), {Time{0}, false}));

  // Whoever vouches for the clock is bound by the clock only.
  Site vouched;
  Taken(vouched.Take(created_at(42, year9000), {year9000, true}));
  Refused(vouched.Take(created_at(43, year9000 + 2 * kSecondsPerDay), {year9000, true}), 24,
          {"9000-01-03"});
}

TEST(Simulated, ExpiredOnTheWay) {
  const Exporter exporter;
  Site site;
  const Time here = kCreated + 30 * kSecondsPerDay;
  Refused(site.Take(exporter.Write(42), {here, false}), 15,
          {FormatTime(SampleManifest().expires), FormatTime(here)});
}

// A thief of the content key takes the highest number there is, so that every true bundle looks
// old. The way out is a root that revokes the key and begins a new epoch.
TEST(Simulated, StolenKeyTakesTheLastNumber) {
  Exporter exporter;
  Site site;
  constexpr std::uint64_t kLast = (std::uint64_t{1} << 53) - 1;
  Taken(site.Take(exporter.Write(42)));
  const Medium stolen = exporter.Write(kLast);
  Taken(site.Take(stolen));
  Refused(site.Take(exporter.Write(43)), 16, {"43", std::to_string(kLast)});
  exporter.Step([](Root& root) {
    Rotate(root);
    ++root.streams[kStreamUuid].epoch;
  });
  const Medium first = exporter.Write(exporter.Describe(1), {&TestKeys().second});
  Taken(site.Take(first));
  Refused(site.Take(stolen), 29, {IdOf(TestKeys().content), "root 2"});
  Taken(site.Take(exporter.Write(exporter.Describe(2), {&TestKeys().second})));
}

TEST(Simulated, NumbersBeyondTheFormatAreMalformed) {
  const Exporter exporter;
  Site site;
  for (const std::uint64_t seq : {std::uint64_t{1} << 53, (std::uint64_t{1} << 63) - 1,
                                  std::uint64_t{1} << 63, ~std::uint64_t{0}}) {
    Refused(site.Take(exporter.Write(seq)), 9, {"seq", "9007199254740991"});
  }
  EXPECT_TRUE(site.state.streams.empty());
}

TEST(Simulated, ExporterRestoredFromAnOldBackup) {
  Exporter exporter;
  Site site;
  for (const std::uint64_t seq : {41U, 42U, 43U})
    Taken(site.Take(exporter.Write(seq)));
  // It believes that 41 was the last one and goes on with other content.
  Refused(site.Take(exporter.Write(exporter.Describe(42, "again"))), 17, {"42"});
  Refused(site.Take(exporter.Write(exporter.Describe(40, "again"))), 16, {"40", "43"});
  exporter.Step([](Root& root) { ++root.streams[kStreamUuid].epoch; });
  Taken(site.Take(exporter.Write(1)));
}

// The backup knew neither the rotation nor the new epoch. Whatever the restored exporter then makes
// of roots, the site never trusts the revoked key again.
TEST(Simulated, ExporterRestoredFromAnOldBackupWithOlderRoots) {
  Exporter exporter;
  Site site;
  Taken(site.Take(exporter.Write(41)));
  const Exporter backup = exporter;
  exporter.Step(Rotate);
  exporter.Step([](Root& root) { ++root.streams[kStreamUuid].epoch; });
  Taken(site.Take(exporter.Write(exporter.Describe(1), {&TestKeys().second})));
  const Root held = site.state.root;

  Exporter restored = backup;
  const auto new_epoch = [](Root& root) { ++root.streams[kStreamUuid].epoch; };
  restored.Step(new_epoch);
  Refused(site.Take(restored.Write(2)), 29, {IdOf(TestKeys().content), "root 3"});
  restored.Step(new_epoch);
  Refused(site.Take(restored.Write(1)), 17,
          {Fingerprint(SerializeRoot(held)).ToString(),
           Fingerprint(SerializeRoot(restored.root)).ToString()});
  restored.Step(new_epoch);
  Refused(site.Take(restored.Write(1)), 17, {"two different roots 3"});
  // Even if no medium carries the roots that it made under used numbers.
  Medium cut = restored.Write(1);
  cut.roots.erase(2);
  cut.roots.erase(3);
  Refused(site.Take(cut), 29, {IdOf(TestKeys().content), "root 4", "root 3"});
  EXPECT_EQ(site.state.root, held);

  // It takes the newest roots from a medium, and goes on from them.
  Exporter adopted = exporter;
  adopted.Step(new_epoch);
  Taken(site.Take(adopted.Write(adopted.Describe(1), {&TestKeys().second})));
}

TEST(Simulated, RootForkUnderTheHeldVersion) {
  Exporter exporter;
  Exporter other = exporter;
  Site site;
  exporter.Step([](Root& root) { root.review_by += 1; });
  Taken(site.Take(exporter.Write(42)));
  const Root held = site.state.root;
  other.Step([](Root& root) { root.review_by += 2; });
  Refused(site.Take(other.Write(43)), 17,
          {"two different roots 2", Fingerprint(SerializeRoot(held)).ToString(),
           Fingerprint(SerializeRoot(other.root)).ToString()});
  Exporter stranger;
  stranger.Step([](Root& root) { root.review_by += 3; }, {&TestKeys().stranger});
  Taken(site.Take(stranger.Write(43)));
  EXPECT_EQ(site.state.root, held);
}

// Two people make a root each, and both come on one medium.
TEST(Simulated, RootForkUnderTheNextVersion) {
  Exporter exporter;
  Exporter other = exporter;
  exporter.Step([](Root& root) { root.review_by += 1; });
  other.Step([](Root& root) { root.review_by += 2; });
  RootOffers offers;
  for (const Exporter* one : {&exporter, &other})
    offers.Add(2, one->Roots().at(2));
  const RootWalk walk = WalkRoots(SampleRoot(), offers);
  ASSERT_TRUE(walk.fork);
  EXPECT_EQ(Info(walk.fork->kind).exit_code, 17);
  EXPECT_EQ(walk.root, SampleRoot());
}

TEST(Simulated, EpochAndRootBelongTogether) {
  Exporter exporter;
  Site site;
  Manifest early = exporter.Describe(1);
  early.epoch = 2;
  Refused(site.Take(exporter.Write(early)), 30, {"epoch 2", "epoch 1"});
  const Medium old = exporter.Write(99);
  exporter.Step([](Root& root) { ++root.streams[kStreamUuid].epoch; });
  Taken(site.Take(exporter.Write(1)));
  Refused(site.Take(old), 16, {"epoch 1", "epoch 2"});
}

// What the administrator's guide says about restoring: the numbers between are open again until the
// next newer bundle closes them.
TEST(Simulated, SiteRestoredFromAnOldBackup) {
  const Exporter exporter;
  Site site;
  Taken(site.Take(exporter.Write(41)));
  const Site backup = site;
  Taken(site.Take(exporter.Write(43)));
  site = backup;
  Refused(site.Take(exporter.Write(40)), 16, {"40", "41"});
  Taken(site.Take(exporter.Write(44)));
  Refused(site.Take(exporter.Write(42)), 16, {"42", "44"});
}

TEST(Simulated, RevocationSurvivesADamagedPayload) {
  Exporter exporter;
  Site site;
  exporter.Step(Rotate);
  Medium damaged = exporter.Write(exporter.Describe(42), {&TestKeys().second});
  damaged.payload_is_whole = false;
  site.Take(damaged);
  EXPECT_TRUE(site.state.streams.empty()) << "nothing was imported";
  EXPECT_EQ(site.state.root.version, 2U) << "but the root was kept";
  Medium thief = Exporter().Write(99);
  Refused(site.Take(thief), 29, {IdOf(TestKeys().content), "root 2"});
}

TEST(Simulated, KeyOfAnotherStream) {
  const Keys& keys = TestKeys();
  Exporter exporter;
  Site site;
  const Uuid lab = NewUuid();
  exporter.Step([&](Root& root) {
    root.streams[lab] = {"lab", {{keys.second.public_key().id}, 1}, 1, 30};
  });
  Refused(site.Take(exporter.Write(exporter.Describe(42), {&keys.second})), 13,
          {IdOf(keys.second), IdOf(keys.content), "ot-plant"});
  Manifest theirs = exporter.Describe(42);
  theirs.stream = "lab";
  theirs.stream_uuid = lab;
  Refused(site.Take(exporter.Write(theirs, {&keys.second})), 18,
          {lab.ToString(), kStreamUuid.ToString()});
}

TEST(Simulated, BundleThatWouldOutliveTheRootsLimit) {
  Exporter exporter;
  Site site;
  exporter.Step([](Root& root) { root.streams[kStreamUuid].max_life_days = 20; });
  Refused(site.Take(exporter.Write(42)), 19, {FormatTime(SampleManifest().expires), "20 days"});
}

}  // namespace
}  // namespace gapferry::bundle
