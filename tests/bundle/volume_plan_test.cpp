#include "bundle/volume_plan.h"

#include "tests/bundle/sample.h"

namespace gapferry::bundle {
namespace {

Manifest WithChunks(std::size_t whole, std::uint32_t last) {
  Manifest manifest = SampleManifest();
  manifest.payload->stored_size = whole * std::uint64_t{kChunkBytes} + last;
  manifest.payload->chunks.assign(whole, {kChunkBytes, {}});
  if (last > 0) manifest.payload->chunks.push_back({last, {}});
  return manifest;
}

TEST(ParseVolumeSize, KnowsMediaAndNumbers) {
  EXPECT_EQ(*ParseVolumeSize("fat32"), 4294967295U);
  EXPECT_EQ(*ParseVolumeSize("16M"), 16U << 20);
  EXPECT_EQ(*ParseVolumeSize("16384K"), 16U << 20);
  EXPECT_EQ(*ParseVolumeSize("2G"), std::uint64_t{2} << 30);
  EXPECT_EQ(*ParseVolumeSize("20000000"), 20000000U);
  // The advertised capacities (decimal) are the upper bounds, less some room.
  EXPECT_LT(*ParseVolumeSize("cd"), 682'000'000U);
  EXPECT_GT(*ParseVolumeSize("cd"), 670'000'000U);
  EXPECT_LT(*ParseVolumeSize("dvd"), 4'700'372'992U);
  EXPECT_LT(*ParseVolumeSize("bd"), 25'025'314'816U);
  for (const char* wrong : {"", "fat16", "FAT32", "M", "-1", "16 M", "16T", "16MB", "1.5G", "15M",
                            "0", "99999999999999999999", "9999999999G", "+16M", "0x1000000"}) {
    const auto size = ParseVolumeSize(wrong);
    ASSERT_FALSE(size.ok()) << wrong;
    EXPECT_EQ(size.error().kind, Kind::kUsage) << wrong;
  }
}

// Property: the parts cover the table in order without gap or overlap, keep the limit, and no two
// neighbours would fit into one.
TEST(PlanVolumes, CoversAllChunksWithinTheLimit) {
  for (const std::size_t chunks : {1U, 2U, 3U, 7U, 40U}) {
    for (const std::uint64_t limit :
         {kMinVolumeBytes, kMinVolumeBytes + 1, std::uint64_t{30'000'000}, kFat32FileBytes}) {
      const Manifest manifest = WithChunks(chunks, 100);
      const auto parts = PlanVolumes(manifest, 5120, limit);
      ASSERT_TRUE(parts.ok());
      std::size_t next = 0;
      for (std::size_t i = 0; i < parts->size(); ++i) {
        const VolumePart& part = (*parts)[i];
        EXPECT_EQ(part.first_chunk, next);
        EXPECT_GT(part.end_chunk, part.first_chunk);
        next = part.end_chunk;
        EXPECT_LE(part.bytes + kSignatureReserve, limit);
        if (next <= chunks) {
          EXPECT_GT(part.bytes + StoredBytesOf(manifest.payload->chunks[next]) + kSignatureReserve,
                    limit);
        }
      }
      EXPECT_EQ(next, chunks + 1);
    }
  }
}

TEST(PlanVolumes, AHeartbeatIsOneVolumeAndTooManyAreRefused) {
  Manifest manifest = SampleManifest();
  manifest.payload.reset();
  EXPECT_EQ(PlanVolumes(manifest, 5120, kMinVolumeBytes)->size(), 1U);
  EXPECT_EQ(PlanVolumes(WithChunks(2000, 0), 5120, kMinVolumeBytes).error().kind, Kind::kTooLarge);
  EXPECT_EQ(PlanVolumes(WithChunks(1, 0), 5120, kChunkBytes).error().kind, Kind::kTooLarge);
}

}  // namespace
}  // namespace gapferry::bundle
