#include <fcntl.h>
#include <gmock/gmock.h>

#include "bundle/signed_file.h"
#include "importer/medium_check.h"
#include "importer/opened.h"
#include "tests/bundle/oracle.h"
#include "tests/bundle/sample.h"

namespace gapferry::importer {
namespace {

using bundle::BundleKind;
using bundle::Manifest;
using testing::HasSubstr;
namespace fs = std::filesystem;

constexpr std::string_view kStored = "stored bytes of the payload";

Manifest Numbered(BundleKind kind, std::uint64_t epoch, std::uint64_t seq, std::uint64_t base = 0) {
  Manifest manifest = bundle::SampleManifest();
  manifest.kind = kind;
  manifest.epoch = epoch;
  manifest.seq = seq;
  manifest.payload = bundle::PayloadOf(kStored, "plain");
  if (kind == BundleKind::kDelta) manifest.base = bundle::Base{base, manifest.state_digest};
  if (kind == BundleKind::kHeartbeat) manifest.payload.reset();
  return manifest;
}

class OpenMediumTest : public testing::Test {
 protected:
  OpenMediumTest() { fs::create_directory(folder_.path() / "medium"); }
  [[nodiscard]] fs::path medium() const { return folder_.path() / "medium"; }

  fs::path Put(const Manifest& manifest, bool with_roots = false) {
    const Fd fd(::open(folder_.Write("stored", kStored).c_str(), O_RDONLY | O_CLOEXEC));
    bundle::VolumeHead head = bundle::SampleHead(manifest);
    if (!with_roots) head.roots.clear();
    auto written = bundle::WriteVolume(medium(), head, fd.get());
    EXPECT_TRUE(written.ok());
    return written->path;
  }
  static void Flip(const fs::path& path, std::string_view after, std::size_t by) {
    auto content = *ReadFile(path, 1 << 20);
    content.at(content.find(after) + by) ^= 1;
    EXPECT_TRUE(WriteFileAtomically(path, content).ok());
  }
  // The seq of every bundle, best first.
  static std::vector<std::uint64_t> Seqs(const OpenedMedium& opened) {
    std::vector<std::uint64_t> seqs;
    for (const Opened& one : opened.bundles)
      seqs.push_back(one.verified.manifest().seq);
    return seqs;
  }
  OpenedMedium Open(const bundle::StreamTrust& held = {}, bundle::Root* walked = nullptr) {
    auto opened = OpenMedium(medium(), {"ot-plant", bundle::SampleRoot(), {}, held}, walked);
    EXPECT_TRUE(opened.ok()) << (opened.ok() ? "" : opened.error().what);
    return std::move(opened).value();
  }

  bundle::TemporaryFolder folder_;
};

using Numbers = std::vector<std::uint64_t>;

TEST_F(OpenMediumTest, OpensEveryBundleInOrderOfPreference) {
  Put(Numbered(BundleKind::kFull, 1, 41));
  Put(Numbered(BundleKind::kFull, 1, 42));
  Put(Numbered(BundleKind::kDelta, 1, 42, 40));
  Put(Numbered(BundleKind::kFull, 2, 1));
  EXPECT_EQ(Seqs(Open()), (Numbers{1, 42, 41, 42}));
  bundle::StreamTrust held;
  held.applied = bundle::StatePoint{1, 41, {}};
  EXPECT_EQ(Seqs(Open(held)), (Numbers{1, 42, 42, 41}));
  EXPECT_EQ(Open(held).bundles[1].verified.manifest().kind, BundleKind::kDelta);
}

TEST_F(OpenMediumTest, DamageInOneHidesNoOther) {
  Put(Numbered(BundleKind::kFull, 1, 41));
  const fs::path altered = Put(Numbered(BundleKind::kFull, 1, 42));
  Flip(altered, "\"created\"", 15);
  const fs::path strange = Put(Numbered(BundleKind::kFull, 1, 43));
  EXPECT_TRUE(WriteFileAtomically(strange, "PK").ok());
  const OpenedMedium opened = Open();
  EXPECT_EQ(Seqs(opened), (Numbers{41}));
  ASSERT_EQ(opened.faults.size(), 2U);
  EXPECT_EQ(opened.faults[0].error.kind, Kind::kIncomplete);
  EXPECT_EQ(opened.faults[1].error.kind, Kind::kBadSignature);
  // Who goes on to no other bundle is told why the newest cannot be used.
  EXPECT_EQ(TakeBest(Open()).error().kind, Kind::kIncomplete);
  fs::remove(strange);
  fs::remove(altered);
  EXPECT_TRUE(TakeBest(Open()).ok());
}

TEST_F(OpenMediumTest, ARootOnAnyOfThemCountsEvenIfItsBundleIsBad) {
  Flip(Put(Numbered(BundleKind::kFull, 1, 41), true), "\"created\"", 15);
  bundle::Root walked = bundle::SampleRoot();
  const OpenedMedium opened = Open({}, &walked);
  EXPECT_TRUE(opened.bundles.empty());
  EXPECT_EQ(opened.faults.front().error.kind, Kind::kBadSignature);
  EXPECT_EQ(walked.version, 2U);
  Put(Numbered(BundleKind::kFull, 1, 42));
  EXPECT_EQ(Open().bundles.front().verified.root_version(), 2U);
}

TEST_F(OpenMediumTest, ABundleWithABadRootIsRefusedAndNoOtherOne) {
  Put(Numbered(BundleKind::kFull, 1, 41), true);
  Flip(Put(Numbered(BundleKind::kFull, 1, 42), true), "\"root_version\": 2", 17);
  Flip(Put(Numbered(BundleKind::kFull, 1, 43), true), "\"review_by\": \"20", 17);
  const OpenedMedium opened = Open();
  EXPECT_EQ(Seqs(opened), (Numbers{41}));
  EXPECT_EQ(opened.faults.size(), 2U);
  EXPECT_EQ(opened.root.version, 2U);
}

TEST_F(OpenMediumTest, WalksBareRootFiles) {
  ASSERT_TRUE(
      bundle::WriteSignedFile(medium() / "root-0002.json", bundle::SampleHead().roots.front())
          .ok());
  bundle::Root walked = bundle::SampleRoot();
  const auto none = OpenMedium(medium(), {"ot-plant", bundle::SampleRoot(), {}, {}}, &walked);
  ASSERT_TRUE(none.ok());
  ASSERT_TRUE(none->no_bundle);
  EXPECT_EQ(none->no_bundle->kind, Kind::kNotFound);
  EXPECT_EQ(walked.version, 2U);
  EXPECT_TRUE(none->newer_roots.empty());
}

TEST_F(OpenMediumTest, ABundleOfAnotherStreamUnderThisOnesNameStandsBeforeNothing) {
  bundle::Root root = bundle::SampleRoot();
  const Uuid other = *ParseUuid("11111111-2222-4333-8444-555555555555");
  root.streams[other] = root.streams.begin()->second;
  root.streams[other].name = "lab";
  Put(Numbered(BundleKind::kFull, 1, 42));
  Manifest stranger = Numbered(BundleKind::kFull, 1, 99);
  stranger.stream = "lab";
  stranger.stream_uuid = other;
  fs::rename(Put(stranger), medium() / "ot-plant-000099-full.gfb");
  const auto opened = OpenMedium(medium(), {"ot-plant", root, {}, {}}, nullptr);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(Seqs(*opened), (Numbers{42}));
  EXPECT_EQ(opened->faults.front().error.kind, Kind::kWrongStream);
}

TEST_F(OpenMediumTest, OpensABoundedNumberNewestFirst) {
  for (std::uint64_t seq = 1; seq <= kMaxOpenBundles + 3; ++seq)
    Put(Numbered(BundleKind::kFull, 1, seq));
  const OpenedMedium opened = Open();
  EXPECT_EQ(opened.bundles.size(), kMaxOpenBundles);
  EXPECT_EQ(Seqs(opened).front(), kMaxOpenBundles + 3);
  ASSERT_EQ(opened.faults.size(), 3U);
  EXPECT_EQ(opened.faults[0].error.kind, Kind::kTooLarge);
}

TEST_F(OpenMediumTest, CheckReadsEveryBundleOfTheNewestNumber) {
  Put(Numbered(BundleKind::kFull, 1, 41));
  Put(Numbered(BundleKind::kFull, 1, 42));
  const fs::path delta = Put(Numbered(BundleKind::kDelta, 1, 42, 41));
  OpenedMedium whole = Open();
  const MediumCheck intact = CheckMedium(whole);
  EXPECT_EQ(intact.newest.size(), 2U);
  EXPECT_EQ(intact.Verdict(), "intact");
  EXPECT_THAT(intact.notes, testing::ElementsAre(HasSubstr("ot-plant 1.41 full")));
  Flip(delta, "stored bytes", 3);
  OpenedMedium damaged = Open();
  const MediumCheck check = CheckMedium(damaged);
  EXPECT_EQ(check.Verdict(), "damaged");
  EXPECT_THAT(check.faults.at(0).what, HasSubstr("ot-plant-000042-delta.gfb is damaged"));
}

TEST_F(OpenMediumTest, CheckFindsTwoStatesUnderOneNumber) {
  Put(Numbered(BundleKind::kFull, 1, 42));
  Manifest forked = Numbered(BundleKind::kDelta, 1, 43, 42);
  forked.base->state_digest[0] ^= 1;
  Put(forked);
  OpenedMedium medium = Open();
  const MediumCheck check = CheckMedium(medium);
  ASSERT_FALSE(check.faults.empty());
  EXPECT_EQ(check.faults.front().kind, Kind::kEquivocation);
}

}  // namespace
}  // namespace gapferry::importer
