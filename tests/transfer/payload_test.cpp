#include <gtest/gtest.h>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "base/file.h"
#include "sandbox/sandbox.h"
#include "transfer/frames.h"
#include "transfer/payload_reader.h"
#include "transfer/payload_writer.h"

namespace gapferry::transfer {
namespace {

namespace fs = std::filesystem;

class PayloadTest : public testing::Test {
 protected:
  PayloadTest() : folder_(fs::path(testing::TempDir()) / NewUuid().ToString()) {
    fs::create_directories(folder_);
  }
  ~PayloadTest() override { fs::remove_all(folder_); }

  // Packs a file and reads it in the sandbox, as an import does.
  struct Outcome {
    std::vector<std::string> records;
    std::vector<std::string> tombstones;
    std::optional<PayloadMeta> meta;
    std::optional<Error> error;
    sandbox::Ending ending;
  };
  Outcome ReadFile(const fs::path& plain) {
    const Fd stored = UnnamedFile(folder_).value();
    const bundle::Payload payload = Pack(plain, stored.get(), {}).value();
    return ReadStored(Stored(stored, payload), {payload.plain_size, payload.plain_digest});
  }
  static Bytes Stored(const Fd& file, const bundle::Payload& payload) {
    ::lseek(file.get(), 0, SEEK_SET);
    Bytes bytes(payload.stored_size);
    EXPECT_EQ(ReadFull(file.get(), bytes).value(), bytes.size());
    return bytes;
  }
  Outcome ReadStored(ByteView stored, const Expected& expected,
                     bundle::AgeIdentities identities = {}) {
    auto child = sandbox::Child::Start(
        [&](const sandbox::ChildPipes& pipes) {
          return ReadPayload({pipes.input, pipes.output, pipes.scratch}, expected,
                             std::move(identities));
        },
        UnnamedFile(folder_).value(), {}, /*require_landlock=*/false);
    EXPECT_TRUE(child.ok());
    (void)WriteFull(child->to_child(), stored);
    child->CloseInput();
    Outcome outcome;
    FrameReader frames(child->from_child());
    for (bool more = true; more;) {
      auto frame = frames.Next();
      if (!frame.ok()) {
        outcome.error = frame.error();
        break;
      }
      switch (frame->type) {
        case FrameType::kMeta:
          outcome.meta = DecodeMeta(frame->body).value();
          break;
        case FrameType::kTombstone:
          outcome.tombstones.emplace_back(AsText(frame->body));
          break;
        case FrameType::kRecord:
          outcome.records.emplace_back(AsText(frame->body));
          break;
        case FrameType::kError:
          outcome.error = DecodeError(frame->body);
          more = false;
          break;
        case FrameType::kEnd:
          more = false;
          break;
      }
    }
    outcome.ending = child->Wait().value();
    return outcome;
  }

  fs::path folder_;
};

PayloadMeta SomeMeta() {
  return {*ParseUuid("aaaaaaaa-1111-4111-8111-111111111111"), 1, 42, Bytes(32, 7)};
}

std::vector<store::Record> SomeRecords() {
  std::vector<store::Record> records(5);
  for (store::Record& record : records) {
    record.source = "feed";
    record.event_uuid = *ParseUuid("11111111-1111-4111-8111-111111111111");
  }
  records[0].kind = store::RecordKind::kSource;
  records[1].kind = store::RecordKind::kEvent;
  records[1].event.uuid = records[1].event_uuid;
  records[1].event.info = "an event";
  records[2].kind = store::RecordKind::kAttribute;
  records[2].attribute.uuid = *ParseUuid("22222222-1111-4111-8111-111111111111");
  records[2].attribute.type = "sha256";
  records[2].attribute.category = "Payload delivery";
  records[2].attribute.value = std::string(64, 'a');
  records[2].attribute.tags = {{"tlp:green", "#33FF00", "", false, true}};
  records[3] = records[2];
  records[3].attribute.uuid = *ParseUuid("33333333-1111-4111-8111-111111111111");
  records[3].attribute.type = "domain";
  records[3].attribute.value = "evil.example";
  records[4].kind = store::RecordKind::kSighting;
  records[4].attribute.uuid = records[3].attribute.uuid;
  records[4].attribute.sighting = {3, 1, 1'780'000'000, 1'780'000'100, 1'790'000'000};
  return records;
}

PayloadSummary WriteSample(const fs::path& path) {
  auto writer = PayloadWriter::Create(path, SomeMeta());
  EXPECT_TRUE(writer.ok());
  for (const store::Record& record : SomeRecords()) {
    std::string encoded;
    store::EncodeRecord(record, &encoded);
    EXPECT_TRUE(writer->Put(record, store::RowDigest(encoded, SomeMeta().digest_key)).ok());
  }
  return writer->Finish().value();
}

TEST_F(PayloadTest, BringsEveryRowAcrossAndTheDigestCloses) {
  const PayloadSummary summary = WriteSample(folder_ / "p.db");
  const Outcome outcome = ReadFile(folder_ / "p.db");
  ASSERT_FALSE(outcome.error) << outcome.error->what;
  EXPECT_EQ(outcome.meta, SomeMeta());
  std::vector<std::string> expected;
  for (const store::Record& record : SomeRecords())
    store::EncodeRecord(record, &expected.emplace_back());
  EXPECT_EQ(outcome.records, expected);
  store::StateDigest digest;
  for (const std::string& record : outcome.records)
    digest.Add(store::RowDigest(record, SomeMeta().digest_key));
  EXPECT_EQ(digest.value(), summary.state_digest);
  EXPECT_EQ(summary.rows, SomeRecords().size());
  EXPECT_TRUE(outcome.tombstones.empty());
}

TEST_F(PayloadTest, BringsTombstonesAcross) {
  auto writer = PayloadWriter::Create(folder_ / "p.db", SomeMeta());
  ASSERT_TRUE(writer.ok());
  std::vector<std::string> keys;
  for (const store::Record& record : SomeRecords()) {
    ASSERT_TRUE(writer->PutTombstone(record).ok());
    keys.push_back(store::EncodeKey(record));
  }
  EXPECT_EQ(writer->Finish().value().tombstones, keys.size());
  const Outcome outcome = ReadFile(folder_ / "p.db");
  ASSERT_FALSE(outcome.error) << outcome.error->what;
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(outcome.tombstones, keys);
  EXPECT_TRUE(outcome.records.empty());
}

TEST_F(PayloadTest, GivesTheSameBytesForTheSameRows) {
  WriteSample(folder_ / "a.db");
  WriteSample(folder_ / "b.db");
  EXPECT_EQ(gapferry::ReadFile(folder_ / "a.db", 1 << 20).value(),
            gapferry::ReadFile(folder_ / "b.db", 1 << 20).value());
}

TEST_F(PayloadTest, RefusesADatabaseWithAViewOrATrigger) {
  for (const char* sql :
       {"CREATE VIEW v AS SELECT 1", "CREATE TRIGGER t AFTER INSERT ON word BEGIN SELECT 1; END",
        "CREATE INDEX i ON event(info)", "DROP TABLE report"}) {
    fs::remove(folder_ / "p.db");
    WriteSample(folder_ / "p.db");
    SQLite::Database((folder_ / "p.db").string(), SQLite::OPEN_READWRITE).exec(sql);
    const Outcome outcome = ReadFile(folder_ / "p.db");
    ASSERT_TRUE(outcome.error) << sql;
    EXPECT_EQ(outcome.error->kind, Kind::kMalformed) << outcome.error->what;
    EXPECT_TRUE(outcome.records.empty());
  }
}

TEST_F(PayloadTest, RefusesRowsThatNoWriterOfOursMakes) {
  for (const char* sql :
       {"UPDATE attribute SET value = x'0102'", "UPDATE attribute SET flags = 8",
        "UPDATE attribute SET type = 999", "UPDATE event SET uuid = x'00'",
        "UPDATE event SET info = CAST(x'ff' AS TEXT)", "UPDATE event SET distribution = 6",
        "UPDATE tagset SET content = x'01'", "UPDATE sighting SET seen = -1",
        "UPDATE sighting SET uuid = x'00'", "DELETE FROM meta WHERE key = 'seq'",
        "INSERT INTO source SELECT id + 1, name, default_tlp FROM source"}) {
    fs::remove(folder_ / "p.db");
    WriteSample(folder_ / "p.db");
    SQLite::Database((folder_ / "p.db").string(), SQLite::OPEN_READWRITE).exec(sql);
    const Outcome outcome = ReadFile(folder_ / "p.db");
    ASSERT_TRUE(outcome.error) << sql;
    EXPECT_EQ(outcome.error->kind, Kind::kMalformed) << outcome.error->what;
  }
}

TEST_F(PayloadTest, RefusesBytesThatAreNoOneFrameOfTheSignedSize) {
  const std::string junk = "this is no zstd frame at all";
  EXPECT_EQ(ReadStored(AsBytes(junk), {10, Digest512{}}).error->kind, Kind::kMalformed);
  EXPECT_EQ(ReadStored({}, {10, Digest512{}}).error->kind, Kind::kMalformed);
  WriteSample(folder_ / "p.db");
  const Fd stored = UnnamedFile(folder_).value();
  const bundle::Payload payload = Pack(folder_ / "p.db", stored.get(), {}).value();
  Bytes bytes = Stored(stored, payload);
  EXPECT_EQ(ReadStored(bytes, {payload.plain_size - 1, payload.plain_digest}).error->kind,
            Kind::kTooLarge);
  EXPECT_EQ(ReadStored(bytes, {payload.plain_size + 1, payload.plain_digest}).error->kind,
            Kind::kMalformed);
  EXPECT_EQ(ReadStored(bytes, {payload.plain_size, Digest512{}}).error->kind, Kind::kMalformed);
  Bytes twice = bytes;
  twice.insert(twice.end(), bytes.begin(), bytes.end());
  EXPECT_TRUE(ReadStored(twice, {payload.plain_size, payload.plain_digest}).error);
  bytes.resize(bytes.size() / 2);
  EXPECT_TRUE(ReadStored(bytes, {payload.plain_size, payload.plain_digest}).error);
}

TEST_F(PayloadTest, IsOpenedInTheSandboxByEachRecipientAndNobodyElse) {
  WriteSample(folder_ / "p.db");
  const std::string plain = gapferry::ReadFile(folder_ / "p.db", 1 << 20).value();
  std::vector<bundle::AgeIdentity> keys;
  std::vector<bundle::AgeRecipient> recipients;
  for (int i = 0; i < 2; ++i)
    recipients.push_back(keys.emplace_back(bundle::AgeIdentity::Generate()).recipient());
  const Fd file = UnnamedFile(folder_).value();
  const bundle::Payload payload = Pack(folder_ / "p.db", file.get(), recipients).value();
  EXPECT_EQ(payload.plain_size, plain.size());
  EXPECT_EQ(payload.plain_digest, Hash512(AsBytes(plain)));
  EXPECT_EQ(payload.recipients.size(), 2U);
  EXPECT_LT(payload.recipients[0], payload.recipients[1]);
  const Bytes stored = Stored(file, payload);
  const auto read = [&](std::optional<Digest512> digest, const bundle::AgeIdentity* key,
                        ByteView bytes) {
    bundle::AgeIdentities identities;
    identities.push_back(bundle::AgeIdentity::Generate());
    if (key != nullptr)
      identities.push_back(std::move(bundle::ParseAgeKeyFile(key->ToFile(0).view()).value()[0]));
    return ReadStored(bytes, {payload.plain_size, digest, true}, std::move(identities));
  };
  for (const bundle::AgeIdentity& key : keys) {
    for (const auto& digest : {payload.plain_digest, std::optional<Digest512>()}) {
      const Outcome outcome = read(digest, &key, stored);
      EXPECT_FALSE(outcome.error) << outcome.error->what;
      EXPECT_EQ(outcome.records.size(), SomeRecords().size());
      EXPECT_EQ(outcome.ending.Describe(), "it ended with code 0");
    }
  }
  EXPECT_EQ(read(Digest512{}, keys.data(), stored).error->kind, Kind::kMalformed);
  EXPECT_EQ(read({}, nullptr, stored).error->kind, Kind::kWrongRecipient);
  // What is signed that way was made that way: no damage of the medium.
  EXPECT_EQ(read({}, keys.data(), ByteView(stored).first(stored.size() - 1)).error->kind,
            Kind::kMalformed);
  EXPECT_EQ(read({}, keys.data(), {}).error->kind, Kind::kMalformed);
  EXPECT_TRUE(read({}, nullptr, stored).records.empty());
}

// Whatever a signed payload holds, the reader ends by itself and the importer gets an error or
// proper records.
TEST_F(PayloadTest, SurvivesAnyDamageToTheDatabase) {
  WriteSample(folder_ / "p.db");
  const std::string good = gapferry::ReadFile(folder_ / "p.db", 1 << 20).value();
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    std::string bad = good;
    for (int flips = 0; flips < 4; ++flips) {
      bad[100 + random() % (bad.size() - 100)] = static_cast<char>(random());
    }
    std::ofstream(folder_ / "bad.db", std::ios::binary) << bad;
    const Outcome outcome = ReadFile(folder_ / "bad.db");
    EXPECT_EQ(outcome.ending.signal, 0) << outcome.ending.Describe();
    store::Record record;
    for (const std::string& encoded : outcome.records)
      EXPECT_TRUE(store::DecodeRecord(AsBytes(encoded), &record).ok());
  }
}

TEST_F(PayloadTest, RefusesTheCorruptDatabasesOfSqlitesOwnTests) {
  const char* corpus = std::getenv("GAPFERRY_CORPUS");
  const fs::path images =
      fs::path(corpus != nullptr ? corpus : GAPFERRY_SOURCE_DIR "/../shared/corpus") /
      "hostile/sqlite-corrupt";
  if (!fs::exists(images)) GTEST_SKIP() << "no corpus at " << images;
  for (const auto& entry : fs::directory_iterator(images)) {
    const Outcome outcome = ReadFile(entry.path());
    ASSERT_TRUE(outcome.error) << entry.path();
    EXPECT_EQ(outcome.error->kind, Kind::kMalformed);
    EXPECT_EQ(outcome.ending.signal, 0) << entry.path();
  }
}

}  // namespace
}  // namespace gapferry::transfer
