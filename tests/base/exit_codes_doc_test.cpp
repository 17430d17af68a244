#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"

namespace gapferry {
namespace {

// The table of docs/exit-codes.md, as `explain` would tell it.
std::string Table() {
  std::string table = "| code | name | what it means | what to do |\n|---|---|---|---|\n";
  table += "| 0 | | done, or nothing to do | |\n";
  for (const KindInfo& info : AllKinds()) {
    table += fmt::format("| {} | `{}` | {} | {} |\n", info.exit_code, info.name, info.summary,
                         info.remedy);
  }
  return table;
}

TEST(ExitCodesPage, HoldsTheTableOfKinds) {
  const auto page = ReadFile(GAPFERRY_SOURCE_DIR "/docs/exit-codes.md", 1 << 20);
  ASSERT_TRUE(page.ok());
  const std::string expected = "<!-- table: begin -->\n" + Table() + "<!-- table: end -->\n";
  EXPECT_NE(page->find(expected), std::string::npos) << "paste into docs/exit-codes.md:\n"
                                                     << expected;
}

}  // namespace
}  // namespace gapferry
