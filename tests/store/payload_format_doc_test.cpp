#include <gtest/gtest.h>

#include "base/file.h"
#include "intel/types.h"

namespace gapferry::store {
namespace {

std::string HexTypes() {
  std::string text;
  for (const intel::TypeInfo& type : intel::AllTypes()) {
    if (type.shape != intel::Shape::kHex) continue;
    text += fmt::format("{}`{}` {}", text.empty() ? "" : ", ", type.name, type.hex_length);
  }
  return text;
}

// Another reader tells a digest from an address by this list alone.
TEST(PayloadFormatPage, ListsTheTypesWhoseValuesAreDigests) {
  const auto page = ReadFile(GAPFERRY_SOURCE_DIR "/docs/payload-format.md", 1 << 20);
  ASSERT_TRUE(page.ok());
  const std::string expected =
      "<!-- hex types: begin -->\n" + HexTypes() + "\n<!-- hex types: end -->\n";
  EXPECT_NE(page->find(expected), std::string::npos) << "paste into §4.1:\n" << expected;
}

TEST(PayloadFormatPage, KnowsTheTwoTypesWhoseValuesAreAddresses) {
  std::vector<std::string_view> addresses;
  for (const intel::TypeInfo& type : intel::AllTypes()) {
    if (type.shape == intel::Shape::kAddress) addresses.push_back(type.name);
  }
  EXPECT_EQ(addresses, (std::vector<std::string_view>{"ip-dst", "ip-src"}));
}

}  // namespace
}  // namespace gapferry::store
