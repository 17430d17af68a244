#include "bundle/ustar.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/bundle/oracle.h"

namespace gapferry::bundle {
namespace {

std::string Archive() {
  return EncodeMember("manifest.json", "{}\n") +
         EncodeMember("payload/00000", std::string(1000, 'x')) + std::string(kEndBytes, '\0');
}

TEST(Ustar, IsReadByTarAndBsdtar) {
  NEEDS_TOOL("tar");
  NEEDS_TOOL("bsdtar");
  const TemporaryFolder folder;
  folder.Write("a.gfb", Archive());
  const std::string names = "manifest.json\npayload/00000\n";
  EXPECT_EQ(folder.Run("tar tf a.gfb").output, names);
  EXPECT_EQ(folder.Run("bsdtar tf a.gfb").output, names);
  ASSERT_EQ(folder.Run("tar xf a.gfb").exit_code, 0);
  EXPECT_EQ(folder.Read("payload/00000"), std::string(1000, 'x'));
}

// A header as GNU tar writes it from 1.35 on: its checksum is less by the digits that it leaves
// out.
Block WithoutDeviceNumbers(Block block) {
  constexpr std::size_t kDevices = 329;
  std::fill_n(block.begin() + kDevices, 16, std::uint8_t{0});
  const std::string sum(AsText(block).substr(148, 6));
  const std::string less = fmt::format("{:06o}", std::stoi(sum, nullptr, 8) - 14 * '0');
  std::copy(less.begin(), less.end(), block.begin() + 148);
  return block;
}

// The other way round: GNU tar can be told to write the very same bytes, but for the device
// numbers.
TEST(Ustar, IsWhatTarWritesWithFixedFields) {
  NEEDS_TOOL("tar");
  const TemporaryFolder folder;
  folder.Write("manifest.json", "{}\n");
  const Ran ran = folder.Run(
      "chmod 644 manifest.json && tar --format=ustar -b2 --owner=0 --group=0 --numeric-owner "
      "--mtime=@0 -cf t "
      "manifest.json");
  ASSERT_EQ(ran.exit_code, 0) << ran.output;
  const std::string written = folder.Read("t");
  ASSERT_GE(written.size(), kBlockBytes);
  Block header;
  std::copy_n(written.begin(), kBlockBytes, header.begin());
  EXPECT_TRUE(IsHeaderOf({"manifest.json", 3}, header));
  EXPECT_EQ(written.substr(kBlockBytes), EncodeMember("manifest.json", "{}\n").substr(kBlockBytes) +
                                             std::string(kEndBytes, '\0'));
}

TEST(DecodeHeader, TakesEmptyDeviceNumbers) {
  const Member member{"payload/00000", 1234};
  const Block block = WithoutDeviceNumbers(EncodeHeader(member));
  ASSERT_NE(block, EncodeHeader(member));
  auto decoded = DecodeHeader(block);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->name, member.name);
  EXPECT_EQ(decoded->size, member.size);
  EXPECT_FALSE(IsHeaderOf({"payload/00000", 1235}, block));
}

TEST(DecodeHeader, TakesWhatEncodeHeaderWrites) {
  for (const Member& member :
       {Member{"a", 0}, Member{"payload/00000", 4 << 20}, Member{std::string(99, 'n'), 1},
        Member{"root-0002.json.minisig", kMaxMemberSize}}) {
    auto decoded = DecodeHeader(EncodeHeader(member));
    ASSERT_TRUE(decoded.ok());
    EXPECT_EQ(decoded->name, member.name);
    EXPECT_EQ(decoded->size, member.size);
  }
}

// Property: every bit of a header is checked. A changed name or size breaks the checksum.
TEST(DecodeHeader, RefusesEverySingleBitFlip) {
  const Block ours = EncodeHeader({"payload/00000", 1234});
  for (const Block& good : {ours, WithoutDeviceNumbers(ours)}) {
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
      Block bad = good;
      bad[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
      EXPECT_FALSE(DecodeHeader(bad).ok()) << "bit " << bit;
    }
  }
}

// Changes a field and makes the checksum right again, as an attacker would.
Block Hostile(std::size_t at, std::string_view text) {
  Block block = EncodeHeader({"payload/00000", 1234});
  std::copy(text.begin(), text.end(), block.begin() + static_cast<std::ptrdiff_t>(at));
  std::fill_n(block.begin() + 148, 8, ' ');
  unsigned sum = 0;
  for (std::uint8_t byte : block) {
    sum += byte;
  }
  const std::string digits = fmt::format("{:06o}", sum);
  std::copy(digits.begin(), digits.end(), block.begin() + 148);
  block[154] = 0;
  return block;
}

TEST(DecodeHeader, RefusesHostileHeadersWithARightChecksum) {
  ASSERT_TRUE(DecodeHeader(Hostile(0, "payload/00001")).ok());
  const std::vector<std::pair<std::size_t, std::string>> cases = {
      {0, "/etc/passwd\0\0"},
      {0, "../../secret"},
      {0, "a/../../secret"},
      {0, "pay\x1b[2J/00000"},
      {100, "0000755"},
      {100, "0004644"},
      {108, "0001750"},
      {116, "0001750"},
      {124, "-0000000001"},
      {124, "\x80"},
      {124, "     1234  "},
      {136, "14000000000"},
      {156, "1"},
      {156, "2"},
      {156, "5"},
      {156, "x"},
      {156, "L"},
      {156, std::string(1, '\0')},
      {157, "target"},
      {257, "ustar "},
      {263, " \0"},
      {265, "root"},
      {297, "root"},
      {329, "0000001"},
      {329, std::string(8, '\0')},  // both or none
      {337, std::string(8, '\0')},
      {345, "prefix"},
      {500, "x"},
      {20, "hidden"},
  };
  for (const auto& [at, text] : cases) {
    EXPECT_FALSE(DecodeHeader(Hostile(at, text)).ok()) << at << " " << text;
  }
  EXPECT_FALSE(DecodeHeader(Block{}).ok());
}

}  // namespace
}  // namespace gapferry::bundle
