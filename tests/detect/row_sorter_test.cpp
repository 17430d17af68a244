// The oracle is std::sort over all rows at once.
#include "detect/row_sorter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>

namespace gapferry::detect {
namespace {

// Short rows of few letters, a zero among them: many are equal, many begin as others do.
std::vector<std::string> AwkwardRows(std::size_t count) {
  std::mt19937_64 random(5);
  std::vector<std::string> rows(count);
  for (std::string& row : rows) {
    row.resize(random() % 20);
    for (char& c : row)
      c = static_cast<char>("\0a\xFF"[random() % 3]);
  }
  return rows;
}

std::vector<std::string> Sorted(RowSorter* sorter) {
  std::vector<std::string> seen;
  const Status status = sorter->ForEach([&](std::string_view row) -> Status {
    seen.emplace_back(row);
    return Ok();
  });
  EXPECT_TRUE(status.ok());
  return seen;
}

class RowSorterTest : public testing::TestWithParam<std::size_t> {};

TEST_P(RowSorterTest, GivesAllRowsInOrderAsOftenAsAsked) {
  std::vector<std::string> rows = AwkwardRows(5000);
  RowSorter sorter(std::filesystem::temp_directory_path(), GetParam());
  for (const std::string& row : rows)
    ASSERT_TRUE(sorter.Add(row).ok());
  std::sort(rows.begin(), rows.end());
  EXPECT_EQ(Sorted(&sorter), rows);
  EXPECT_EQ(Sorted(&sorter), rows);
}

// One run in memory; a few; more runs than rows fit in one.
INSTANTIATE_TEST_SUITE_P(RunBytes, RowSorterTest, testing::Values(1 << 20, 9000, 40));

TEST(RowSorter, TakesRowsLongerThanARun) {
  RowSorter sorter(std::filesystem::temp_directory_path(), 10);
  const std::string longest(300'000, 'b');
  for (const std::string& row : {longest, std::string("c"), std::string("a"), longest + 'b'})
    ASSERT_TRUE(sorter.Add(row).ok());
  EXPECT_EQ(Sorted(&sorter), (std::vector<std::string>{"a", longest, longest + 'b', "c"}));
}

TEST(RowSorter, EndsWithTheVisitorsError) {
  RowSorter sorter(std::filesystem::temp_directory_path(), 10);
  for (int i = 0; i < 10; ++i)
    ASSERT_TRUE(sorter.Add("row").ok());
  int visits = 0;
  const Status status = sorter.ForEach([&](std::string_view) -> Status {
    return ++visits == 3 ? Status(Error::Make(Kind::kIo, "enough")) : Ok();
  });
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().what, "enough");
  EXPECT_EQ(visits, 3);
}

}  // namespace
}  // namespace gapferry::detect
