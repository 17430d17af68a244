// docs/formats.md holds what the formats say of themselves, and they say what the page's prose
// claims.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "base/file.h"
#include "detect/format.h"
#include "detect/format_table.h"

namespace gapferry::detect {
namespace {

using ::testing::HasSubstr;

std::string Page() {
  auto page = ReadFile(GAPFERRY_SOURCE_DIR "/docs/formats.md", 1 << 20);
  return page.ok() ? std::move(page).value() : "";
}

TEST(FormatsPage, HoldsTheTableOfFormatsAndTypes) {
  const std::string expected =
      "<!-- table: begin -->\n" + FormatsMarkdown() + "<!-- table: end -->\n";
  EXPECT_NE(Page().find(expected), std::string::npos)
      << "put the output of gapferry-import formats --markdown between the marks of "
         "docs/formats.md";
}

TEST(FormatsTable, FormatsAreSortedByName) {
  for (std::size_t i = 1; i < AllFormats().size(); ++i)
    EXPECT_LT(AllFormats()[i - 1].name, AllFormats()[i].name);
}

std::vector<std::string> Cells(const std::string& row) {
  std::vector<std::string> cells;
  std::size_t start = 2;
  for (std::size_t end = row.find(" |", start); end != std::string::npos;
       end = row.find(" |", start)) {
    cells.push_back(row.substr(start, end - start));
    start = std::min(end + 3, row.size());
  }
  return cells;
}

// What the table of that format says in the row of that type.
std::string CellOf(const std::string& format, const std::string& type) {
  std::istringstream lines(FormatsMarkdown());
  std::vector<std::string> head;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("| type |")) head = Cells(line);
    const auto column = std::find(head.begin(), head.end(), format);
    if (!line.starts_with("| " + type + " |") || column == head.end()) continue;
    return Cells(line).at(static_cast<std::size_t>(column - head.begin()));
  }
  return "no such cell";
}

TEST(FormatsTable, SaysWhatWeKnowByHand) {
  EXPECT_EQ(CellOf("suricata", "`domain\\|ip`"), "domain, address");
  EXPECT_EQ(CellOf("suricata", "`link`, https"), "– (https-url-inexpressible)");
  EXPECT_EQ(CellOf("wazuh", "`url`, https"), "url");
  EXPECT_THAT(FormatsMarkdown(), HasSubstr("No format looks for: `aba-rtn`, "));
}

}  // namespace
}  // namespace gapferry::detect
