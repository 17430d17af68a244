#include "bundle/volume_writer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <algorithm>

#include "bundle/label.h"
#include "bundle/medium_writer.h"
#include "bundle/resplit.h"
#include "tests/bundle/oracle.h"
#include "tests/bundle/sample.h"

namespace gapferry::bundle {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

// A bundle of `chunks` whole chunks, ready to be written.
struct Stored {
  TemporaryFolder folder;
  std::string bytes;
  VolumeHead head;
  Fd fd;

  explicit Stored(std::size_t chunks, Manifest manifest = SampleManifest()) {
    for (std::size_t i = 0; i < chunks; ++i)
      bytes += std::string(kChunkBytes, static_cast<char>('a' + i));
    manifest.payload = PayloadOf(bytes, "plain");
    head = SampleHead(manifest);
    fd = Fd(::open(folder.Write("stored", bytes).c_str(), O_RDONLY | O_CLOEXEC));
  }
  [[nodiscard]] std::vector<std::string> Names(const fs::path& in) const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(in))
      names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }
  [[nodiscard]] fs::path out() const {
    fs::create_directories(folder.path() / "out");
    return folder.path() / "out";
  }
};

constexpr std::uint64_t kTwoChunks = 9 << 20;

TEST(WriteVolumes, NamesThemOnlyWhenAllAreThere) {
  const Stored stored(5);
  const Manifest manifest = *ParseManifest(stored.head.manifest.bytes);
  const MemberList members = *HeadMembers(stored.head);
  const auto parts = *PlanVolumes(manifest, StoredBytesOf(members), kTwoChunks);
  ASSERT_EQ(parts.size(), 3U);
  const ChunkSource good = ChunksOfFile(stored.fd.get(), *manifest.payload);
  // The last chunk fails: what came before was written and read back, and is gone again.
  std::vector<std::string> while_writing;
  const ChunkSource failing = [&](std::size_t index) -> Result<ByteView> {
    if (index < 4) return good(index);
    while_writing = stored.Names(stored.out());
    return Error::Make(Kind::kIo, "the medium was pulled out");
  };
  const auto failed = WriteVolumes(stored.out(), manifest, members, parts, failing);
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(while_writing, (std::vector<std::string>{"ot-plant-000042-full-v1of3.gfb.part",
                                                     "ot-plant-000042-full-v2of3.gfb.part",
                                                     "ot-plant-000042-full-v3of3.gfb.part"}));
  EXPECT_TRUE(stored.Names(stored.out()).empty());
  const auto written = WriteVolumes(stored.out(), manifest, members, parts, good);
  ASSERT_TRUE(written.ok());
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ((*written)[i].size, parts[i].bytes);
    EXPECT_EQ((*written)[i].size, fs::file_size((*written)[i].path));
  }
}

TEST(Resplit, IsTheSameWhateverItWasCutFrom) {
  Stored stored(5);
  ASSERT_TRUE(WriteParts(stored.out(), stored.head, stored.fd.get(), kTwoChunks).ok());
  const fs::path one = stored.folder.path() / "one";
  const fs::path three = stored.folder.path() / "three";
  fs::create_directory(one);
  fs::create_directory(three);
  auto found = FindBundle(stored.out());
  ASSERT_TRUE(found.ok()) << found.error().what;
  EXPECT_EQ(found->paths.size(), 3U);
  ASSERT_TRUE(Resplit(*found, one, kFat32FileBytes).ok());
  auto again = FindBundle(one / "ot-plant-000042-full.gfb");
  ASSERT_TRUE(again.ok());
  ASSERT_TRUE(Resplit(*again, three, kTwoChunks).ok());
  for (const char* name : {"ot-plant-000042-full-v1of3.gfb", "ot-plant-000042-full-v2of3.gfb",
                           "ot-plant-000042-full-v3of3.gfb"}) {
    EXPECT_EQ(stored.folder.Read(fmt::format("out/{}", name)),
              stored.folder.Read(fmt::format("three/{}", name)));
  }
}

TEST(CheckRoom, SaysBothNumbersAndMeetsWhatIsInTheWay) {
  const Stored stored(1);
  const Manifest manifest = *ParseManifest(stored.head.manifest.bytes);
  const std::uint64_t huge = std::uint64_t{1} << 60;
  const auto full = CheckRoom(stored.out(), manifest, {{0, 1, huge}});
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().kind, Kind::kNoSpace);
  EXPECT_THAT(full.error().what, HasSubstr(fmt::format("needs {}", huge + (256 << 10))));
  EXPECT_EQ(CheckRoom(stored.folder.path() / "new", manifest, {{0, 1, 100}}).error().kind,
            Kind::kNotFound);
  fs::create_directory(stored.out() / "ot-plant-000042-full.gfb");
  EXPECT_EQ(CheckRoom(stored.out(), manifest, {{0, 1, 100}}).error().kind, Kind::kIo);
}

// Writes `manifest` as a medium writer would.
WrittenMedium Put(const Stored& stored, const Manifest& manifest, bool replace) {
  const VolumeHead head = SampleHead(manifest);
  const MemberList members = *HeadMembers(head);
  auto written = WriteMedium(
      stored.out(),
      {manifest, members, *PlanVolumes(manifest, StoredBytesOf(members), kFat32FileBytes),
       ChunksOfFile(stored.fd.get(), manifest.payload.value_or(Payload{})), std::nullopt},
      replace);
  EXPECT_TRUE(written.ok()) << (written.ok() ? "" : written.error().what);
  return written.ok() ? *std::move(written) : WrittenMedium{};
}

TEST(WriteMedium, ReplacesNothingThatANewBundleNeeds) {
  const Stored stored(1);
  Manifest manifest = *ParseManifest(stored.head.manifest.bytes);
  for (const std::uint64_t seq : {40U, 41U, 42U}) {
    manifest.seq = seq;
    Put(stored, manifest, false);
  }
  Manifest delta = manifest;
  delta.kind = BundleKind::kDelta;
  delta.seq = 43;
  delta.base = Base{41, {}};
  // What the delta starts from stays.
  EXPECT_EQ(Put(stored, delta, true).removed, std::vector{std::string("ot-plant-000040-full.gfb")});
  Manifest heartbeat = manifest;
  heartbeat.kind = BundleKind::kHeartbeat;
  heartbeat.seq = 43;
  heartbeat.payload.reset();
  EXPECT_TRUE(Put(stored, heartbeat, true).removed.empty());
  // A new epoch replaces all.
  Manifest epoch = manifest;
  epoch.epoch = 2;
  epoch.seq = 1;
  EXPECT_EQ(Put(stored, epoch, true).removed.size(), 4U);
  EXPECT_EQ(stored.Names(stored.out()),
            (std::vector<std::string>{"READ-ME-FIRST.txt", "ot-plant-2.000001-full.gfb"}));
}

TEST(MediumLabel, HidesCountsThatTheManifestHides) {
  Manifest manifest = SampleManifest();
  const auto label = [&] {
    const MemberList head = *HeadMembers(SampleHead(manifest));
    return MediumLabel({manifest, head, {{"a.gfb", 1}}, std::nullopt, {}});
  };
  EXPECT_THAT(label(), HasSubstr("2 events, 12 attributes"));
  EXPECT_THAT(label(), HasSubstr(TestKeys().content.public_key().id.ToString()));
  EXPECT_THAT(label(), HasSubstr("root       2, fingerprint " +
                                 Fingerprint(SerializeRoot(SampleNextRoot())).ToString()));
  manifest.counts = {};
  EXPECT_THAT(label(), testing::Not(HasSubstr("attribute")));
  manifest.kind = BundleKind::kHeartbeat;
  manifest.payload.reset();
  EXPECT_THAT(label(), testing::Not(HasSubstr("payload/*")));
}

// A medium whose second reading gives something else (fake flash, a hand on the cable).
class FickleSource final : public ByteSource {
 public:
  FickleSource(std::string bytes, bool shrinks) : bytes_(std::move(bytes)), shrinks_(shrinks) {}
  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }
  [[nodiscard]] Result<std::size_t> ReadAt(std::uint64_t offset,
                                           std::span<std::uint8_t> buffer) override {
    if (shrinks_ && buffer.size() > kChunkBytes) return std::size_t{100};
    const std::size_t length = std::min<std::size_t>(bytes_.size() - offset, buffer.size());
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), length, buffer.begin());
    if (buffer.size() > kChunkBytes) buffer[kBlockBytes + reads_++] ^= 1;
    return length;
  }

 private:
  std::string name_ = "fickle.gfb";
  std::string bytes_;
  bool shrinks_;
  std::size_t reads_ = 0;
};

TEST(ReadPayload, UsesOnlyTheBytesThatItHashed) {
  const Stored stored(1);
  const auto written = WriteVolume(stored.out(), stored.head, stored.fd.get());
  ASSERT_TRUE(written.ok());
  const std::string volume = stored.folder.Read("out/ot-plant-000042-full.gfb");
  for (const bool shrinks : {true, false}) {
    auto reader = BundleReader::OpenVolume(std::make_unique<FickleSource>(volume, shrinks));
    ASSERT_TRUE(reader.ok());
    ASSERT_TRUE(reader->CheckSignatures(SampleRoot()).ok());
    bool seen = false;
    const Status status = reader->ReadPayload([&](ByteView) {
      seen = true;
      return Ok();
    });
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().kind, shrinks ? Kind::kIncomplete : Kind::kDamaged);
    EXPECT_FALSE(seen);
  }
}

}  // namespace
}  // namespace gapferry::bundle
