// rooms: bundle
// The header of a member, and names of volumes. Property: what is taken is exactly what would be
// written. A header is tried as it came and with its checksum mended, which no mutation would hit.
#include "bundle/ustar.h"

#include <algorithm>
#include <numeric>

#include "bundle/volume.h"
#include "tests/fuzz/fuzz.h"

using namespace gapferry;
using namespace gapferry::bundle;

namespace {

constexpr std::size_t kChecksumAt = 148;

void MendChecksum(Block* block) {
  const auto field = block->begin() + kChecksumAt;
  std::fill_n(field, 8, ' ');
  const std::string digits =
      fmt::format("{:06o}", std::accumulate(block->begin(), block->end(), 0U));
  std::copy(digits.begin(), digits.end(), field);
  field[6] = 0;
}

void Check(const Block& block) {
  auto member = DecodeHeader(block);
  if (!member.ok()) return;
  FUZZ_CHECK(IsHeaderOf(*member, block));
  FUZZ_CHECK(IsMemberName(member->name) && member->size <= kMaxMemberSize);
  FUZZ_CHECK((member->size + PaddingOf(member->size)) % kBlockBytes == 0);
}

std::string HeaderOf(const Member& member) {
  return std::string(AsText(EncodeHeader(member)));
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  return {HeaderOf({"manifest.json", 4711}), HeaderOf({"payload/00042", kMaxMemberSize}),
          HeaderOf({std::string(kMaxMemberName, 'a'), 0}),
          FormatVolumeName({"ot-plant", 1, 42, BundleKind::kFull, 1, 1}),
          FormatVolumeName({"a", 2, 12345678, BundleKind::kDelta, 2, 3})};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Block block{};
  std::copy_n(data, std::min(size, block.size()), block.begin());
  Check(block);
  MendChecksum(&block);
  Check(block);
  const std::string_view text = AsText({data, size});
  if (const auto name = ParseVolumeName(text)) FUZZ_CHECK(FormatVolumeName(*name) == text);
  return 0;
}
