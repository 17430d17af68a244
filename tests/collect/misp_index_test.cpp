#include "collect/misp_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gapferry::collect {
namespace {

constexpr char kFirst[] = "e0000000-0000-4000-8000-000000000001";
constexpr char kSecond[] = "e0000000-0000-4000-8000-000000000002";

Result<std::vector<ListedEvent>> Read(const std::string& text) {
  return ReadMispIndex(TextSource(text), "index");
}

TEST(MispIndex, ReadsRowsWithNumbersAsTextOrNot) {
  const auto rows = Read(fmt::format(
      R"([{{"id":"7","uuid":"{}","timestamp":"1790000000","published":true,"orgc_uuid":"x"}},)"
      R"({{"uuid":"{}","id":8,"timestamp":1790000001,"more":[{{"uuid":"no","id":[1]}}]}}])",
      kFirst, kSecond));
  ASSERT_TRUE(rows.ok()) << rows.error().what;
  ASSERT_EQ(rows->size(), 2U);
  EXPECT_EQ((*rows)[0].uuid.ToString(), kFirst);
  EXPECT_EQ((*rows)[0].id, 7);
  EXPECT_EQ((*rows)[0].timestamp, 1790000000);
  EXPECT_EQ((*rows)[1].id, 8);
  EXPECT_EQ((*rows)[1].timestamp, 1790000001);
}

TEST(MispIndex, IsEmptyForAnInstanceWithoutEvents) {
  const auto rows = Read("[]");
  ASSERT_TRUE(rows.ok());
  EXPECT_TRUE(rows->empty());
}

TEST(MispIndex, RefusesWhatIsNoIndex) {
  const std::string row = fmt::format(R"({{"uuid":"{}"}})", kFirst);
  for (const std::string& wrong :
       {std::string(), std::string("null"), std::string("{}"), std::string(R"({"message":"no"})"),
        std::string("[1]"), std::string("[[]]"), std::string("[{}]"),
        std::string(R"([{"id":"1"}])"), std::string(R"([{"uuid":"nobody"}])"), "[" + row,
        "[" + row + "]]", "[" + row + R"(,{"uuid":")" + kSecond + R"(","timestamp":"later"}])",
        std::string(R"([{"uuid":")") + kSecond + R"(","timestamp":-1}])",
        std::string("<!DOCTYPE html><html>")}) {
    const auto rows = Read(wrong);
    ASSERT_FALSE(rows.ok()) << wrong;
    EXPECT_EQ(rows.error().kind, Kind::kMalformed) << wrong;
  }
}

TEST(MispIndex, RefusesDeepNesting) {
  const std::string deep =
      fmt::format(R"([{{"uuid":"{}","x":)", kFirst) + std::string(100'000, '[');
  EXPECT_FALSE(Read(deep).ok());
}

TEST(MispIndex, AsksTheServerOnlyWhatItUnderstandsAlike) {
  policy::Selection selection;
  EXPECT_TRUE(IndexFilters(selection, 0).empty());
  selection.published_only = true;
  selection.from = "2026-01-01";
  selection.to = "2026-02-01";
  selection.orgs = {"CERT"};
  selection.tags = {"tlp:green"};
  selection.types = {"domain"};
  const Json filters = IndexFilters(selection, 1790000000);
  EXPECT_EQ(filters["published"], 1);
  EXPECT_EQ(filters["datefrom"], "2026-01-01");
  EXPECT_EQ(filters["dateuntil"], "2026-02-01");
  for (const char* own : {"org", "orgs", "tags", "tag", "type", "types"})
    EXPECT_FALSE(filters.contains(own)) << own;
}

}  // namespace
}  // namespace gapferry::collect
