#include "detect/csv_text.h"

#include <gtest/gtest.h>

namespace gapferry::detect {
namespace {

std::string Row(std::string_view cell, bool guard = true) {
  CsvOptions options;
  options.guard_formulas = guard;
  std::string out;
  CsvRow(options, &out).Cell("x").Cell(cell);
  return out.substr(2);
}

TEST(CsvRow, NoCellIsAFormula) {
  for (const std::string_view sign :
       {"=", "+", "-", "@", "\t", "\uFF1D", "\uFF0B", "\uFF0D", "\uFF20"}) {
    const std::string text = std::string(sign) + "cmd";
    EXPECT_EQ(Row(text), "'" + text);
    EXPECT_EQ(Row("a" + text), sign == "\t" ? "a\tcmd" : "a" + text);
    EXPECT_EQ(Row(text, false), text);
  }
  EXPECT_EQ(Row("=a,b"), "\"'=a,b\"");
}

// Where lists are separated by semicolons or tabs, these begin cells, whatever is quoted.
TEST(CsvRow, NorIsWhatAnotherSeparatorMakesOne) {
  EXPECT_EQ(Row("http://h.com/;=1+1;"), "http://h.com/;'=1+1;");
  EXPECT_EQ(Row("x; =1,\";@y\""), "\"x;' =1,\"\";'@y\"\"\"");
  EXPECT_EQ(Row("b\t=cmd"), "b\t'=cmd");
  EXPECT_EQ(Row("a\n=b"), "\"a\n'=b\"");
  EXPECT_EQ(Row("b;\uFF1D1"), "b;'\uFF1D1");
  EXPECT_EQ(Row("a;b;1-1;"), "a;b;1-1;");
  EXPECT_EQ(Row("h.com/;=1", false), "h.com/;=1");
}

}  // namespace
}  // namespace gapferry::detect
