#include "store/store.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "store/database.h"
#include "store/object_versions.h"

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
  std::vector<Record> records(7);
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
  records[4].kind = RecordKind::kSighting;
  records[4].attribute.uuid = records[3].attribute.uuid;
  records[4].attribute.sighting = {2, 1, 1'780'000'000, 1'780'000'100, 1'790'000'000};
  records[5].kind = RecordKind::kWarninglist;
  records[5].warninglist.name = "a list";
  records[6].kind = RecordKind::kWarninglistEntry;
  records[6].warninglist.name = "a list";
  records[6].entry = "example.com";
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

// Sightings travel as rows of their own, but whoever walks learns of them with the attribute.
TEST_F(StoreTest, HandsOutAnAttributeWithItsSightings) {
  auto store = Store::Open(Path());
  ASSERT_TRUE(store.ok());
  RowWriter writer = store->Writer();
  std::map<Uuid, intel::Sighting> put;
  const std::vector<Record> sample = Sample();
  for (int i = 0; i < 2; ++i)
    ASSERT_TRUE(writer.PutRecord(sample[static_cast<std::size_t>(i)]).ok());
  for (std::uint8_t i = 1; i < 60; ++i) {
    Record record = sample[3];
    record.attribute.uuid.bytes[0] = static_cast<std::uint8_t>(i * 37);
    ASSERT_TRUE(writer.PutRecord(record).ok());
    // Some of them are of attributes that are not there.
    if (i % 3 == 0) continue;
    if (i % 7 == 0) record.attribute.uuid.bytes[1] = 1;
    record.kind = RecordKind::kSighting;
    record.attribute.sighting = {i, 0, 1'780'000'000 + i, 0, 0};
    ASSERT_TRUE(writer.PutRecord(record).ok());
    put[record.attribute.uuid] = record.attribute.sighting;
  }
  int attributes = 0;
  std::size_t sightings = 0;
  ASSERT_TRUE(store->Reader()
                  .ForEach([&](const Record& record) {
                    const auto found = put.find(record.attribute.uuid);
                    if (record.kind == RecordKind::kAttribute) {
                      ++attributes;
                      EXPECT_EQ(record.attribute.sighting,
                                found == put.end() ? intel::Sighting{} : found->second);
                    }
                    if (record.kind == RecordKind::kSighting) {
                      ++sightings;
                      EXPECT_EQ(record.attribute.sighting, put.at(record.attribute.uuid));
                    }
                    return Ok();
                  })
                  .ok());
  EXPECT_EQ(attributes, 59);
  EXPECT_EQ(sightings, put.size());

  // So does whoever asks for one row.
  const std::vector<KnownSource> sources = store->KnownSources().value();
  const auto event = store->FindEvent(sources.at(0).id, sample[1].event_uuid).value();
  ASSERT_TRUE(event.has_value());
  RowReader reader = store->Reader();
  for (std::uint8_t i = 1; i < 60; ++i) {
    Record key = sample[3];
    key.attribute.uuid.bytes[0] = static_cast<std::uint8_t>(i * 37);
    const auto found = reader.Find(key, event->id);
    ASSERT_TRUE(found.ok() && *found != nullptr);
    const auto wanted = put.find(key.attribute.uuid);
    EXPECT_EQ((*found)->attribute.sighting,
              wanted == put.end() ? intel::Sighting{} : wanted->second);
  }
}

// A store of version 2 has read events without looking for sightings: all is read again.
TEST_F(StoreTest, BringsAStoreWithoutSightingsUpToDate) {
  {
    auto store = Store::Open(Path());
    ASSERT_TRUE(store.ok());
    RowWriter writer = store->Writer();
    const auto source = writer.PutSource("feed", intel::Tlp::kGreen);
    const MirrorNote note{Hash256(AsBytes("a file")), ""};
    ASSERT_TRUE(writer.PutEvent(7, *source, Sample()[1].event, &note).ok());
    store->database().exec(
        "DROP TABLE sighting; DROP TABLE published_object; PRAGMA user_version = 2");
  }
  EXPECT_EQ(Store::OpenReadOnly(Path()).error().kind, Kind::kNotReady);
  auto store = Store::Open(Path());
  ASSERT_TRUE(store.ok());
  const auto events = store->ListEvents(1);
  ASSERT_EQ(events->size(), 1U);
  EXPECT_FALSE((*events)[0].input_digest);
  EXPECT_TRUE(store->Writer().PutSighting(7, NewUuid(), {1, 0, 1, 0, 0}).ok());
}

// A store of version 3 has a row an object of STIX among the ids.
TEST_F(StoreTest, BringsObjectsOfStixIntoOneRowAFamily) {
  const Uuid early = *ParseUuid("11111111-0000-4000-8000-000000000001");
  const Uuid late = *ParseUuid("91111111-0000-4000-8000-000000000002");
  const Digest256 content = Hash256(AsBytes("what was published"));
  {
    auto store = Store::Open(Path());
    ASSERT_TRUE(store.ok());
    SQLite::Statement put(store->database(),
                          "INSERT INTO artifact_id VALUES (?, ?, ?, ?, ?, 5, ?)");
    const auto add = [&](const std::string& space, const std::string& key, int id, int rev) {
      put.bind(1, space);
      put.bind(2, key);
      put.bind(3, id);
      put.bind(4, rev);
      put.bind(5, content.data(), static_cast<int>(content.size()));
      put.bind(6, 100 + rev);
      put.exec();
      put.reset();
    };
    add("siem/stix", "bbbbbbbb/" + late.ToString(), 1, 4);
    add("siem/stix", "aaaaaaaa/" + late.ToString(), 2, 1);
    add("siem/stix", "aaaaaaaa/" + early.ToString(), 3, 7);
    add("siem/stix", "neither", 4, 1);
    add("other/stix", "aaaaaaaa/" + early.ToString(), 1, 2);
    add("ids/sid", "aaaaaaaa/" + early.ToString(), 9, 3);
    store->database().exec("DROP TABLE published_object; PRAGMA user_version = 3");
  }
  auto store = Store::Open(Path());
  ASSERT_TRUE(store.ok());
  const auto object = [&](const Uuid& id, std::uint32_t rev) {
    return ObjectVersion{id, ContentOf(content), rev, 100 + rev};
  };
  const auto read = [&](const std::string& space, const std::string& family) {
    SQLite::Statement find(store->database(),
                           "SELECT versions FROM published_object WHERE space = ? AND family = ?");
    find.bind(1, space);
    find.bind(2, family);
    return find.executeStep() ? DecodeObjectVersions(ReadBlob(find.getColumn(0))) : std::nullopt;
  };
  EXPECT_EQ(read("siem/stix", "aaaaaaaa"), (std::vector{object(early, 7), object(late, 1)}));
  EXPECT_EQ(read("siem/stix", "bbbbbbbb"), std::vector{object(late, 4)});
  EXPECT_EQ(read("other/stix", "aaaaaaaa"), std::vector{object(early, 2)});
  EXPECT_EQ(store->database().execAndGet("SELECT count(*) FROM artifact_id").getInt(), 1);
  EXPECT_EQ(store->database().execAndGet("SELECT count(*) FROM published_object").getInt(), 3);
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
