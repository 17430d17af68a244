#include "collect/csv_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gapferry::collect {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::string_literals;

struct Outcome {
  std::vector<std::string> values;  // "line type value"
  ValueReport report;
  std::string error;
};

Outcome Read(std::string_view text, const std::vector<std::string>& columns,
             CsvOptions options = {}) {
  for (const std::string& column : columns)
    options.columns.push_back(CsvColumn::Parse(column).value());
  Outcome outcome;
  const TakeValue take = [&](const FormedValue& value, std::uint64_t line) {
    outcome.values.push_back(fmt::format("{} {} {}", line, value.type, value.value));
    return Ok();
  };
  const Status done = ReadCsv(TextSource(text), "x.csv", options, take, &outcome.report);
  if (!done.ok()) outcome.error = done.error().what;
  return outcome;
}

TEST(Csv, TakesTheValueColumns) {
  const Outcome outcome = Read("id,host,note\r\n1,a.example.com,b.example.com\r\n", {"2"});
  EXPECT_THAT(outcome.values, ElementsAre("2 hostname a.example.com"));
  EXPECT_EQ(outcome.report.without_form, 0u);  // the first row is a header
}

TEST(Csv, FindsColumnsByNameAlsoInAComment) {
  EXPECT_THAT(Read("\xEF\xBB\xBF\"ID\", C2 \n1,192.0.2.1\n", {"c2"}).values,
              ElementsAre("2 ip-dst 192.0.2.1"));
  EXPECT_THAT(Read("# list\n# id, c2\n1,192.0.2.1\n", {"c2"}).values,
              ElementsAre("3 ip-dst 192.0.2.1"));
  EXPECT_THAT(Read("id,ip\n1,192.0.2.1\n", {"c2"}).error,
              HasSubstr("no column is named \"c2\"; there are \"id\", \"ip\""));
}

TEST(Csv, ReadsQuotesAndLinesWithinThem) {
  const Outcome outcome = Read(
      "\"a.example.com\nb.example.com\", \"http://example.com/\"\"x,y\"\"\"\n"
      "c.example.com,\n",
      {"1", "2"});
  EXPECT_THAT(outcome.values,
              ElementsAre("1 hostname a.example.com", "1 hostname b.example.com",
                          "1 url http://example.com/\"x,y\"", "3 hostname c.example.com"));
}

TEST(Csv, RefusesABrokenRowAndGoesOnInTheNextLine) {
  const Outcome outcome =
      Read("a.example.com\n\"b.example.com\nc.example.com\n\"d\"e,f\nx.example.com\n", {"1"});
  EXPECT_THAT(outcome.values, ElementsAre("1 hostname a.example.com", "3 hostname c.example.com",
                                          "5 hostname x.example.com"));
  ASSERT_EQ(outcome.report.refused_count, 2u);
  EXPECT_EQ(outcome.report.refused[0].line, 2u);
  EXPECT_EQ(outcome.report.refused[1].reason, "text behind a closing quote");
}

TEST(Csv, EndsWithAFileOfNothingButOpenQuotes) {
  std::string text;
  for (std::size_t i = 0; i < 2 * kMaxOpenQuotes; ++i)
    text += "\"x\n\"y";
  std::string open;
  for (std::size_t i = 0; i < 2 * kMaxOpenQuotes; ++i)
    open += "\"x\n";
  EXPECT_THAT(Read(open, {"1"}).error + Read(text, {"1"}).error, HasSubstr("does not close"));
}

TEST(Csv, JoinsAndTypesColumns) {
  CsvOptions options;
  options.format.delimiter = ';';
  const Outcome outcome = Read("ip;port;name\n192.0.2.1;443;msd\n192.0.2.2;;a\n",
                               {"1+2 as ip-dst|port", "name as filename"}, options);
  EXPECT_THAT(outcome.values,
              ElementsAre("2 ip-dst|port 192.0.2.1|443", "2 filename msd", "3 filename a"));
  EXPECT_THAT(CsvColumn::Parse("1 as ip-dts").error().what, HasSubstr("did you mean \"ip-dst\""));
  EXPECT_FALSE(CsvColumn::Parse("0").ok());
  EXPECT_FALSE(CsvColumn::Parse("1+").ok());
}

TEST(Csv, CountsCellsWithoutAForm) {
  const Outcome outcome = Read("ip\n192.0.2.1\nunreachable\nN/A\n", {"1"});
  EXPECT_EQ(outcome.report.without_form, 1u);
  ASSERT_EQ(outcome.report.examples.size(), 1u);
  EXPECT_EQ(outcome.report.examples[0].ToError().what,
            "x.csv:3: column 1: \"unreachable\" has no known form");
}

TEST(Csv, ExcludesWhatAPatternSays) {
  CsvOptions options;
  options.exclude = Exclusion::Parse("/^https:..GOOD[.]example/i").value();
  const Outcome outcome =
      Read("https://good.example.com/\nhttps://bad.example.com/\n", {"1"}, options);
  EXPECT_THAT(outcome.values, ElementsAre("2 url https://bad.example.com/"));
  EXPECT_EQ(outcome.report.excluded, 1u);
  EXPECT_FALSE(Exclusion::Parse("/(?=x)/").ok());
}

TEST(Encoding, ReadsWhatSpreadsheetsWrite) {
  CsvOptions mac;
  mac.encoding = Encoding::kMacRoman;
  EXPECT_THAT(Read("a.example.com\xCA\n", {"1"}, mac).values,
              ElementsAre("1 hostname a.example.com"));
  // Read as anything else, it must not become another name.
  EXPECT_THAT(Read("a.example.com\xCA\n", {"1"}).values, ElementsAre());
  EXPECT_THAT(Read("a.example.com\xA0\r\n", {"1"}).values, ElementsAre("1 hostname a.example.com"));
  const std::string wide = "\xFF\xFE"s + "a\0.\0e\0x\0a\0m\0p\0l\0e\0.\0o\0r\0g\0\r\0\n\0"s;
  EXPECT_THAT(Read(wide, {"1"}).values, ElementsAre("1 hostname a.example.org"));
  EXPECT_THAT(Read(wide.substr(0, wide.size() - 1), {"1"}).error, HasSubstr("UTF-16"));
}

TEST(LineReader, CutsLongLinesOrPassesOverThem) {
  std::string text(kMaxLineBytes, 'x');
  text += " a.example.com\nb.example.com\n";
  EXPECT_THAT(Read(text, {"1"}).values, ElementsAre("2 hostname b.example.com"));
  LineReader cut(TextSource(text), Encoding::kAuto, 1 << 30, LineReader::Long::kCut);
  std::uint64_t last = 0;
  while (true) {
    const auto line = cut.Next();
    ASSERT_TRUE(line.ok());
    if (!line->has_value()) break;
    last = (*line)->number;
  }
  EXPECT_EQ(last, 2u);
}

}  // namespace
}  // namespace gapferry::collect
