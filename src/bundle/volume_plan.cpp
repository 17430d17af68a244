#include "bundle/volume_plan.h"

#include <array>
#include <charconv>

#include "base/console.h"
#include "bundle/root.h"
#include "bundle/ustar.h"

namespace gapferry::bundle {
namespace {

struct NamedSize {
  std::string_view name;
  std::uint64_t bytes;
};
constexpr std::array<NamedSize, 4> kNamedSizes{{
    {"fat32", kFat32FileBytes},
    {"cd", kCdBytes - kDiscReserve},
    {"dvd", kDvdBytes - kDiscReserve},
    {"bd", kBdBytes - kDiscReserve},
}};

constexpr std::uint64_t kMostVolumeBytes = 1ULL << 50;

// The largest head (kMaxHeadBytes) with a header and padding for every member, and a whole chunk.
constexpr std::uint64_t kMostHeadMembers = (1 + kMaxRootsInVolume) * (1 + kMaxSignatures);
static_assert(kMaxHeadBytes + kMostHeadMembers * 2 * kBlockBytes + kBlockBytes + kChunkBytes +
                  kEndBytes + kSignatureReserve <
              kMinVolumeBytes);

std::uint64_t UnitOf(std::string_view unit) {
  if (unit.empty()) return 1;
  if (unit == "K") return 1 << 10;
  if (unit == "M") return 1 << 20;
  return unit == "G" ? 1 << 30 : 0;
}

}  // namespace

Result<std::uint64_t> ParseVolumeSize(std::string_view text) {
  for (const NamedSize& named : kNamedSizes) {
    if (text == named.name) return named.bytes;
  }
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  const std::uint64_t unit = UnitOf({stop, static_cast<std::size_t>(end - stop)});
  if (error != std::errc{} || unit == 0 || number > kMostVolumeBytes / unit) {
    return Error::Make(Kind::kUsage,
                       "\"{}\" is no volume size: it is fat32, cd, dvd, bd, or a number of bytes, "
                       "also with K, M or G",
                       text);
  }
  if (number * unit < kMinVolumeBytes) {
    return Error::Make(Kind::kUsage, "a volume of {} bytes is too small; the least is {}M",
                       number * unit, kMinVolumeBytes >> 20);
  }
  return number * unit;
}

std::uint64_t StoredBytesOf(const Chunk& chunk) {
  return kBlockBytes + chunk.size + PaddingOf(chunk.size);
}

Result<std::vector<VolumePart>> PlanVolumes(const Manifest& manifest, std::uint64_t head_bytes,
                                            std::uint64_t max_bytes) {
  const std::uint64_t frame = head_bytes + kEndBytes;
  std::vector<VolumePart> parts{{0, 0, frame}};
  if (!manifest.payload) return parts;
  for (const Chunk& chunk : manifest.payload->chunks) {
    const std::uint64_t more = StoredBytesOf(chunk);
    if (frame + more + kSignatureReserve > max_bytes) {
      return Error::Make(Kind::kTooLarge,
                         "a volume of {} bytes cannot hold the {} bytes before the payload and one "
                         "chunk of {}",
                         max_bytes, head_bytes, more);
    }
    const std::size_t index = parts.back().end_chunk;
    if (parts.back().bytes + more + kSignatureReserve > max_bytes)
      parts.push_back({index, index, frame});
    parts.back().bytes += more;
    parts.back().end_chunk = index + 1;
  }
  if (parts.size() <= kMaxVolumes) return parts;
  return Error::Make(Kind::kTooLarge, "{} volumes of {}; the limit is {} volumes", parts.size(),
                     HumanBytes(max_bytes), kMaxVolumes)
      .Hint("take a larger --volume-size");
}

}  // namespace gapferry::bundle
