#include "store/store.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace gapferry::store {
namespace {

class StoreTest : public testing::Test {
 protected:
  StoreTest() : folder_(std::filesystem::path(testing::TempDir()) / NewUuid().ToString()) {
    std::filesystem::create_directories(folder_);
  }
  ~StoreTest() override { std::filesystem::remove_all(folder_); }
  [[nodiscard]] std::filesystem::path Path() const { return folder_ / "store.db"; }

  std::filesystem::path folder_;
};

std::vector<std::string> Everything(Store* store) {
  std::vector<std::string> rows;
  auto status = store->Reader().ForEach([&](const Record& record) {
    EncodeRecord(record, &rows.emplace_back());
    return Ok();
  });
  EXPECT_TRUE(status.ok());
  return rows;
}

std::vector<Record> Sample() {
  std::vector<Record> records(6);
  for (Record& record : records) {
    record.source = "feed";
    record.event_uuid = *ParseUuid("11111111-1111-4111-8111-111111111111");
  }
  records[0].kind = RecordKind::kSource;
  records[1].kind = RecordKind::kEvent;
  records[1].event.uuid = records[1].event_uuid;
  records[1].event.info = "an event";
  records[1].event.tags = {{"tlp:green", "#fff", "", false, true}};
  records[2].kind = RecordKind::kObject;
  records[2].object.uuid = *ParseUuid("22222222-1111-4111-8111-111111111111");
  records[3].kind = RecordKind::kAttribute;
  records[3].attribute.uuid = *ParseUuid("33333333-1111-4111-8111-111111111111");
  records[3].attribute.type = "ip-dst";
  records[3].attribute.category = "Network activity";
  records[3].attribute.value = "192.0.2.1";
  records[3].object_uuid = records[2].object.uuid;
  records[4].kind = RecordKind::kWarninglist;
  records[4].warninglist.name = "a list";
  records[5].kind = RecordKind::kWarninglistEntry;
  records[5].warninglist.name = "a list";
  records[5].entry = "example.com";
  return records;
}

TEST_F(StoreTest, GivesBackEveryRowInTheOrderOfTravel) {
  auto store = Store::Open(Path());
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE(store->Begin().ok());
  RowWriter writer = store->Writer();
  std::vector<std::string> expected;
  for (const Record& record : Sample()) {
    ASSERT_TRUE(writer.PutRecord(record).ok());
    EncodeRecord(record, &expected.emplace_back());
  }
  ASSERT_TRUE(store->Commit().ok());
  EXPECT_EQ(Everything(&*store), expected);
}

TEST_F(StoreTest, RefusesARowWithoutItsOwnerAndARowTwice) {
  auto store = Store::Open(Path());
  ASSERT_TRUE(store.ok());
  RowWriter writer = store->Writer();
  std::vector<Record> records = Sample();
  EXPECT_EQ(writer.PutRecord(records[3]).error().kind, Kind::kMalformed);
  ASSERT_TRUE(writer.PutRecord(records[0]).ok());
  ASSERT_TRUE(writer.PutRecord(records[1]).ok());
  ASSERT_TRUE(writer.PutRecord(records[3]).ok());
  EXPECT_EQ(writer.PutRecord(records[3]).error().kind, Kind::kMalformed);
}

TEST_F(StoreTest, ForgetsWhatWasNotCommitted) {
  {
    auto store = Store::Open(Path());
    ASSERT_TRUE(store.ok());
    ASSERT_TRUE(store->Begin().ok());
    RowWriter writer = store->Writer();
    ASSERT_TRUE(writer.PutRecord(Sample()[0]).ok());
  }
  auto store = Store::Open(Path());
  EXPECT_TRUE(Everything(&*store).empty());
}

TEST_F(StoreTest, RemovesOneSourceAndLeavesTheOther) {
  auto store = Store::Open(Path());
  RowWriter writer = store->Writer();
  for (const char* name : {"feed", "other"}) {
    for (Record record : Sample()) {
      record.source = name;
      ASSERT_TRUE(writer.PutRecord(record).ok());
    }
  }
  ASSERT_TRUE(store->RemoveSource("other").ok());
  EXPECT_EQ(Everything(&*store).size(), Sample().size());
  EXPECT_EQ(store->ListSources().value(), std::vector<std::string>{"feed"});
}

}  // namespace
}  // namespace gapferry::store
