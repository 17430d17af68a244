#include "bundle/volume.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "bundle/reader.h"
#include "tests/bundle/oracle.h"
#include "tests/bundle/sample.h"

namespace gapferry::bundle {
namespace {

std::string NumberedBytes(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 1;
  for (char& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

// A bundle in memory, as WriteVolume writes it.
struct Sample {
  std::string stored;
  Manifest manifest;
  std::string name;
  std::string volume;

  explicit Sample(std::size_t stored_size, Manifest base = SampleManifest())
      : manifest(std::move(base)) {
    stored = NumberedBytes(stored_size);
    if (manifest.payload) manifest.payload = PayloadOf(stored, "plain");
    const TemporaryFolder folder;
    const Fd fd(::open(folder.Write("stored", stored).c_str(), O_RDONLY | O_CLOEXEC));
    auto written = WriteVolume(folder.path(), SampleHead(manifest), fd.get());
    EXPECT_TRUE(written.ok()) << written.error().what;
    name = written->path.filename().string();
    volume = folder.Read(name);
    EXPECT_EQ(written->size, volume.size());
    EXPECT_EQ(written->digest, Hash512(AsBytes(volume)));
  }
};

Result<BundleReader> OpenBytes(const std::vector<std::string>& volumes) {
  std::vector<std::unique_ptr<ByteSource>> sources;
  for (const std::string& bytes : volumes) {
    sources.push_back(
        std::make_unique<MemorySource>(fmt::format("volume-{}.gfb", sources.size() + 1), bytes));
  }
  return BundleReader::Open(std::move(sources));
}

// The whole way of an importer that holds root 1; what the sink saw goes to `seen`.
Status ReadAll(const std::vector<std::string>& volumes, std::string& seen) {
  GF_TRY(BundleReader reader, OpenBytes(volumes));
  Root root = SampleRoot();
  GF_CHECK(reader.WalkRoots(root));
  GF_CHECK(reader.CheckSignatures(root));
  return reader.ReadPayload([&](ByteView chunk) {
    seen += AsText(chunk);
    return Ok();
  });
}

Kind KindOfVolumes(const std::vector<std::string>& volumes) {
  std::string seen;
  const Status status = ReadAll(volumes, seen);
  return status.ok() ? Kind::kInternal : status.error().kind;
}

// One volume with the chunks from `from` to `to` of `sample`, as a resplit would write it.
std::string Part(const Sample& sample, std::size_t from, std::size_t to) {
  std::string bytes;
  const auto members = HeadMembers(SampleHead(sample.manifest));
  for (const auto& [name, content] : *members) {
    bytes += EncodeMember(name, content);
  }
  for (std::size_t i = from; i < to; ++i) {
    bytes += EncodeMember(ChunkMemberName(i), sample.stored.substr(i * kChunkBytes, kChunkBytes));
  }
  return bytes + std::string(kEndBytes, '\0');
}

TEST(VolumeName, RoundTripsAndIsStrict) {
  for (const VolumeName& name : {VolumeName{"ot-plant", 1, 42, BundleKind::kFull, 1, 1},
                                 VolumeName{"ot-plant", 2, 42, BundleKind::kFull, 1, 1},
                                 VolumeName{"ot-2", 12, 7, BundleKind::kDelta, 3, 10},
                                 VolumeName{"a", 1, 1234567, BundleKind::kDelta, 2, 3},
                                 VolumeName{"a-v1of2", 1, 1, BundleKind::kHeartbeat, 1, 1}}) {
    EXPECT_EQ(ParseVolumeName(FormatVolumeName(name)), name);
  }
  EXPECT_EQ(FormatVolumeName({"ot-plant", 1, 42, BundleKind::kFull, 2, 3}),
            "ot-plant-000042-full-v2of3.gfb");
  EXPECT_EQ(FormatVolumeName({"ot-plant", 2, 42, BundleKind::kFull, 1, 1}),
            "ot-plant-2.000042-full.gfb");
  for (const char* name :
       {"", ".gfb", "ot-42-full.gfb", "ot-000042-full.tar", "-000042-full.gfb",
        "OT-000042-full.gfb", "ot-000042-full-v0of3.gfb", "ot-000042-full-v4of3.gfb",
        "ot-000042-full-v1of1.gfb", "full.gfb", "-full.gfb", "000042-full.gfb",
        "ot-0.000042-full.gfb", "ot-1.000042-full.gfb", "ot-02.000042-full.gfb", "ot-2.42-full.gfb",
        "ot-2.-full.gfb", "ot-.000042-full.gfb", "ot-2.3.000042-full.gfb"}) {
    EXPECT_FALSE(ParseVolumeName(name)) << name;
  }
}

TEST(Bundle, ComesBackAsItWasWritten) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{512}, std::size_t{kChunkBytes},
                                 std::size_t{kChunkBytes} + 1, 3 * std::size_t{kChunkBytes}}) {
    const Sample sample(size);
    EXPECT_EQ(sample.name, "ot-plant-000042-full.gfb");
    std::string seen;
    const Status status = ReadAll({sample.volume}, seen);
    ASSERT_TRUE(status.ok()) << status.error().what;
    EXPECT_TRUE(seen == sample.stored);
  }
}

TEST(Bundle, HeartbeatHasNoPayload) {
  Manifest manifest = SampleManifest();
  manifest.kind = BundleKind::kHeartbeat;
  manifest.payload.reset();
  const Sample sample(0, manifest);
  EXPECT_EQ(sample.name, "ot-plant-000042-heartbeat.gfb");
  std::string seen;
  EXPECT_TRUE(ReadAll({sample.volume}, seen).ok());
  EXPECT_EQ(seen, "");
  EXPECT_EQ(KindOfVolumes({sample.volume + std::string(512, '\0')}), Kind::kMalformed);
}

TEST(WriteVolume, GivesTheSameBytesAndLeavesNothingHalfDone) {
  const TemporaryFolder folder;
  const VolumeHead head = SampleHead();
  const Fd good(
      ::open(folder.Write("stored", "stored bytes of the payload").c_str(), O_RDONLY | O_CLOEXEC));
  const Fd other(
      ::open(folder.Write("other", "stored bytes of another one").c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(WriteVolume(folder.path(), head, other.get()).error().kind, Kind::kDamaged);
  const Fd longer(::open(folder.Write("longer", "stored bytes of the payload and more").c_str(),
                         O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(WriteVolume(folder.path(), head, longer.get()).error().kind, Kind::kDamaged);
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "ot-plant-000042-full.gfb"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "ot-plant-000042-full.gfb.part"));
  std::uint64_t progress = 0;
  const auto first =
      WriteVolume(folder.path(), head, good.get(), [&](std::uint64_t bytes) { progress += bytes; });
  const auto again = WriteVolume(folder.path(), head, good.get());
  EXPECT_EQ(first->digest, again->digest);
  EXPECT_EQ(progress, 2 * first->size);
}

// Reading is by hand here: the four tools that docs/bundle-format.md §1 names.
TEST(Bundle, CanBeVerifiedByHand) {
  for (const char* tool : {"tar", "minisign", "b2sum", "zstd"}) {
    NEEDS_TOOL(tool);
  }
  const TemporaryFolder folder;
  folder.Write("plain", NumberedBytes(3 * kChunkBytes));
  ASSERT_EQ(folder.Run("zstd -q -1 plain -o stored").exit_code, 0);
  Manifest manifest = SampleManifest();
  manifest.payload = PayloadOf(folder.Read("stored"), folder.Read("plain"));
  const Fd fd(::open((folder.path() / "stored").c_str(), O_RDONLY | O_CLOEXEC));
  const auto written = WriteVolume(folder.path(), SampleHead(manifest), fd.get());
  ASSERT_TRUE(written.ok()) << written.error().what;

  EXPECT_EQ(folder.Run("tar tf *.gfb").output,
            "manifest.json\nmanifest.json.minisig\nroot-0002.json\nroot-0002.json.minisig\nroot-"
            "0002.json." +
                std::max(TestKeys().root.public_key().id, TestKeys().next_root.public_key().id,
                         [](const KeyId& a, const KeyId& b) { return a.ToString() < b.ToString(); })
                    .ToString() +
                ".minisig\npayload/00000\npayload/00001\npayload/00002\npayload/00003\n");
  ASSERT_EQ(folder.Run("mkdir out && tar xf *.gfb -C out").exit_code, 0);
  const Ran verified = folder.Run("minisign -V -m out/manifest.json -P " +
                                  TestKeys().content.public_key().ToBase64());
  EXPECT_EQ(verified.exit_code, 0) << verified.output;
  EXPECT_NE(verified.output.find("stream:ot-plant epoch:1 seq:42 kind:full"), std::string::npos);
  for (std::size_t i = 0; i < manifest.payload->chunks.size(); ++i) {
    const Ran sum = folder.Run("b2sum out/" + ChunkMemberName(i));
    EXPECT_EQ(sum.output.substr(0, 128), HexEncode(manifest.payload->chunks[i].digest));
  }
  EXPECT_EQ(folder.Run("cat out/payload/* | zstd -q -d | cmp - plain").exit_code, 0);
  EXPECT_EQ(folder.Run("b2sum *.gfb").output.substr(0, 128), HexEncode(written->digest));
}

// Where the untrusted comment of each signature lies: the only bytes that nobody signed.
std::vector<std::pair<std::size_t, std::size_t>> UntrustedRanges(const std::string& volume) {
  constexpr std::string_view kPrefix = "untrusted comment: ";
  std::vector<std::pair<std::size_t, std::size_t>> ranges;
  for (std::size_t at = volume.find(kPrefix); at != std::string::npos;
       at = volume.find(kPrefix, at + 1)) {
    ranges.emplace_back(at + kPrefix.size(), volume.find('\n', at));
  }
  return ranges;
}

TEST(Bundle, RefusesEverySingleBitFlip) {
  const Sample sample(700);
  const auto untrusted = UntrustedRanges(sample.volume);
  ASSERT_EQ(untrusted.size(), 3U);
  std::size_t accepted = 0;
  for (std::size_t byte = 0; byte < sample.volume.size(); ++byte) {
    const bool is_untrusted =
        std::any_of(untrusted.begin(), untrusted.end(),
                    [&](const auto& range) { return byte >= range.first && byte < range.second; });
    for (int bit = 0; bit < 8; ++bit) {
      std::string altered = sample.volume;
      altered[byte] = static_cast<char>(altered[byte] ^ 1 << bit);
      std::string seen;
      if (ReadAll({altered}, seen).ok()) {
        EXPECT_TRUE(is_untrusted) << "byte " << byte << " bit " << bit;
        ++accepted;
      }
      // Whatever the sink saw is a run of unaltered chunks.
      EXPECT_TRUE(seen.empty() || seen == sample.stored) << "byte " << byte;
    }
  }
  EXPECT_GT(accepted, 0U);
}

TEST(Bundle, RefusesEveryTruncationAndSaysIncomplete) {
  const Sample sample(700);
  for (std::size_t size = 0; size < sample.volume.size(); ++size) {
    std::string seen;
    const Status status = ReadAll({sample.volume.substr(0, size)}, seen);
    ASSERT_FALSE(status.ok()) << size;
    EXPECT_EQ(status.error().kind, Kind::kIncomplete) << size << " " << status.error().what;
    EXPECT_EQ(seen, "");
  }
}

TEST(Bundle, NamesTheDamagedChunkAndGivesTheGoodOnesBefore) {
  const Sample sample(3 * kChunkBytes);
  std::string altered = sample.volume;
  const std::size_t second = altered.find("payload/00001");
  altered[second + kBlockBytes + 5] ^= 1;
  std::string seen;
  const Status status = ReadAll({altered}, seen);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind, Kind::kDamaged);
  EXPECT_NE(status.error().what.find(fmt::format("chunk 1 of 3, bytes {} to {}", second,
                                                 second + kBlockBytes + kChunkBytes)),
            std::string::npos)
      << status.error().what;
  EXPECT_TRUE(seen == sample.stored.substr(0, kChunkBytes));

  altered[altered.find("payload/00002") + kBlockBytes] ^= 1;
  auto reader = OpenBytes({altered});
  ASSERT_TRUE(reader->CheckSignatures(SampleRoot()).ok());
  EXPECT_EQ(reader->FindDamage().size(), 2U);
}

// One volume is cut, another damaged, the third whole: exactly the two are named.
TEST(FindDamage, NamesEveryFaultAndNoWholeVolume) {
  const Sample sample(4 * kChunkBytes);
  const std::string cut = Part(sample, 0, 2).substr(0, 5 << 20);
  std::string altered = Part(sample, 2, 3);
  altered[altered.size() - kEndBytes - 1] ^= 1;
  auto reader = OpenBytes({cut, altered, Part(sample, 3, 4)});
  ASSERT_TRUE(reader->CheckSignatures(SampleRoot()).ok());
  const std::vector<Error> faults = reader->FindDamage();
  ASSERT_EQ(faults.size(), 2U);
  EXPECT_EQ(faults[0].kind, Kind::kIncomplete);
  EXPECT_NE(faults[0].what.find("volume-1.gfb"), std::string::npos);
  EXPECT_EQ(faults[1].kind, Kind::kDamaged);
  EXPECT_NE(faults[1].what.find("volume-2.gfb"), std::string::npos);

  auto whole = OpenBytes({sample.volume});
  EXPECT_EQ(whole->FindDamage().front().kind, Kind::kNotReady);
  ASSERT_TRUE(whole->CheckSignatures(SampleRoot()).ok());
  EXPECT_TRUE(whole->FindDamage().empty());
}

TEST(Bundle, SaysHowMuchOfACopyIsThere) {
  const Sample sample(3 * kChunkBytes);
  for (const std::size_t cut :
       {std::size_t{1}, std::size_t{kEndBytes}, std::size_t{kChunkBytes},
        std::size_t{kChunkBytes} + kBlockBytes, 2 * std::size_t{kChunkBytes}}) {
    EXPECT_EQ(KindOfVolumes({sample.volume.substr(0, sample.volume.size() - cut)}),
              Kind::kIncomplete)
        << cut;
  }
  EXPECT_EQ(KindOfVolumes({sample.volume + std::string(1, '\0')}), Kind::kMalformed);
  EXPECT_EQ(KindOfVolumes({sample.volume + std::string(512, '\0')}), Kind::kMalformed);
  EXPECT_EQ(KindOfVolumes({sample.volume + sample.volume}), Kind::kMalformed);
}

TEST(Bundle, IsReadFromSeveralVolumesInAnyOrder) {
  const Sample sample(4 * kChunkBytes - 7);
  const std::string a = Part(sample, 0, 1);
  const std::string b = Part(sample, 1, 3);
  const std::string c = Part(sample, 3, 4);
  for (const auto& volumes :
       std::vector<std::vector<std::string>>{{a, b, c},
                                             {c, a, b},
                                             {c, b, a, a},
                                             {sample.volume, b},
                                             {Part(sample, 0, 3), Part(sample, 2, 4)}}) {
    std::string seen;
    const Status status = ReadAll(volumes, seen);
    ASSERT_TRUE(status.ok()) << status.error().what;
    EXPECT_TRUE(seen == sample.stored);
  }
  EXPECT_EQ(KindOfVolumes({a, c}), Kind::kIncomplete);
  EXPECT_EQ(KindOfVolumes({a, b}), Kind::kIncomplete);
  EXPECT_EQ(KindOfVolumes({a, b.substr(0, b.size() - 1), c}), Kind::kIncomplete);
  Manifest other = sample.manifest;
  other.seq = 43;
  EXPECT_EQ(KindOfVolumes({a, b, Part(Sample(sample.stored.size(), other), 3, 4)}),
            Kind::kMalformed);
  EXPECT_NE(KindOfVolumes({Part(sample, 1, 2) + Part(sample, 2, 3), a, c}), Kind::kInternal);
}

// Members that have no place where they stand.
TEST(Open, RefusesForeignMissingAndRepeatedMembers) {
  const Sample sample(10);
  const auto members = *HeadMembers(SampleHead(sample.manifest));
  const auto head = [&](const std::vector<std::size_t>& order) {
    std::string bytes;
    for (const std::size_t i : order) {
      bytes += EncodeMember(members[i].first, members[i].second);
    }
    return bytes;
  };
  const std::string rest =
      EncodeMember("payload/00000", sample.stored) + std::string(kEndBytes, '\0');
  ASSERT_EQ(head({0, 1, 2, 3, 4}) + rest, sample.volume);
  for (const auto& order : std::vector<std::vector<std::size_t>>{{},
                                                                 {0},
                                                                 {1, 0},
                                                                 {0, 2, 3},
                                                                 {0, 1, 2},
                                                                 {0, 0, 1},
                                                                 {0, 1, 1},
                                                                 {0, 1, 3},
                                                                 {2, 3, 0, 1},
                                                                 {0, 1, 2, 4},
                                                                 {0, 1, 2, 3, 4, 4}}) {
    EXPECT_EQ(KindOfVolumes({head(order) + rest}), Kind::kMalformed);
  }
  EXPECT_EQ(KindOfVolumes({head({0, 1}) + EncodeMember("README.txt", "x") + rest}),
            Kind::kMalformed);
  EXPECT_EQ(KindOfVolumes({head({0, 1}) + EncodeMember("payload/00000", sample.stored) + rest}),
            Kind::kMalformed);
  EXPECT_EQ(KindOfVolumes({head({0, 1}) + EncodeMember("payload/0", sample.stored) +
                           std::string(kEndBytes, '\0')}),
            Kind::kMalformed);
  EXPECT_EQ(KindOfVolumes({head({0, 1}) + EncodeMember("payload/00001", sample.stored) +
                           std::string(kEndBytes, '\0')}),
            Kind::kMalformed);
  EXPECT_EQ(KindOfVolumes(
                {EncodeMember("manifest.json", std::string(kMaxManifestBytes + 1, ' ')) + rest}),
            Kind::kTooLarge);
}

TEST(ReadPayload, GivesNothingBeforeTheSignaturesAreChecked) {
  const Sample sample(10);
  auto reader = OpenBytes({sample.volume});
  bool called = false;
  const Status status = reader->ReadPayload([&](ByteView) {
    called = true;
    return Ok();
  });
  EXPECT_EQ(status.error().kind, Kind::kNotReady);
  EXPECT_FALSE(called);
}

TEST(ReadPayload, EndsWithTheErrorOfItsSink) {
  const Sample sample(2 * kChunkBytes);
  auto reader = OpenBytes({sample.volume});
  ASSERT_TRUE(reader->CheckSignatures(SampleRoot()).ok());
  int calls = 0;
  const Status status = reader->ReadPayload([&](ByteView) -> Status {
    ++calls;
    return Error::Make(Kind::kSandbox, "the child is gone");
  });
  EXPECT_EQ(status.error().kind, Kind::kSandbox);
  EXPECT_EQ(calls, 1);
}

// Two copies of a volume, each with another chunk damaged: together they are whole.
TEST(ReadPayload, TakesEachChunkFromWhicheverVolumeHasItWhole) {
  const Sample sample(3 * kChunkBytes);
  std::string first = sample.volume;
  std::string second = sample.volume;
  first[first.find("payload/00000") + kBlockBytes] ^= 1;
  second[second.find("payload/00002") + kBlockBytes] ^= 1;
  std::string seen;
  const Status status = ReadAll({first, second}, seen);
  ASSERT_TRUE(status.ok()) << status.error().what;
  EXPECT_TRUE(seen == sample.stored);
  auto reader = OpenBytes({first, second});
  ASSERT_TRUE(reader->CheckSignatures(SampleRoot()).ok());
  EXPECT_EQ(reader->FindDamage().size(), 2U);
  EXPECT_TRUE(reader->MissingChunks().empty());
}

TEST(MissingChunks, NamesThem) {
  const Sample sample(4 * kChunkBytes);
  auto reader = OpenBytes({Part(sample, 1, 2)});
  ASSERT_TRUE(reader->CheckSignatures(SampleRoot()).ok());
  EXPECT_TRUE(reader->FindDamage().empty());
  EXPECT_EQ(reader->MissingChunks(), (std::vector<std::size_t>{0, 2, 3}));
}

TEST(FileSource, ReadsARegularFileAndFollowsNoLink) {
  const TemporaryFolder folder;
  const Sample sample(100);
  const std::string path = folder.Write("a.gfb", sample.volume);
  std::filesystem::create_symlink(path, folder.path() / "link.gfb");
  EXPECT_FALSE(FileSource::Open(folder.path() / "link.gfb").ok());
  auto source = FileSource::Open(path);
  ASSERT_TRUE(source.ok());
  std::vector<std::unique_ptr<ByteSource>> sources;
  sources.push_back(std::move(source).value());
  auto reader = BundleReader::Open(std::move(sources));
  ASSERT_TRUE(reader.ok());
  ASSERT_TRUE(reader->CheckSignatures(SampleRoot()).ok());
  EXPECT_TRUE(reader->ReadPayload([](ByteView) { return Ok(); }).ok());
}

}  // namespace
}  // namespace gapferry::bundle
