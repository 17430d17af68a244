// bundle/volume_plan.h: how a bundle is cut into files. Pure: sizes in, sizes out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "bundle/manifest.h"
#include "bundle/volume.h"

namespace gapferry::bundle {

// The largest file of FAT32: its directory entry has 32 bits for the size (Microsoft, "FAT32 File
// System Specification" 1.03, DIR_FileSize).
constexpr std::uint64_t kFat32FileBytes = 0xFFFFFFFF;
// What discs hold, in sectors of 2048 bytes; where two kinds share a name, the smaller one. CD-R of
// 74 minutes (Orange Book: 75 sectors a second, 333,000 of them), DVD+R of one layer (ECMA-349:
// 2,295,104), BD-R of one layer (12,219,392, as the drives of all makers report).
constexpr std::uint64_t kCdBytes = 333'000ULL * 2048;
constexpr std::uint64_t kDvdBytes = 2'295'104ULL * 2048;
constexpr std::uint64_t kBdBytes = 12'219'392ULL * 2048;
// Left on a disc for the file system's own structures (ISO 9660 with UDF: about 1 MiB), the first
// root and the label.
constexpr std::uint64_t kDiscReserve = 4 << 20;
// The least size that a person may ask for: always enough for the largest head and one chunk.
constexpr std::uint64_t kMinVolumeBytes = 16 << 20;
// Left in each volume for signatures that are added later (`sign`): sixteen of at most 1 KiB, the
// header included.
constexpr std::uint64_t kSignatureReserve = 16 << 10;
// Of one bundle: as many files a reader may have to hold open at once.
constexpr std::size_t kMaxVolumes = 256;

// "fat32", "cd", "dvd", "bd", or a number of bytes with K, M or G (powers of 1024).
// Error: kUsage, with what would be right; also below kMinVolumeBytes.
[[nodiscard]] Result<std::uint64_t> ParseVolumeSize(std::string_view text);

struct VolumePart {
  std::size_t first_chunk = 0;
  std::size_t end_chunk = 0;
  std::uint64_t bytes = 0;  // of the file
};

// As few volumes as hold all chunks, none larger than `max_bytes`, every one with `head_bytes`
// before its chunks. A heartbeat is one volume without chunks. Error: kTooLarge if not even one
// chunk fits, or for more than kMaxVolumes.
[[nodiscard]] Result<std::vector<VolumePart>> PlanVolumes(const Manifest& manifest,
                                                          std::uint64_t head_bytes,
                                                          std::uint64_t max_bytes);

// Header, content and padding of one chunk.
[[nodiscard]] std::uint64_t StoredBytesOf(const Chunk& chunk);

}  // namespace gapferry::bundle
