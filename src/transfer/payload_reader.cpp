#include "transfer/payload_reader.h"

#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <string>
#include <vector>

#include "base/console.h"
#include "base/file.h"
#include "store/database.h"
#include "store/row_reader.h"
#include "transfer/fd_vfs.h"
#include "transfer/frames.h"
#include "transfer/schema_sql.h"
#include "transfer/unpack.h"

namespace gapferry::transfer {
namespace {

constexpr std::size_t kHeaderBytes = 100;
constexpr int kCacheKilobytes = 16000;

std::uint32_t BigEndian(ByteView bytes) {
  std::uint32_t value = 0;
  for (const std::uint8_t byte : bytes)
    value = value << 8 | byte;
  return value;
}

// The hundred bytes that begin every SQLite file (sqlite.org/fileformat2.html §1.3), before SQLite
// sees them.
Status CheckHeader(int scratch, std::uint64_t plain_size) {
  std::array<std::uint8_t, kHeaderBytes> header{};
  if (::pread(scratch, header.data(), header.size(), 0) != static_cast<ssize_t>(header.size())) {
    return Error::Make(Kind::kMalformed, "too short for a database");
  }
  const ByteView bytes(header);
  constexpr std::string_view kMagic("SQLite format 3\0", 16);
  if (AsText(bytes.first(16)) != kMagic) return Error::Make(Kind::kMalformed, "no SQLite database");
  if (BigEndian(bytes.subspan(68, 4)) != kPayloadApplicationId) {
    return Error::Make(Kind::kMalformed, "a database, but no payload of gapferry");
  }
  const std::uint32_t version = BigEndian(bytes.subspan(60, 4));
  if (version != kPayloadVersion) {
    return Error::Make(Kind::kUnsupported, "payload version {}; this program reads {}", version,
                       kPayloadVersion);
  }
  const std::uint64_t pages = BigEndian(bytes.subspan(28, 4));
  if (BigEndian(bytes.subspan(16, 2)) != kPayloadPageSize ||
      pages * kPayloadPageSize != plain_size || bytes[18] != 1 || bytes[19] != 1) {
    return Error::Make(Kind::kMalformed,
                       "page size, page count or journal mode is not what a payload has");
  }
  return Ok();
}

// sqlite.org/security.html, and reference/cpp.md §4.2.
void Harden(SQLite::Database& database) {
  sqlite3* handle = database.getHandle();
  for (const auto& [option, value] : {std::pair{SQLITE_DBCONFIG_DEFENSIVE, 1},
                                      {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
                                      {SQLITE_DBCONFIG_DQS_DML, 0},
                                      {SQLITE_DBCONFIG_DQS_DDL, 0},
                                      {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
                                      {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
                                      {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
                                      {SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0}}) {
    sqlite3_db_config(handle, option, value, nullptr);
  }
  for (const auto& [limit, value] : {std::pair{SQLITE_LIMIT_LENGTH, 16 << 20},
                                     {SQLITE_LIMIT_SQL_LENGTH, 100000},
                                     {SQLITE_LIMIT_COLUMN, 100},
                                     {SQLITE_LIMIT_EXPR_DEPTH, 10},
                                     {SQLITE_LIMIT_COMPOUND_SELECT, 3},
                                     {SQLITE_LIMIT_VDBE_OP, 25000},
                                     {SQLITE_LIMIT_ATTACHED, 0},
                                     {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50},
                                     {SQLITE_LIMIT_TRIGGER_DEPTH, 1}}) {
    sqlite3_limit(handle, limit, value);
  }
  database.exec(
      fmt::format("PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA cache_size = -{};"
                  "PRAGMA temp_store = MEMORY;",
                  kCacheKilobytes));
}

struct SchemaObject {
  std::string type;
  std::string name;
  std::string sql;

  friend bool operator==(const SchemaObject&, const SchemaObject&) = default;
};

std::vector<SchemaObject> SchemaOf(SQLite::Database& database) {
  std::vector<SchemaObject> objects;
  SQLite::Statement list(database,
                         "SELECT type, name, coalesce(sql, '') FROM sqlite_schema ORDER BY rowid");
  while (list.executeStep()) {
    objects.push_back({list.getColumn(0).getString(), list.getColumn(1).getString(),
                       list.getColumn(2).getString()});
  }
  return objects;
}

// "virtual table \"f\"": who wrote the names is not to be trusted.
std::string Shown(const SchemaObject& object) {
  constexpr std::size_t kMaxShown = 64;
  const bool is_virtual = object.sql.starts_with("CREATE VIRTUAL");
  return fmt::format("{}{} \"{}\"", is_virtual ? "virtual " : "",
                     Printable(std::string_view(object.type).substr(0, kMaxShown)),
                     Printable(std::string_view(object.name).substr(0, kMaxShown)));
}

bool HasName(const std::vector<SchemaObject>& objects, const SchemaObject& wanted) {
  return std::any_of(objects.begin(), objects.end(), [&](const SchemaObject& object) {
    return object.type == wanted.type && object.name == wanted.name;
  });
}

// The first object that makes them differ.
std::string Difference(const std::vector<SchemaObject>& ours,
                       const std::vector<SchemaObject>& theirs) {
  for (const SchemaObject& object : theirs) {
    if (!HasName(ours, object))
      return fmt::format("it has the {}, which no payload has", Shown(object));
  }
  for (const SchemaObject& object : ours) {
    if (!HasName(theirs, object)) return fmt::format("it lacks the {}", Shown(object));
  }
  for (const SchemaObject& object : theirs) {
    if (std::find(ours.begin(), ours.end(), object) == ours.end())
      return fmt::format("the text of its {} is another", Shown(object));
  }
  return "its objects are in another order, or there are two of one name";
}

// The text of a schema is code: it must be ours to the letter.
Status CheckSchema(SQLite::Database& database) {
  SQLite::Database ours(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  ours.exec(kPayloadSql);
  const std::vector<SchemaObject> expected = SchemaOf(ours);
  const std::vector<SchemaObject> found = SchemaOf(database);
  if (found != expected) {
    return Error::Make(Kind::kMalformed, "its schema is not that of a payload: {}",
                       Difference(expected, found));
  }
  const std::string verdict = database.execAndGet("PRAGMA quick_check(1)").getString();
  if (verdict != "ok") return Error::Make(Kind::kMalformed, "quick_check: {}", verdict);
  return Ok();
}

Result<std::int64_t> MetaInteger(SQLite::Statement& statement) {
  const std::string_view text = AsText(store::ReadBlob(statement.getColumn(1)));
  std::int64_t value = 0;
  auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size()) {
    return Error::Make(Kind::kMalformed, "a number in its description is none");
  }
  return value;
}

Result<PayloadMeta> ReadMeta(SQLite::Database& database) {
  PayloadMeta meta;
  SQLite::Statement list(database, "SELECT key, value FROM meta ORDER BY key");
  std::string keys;
  while (list.executeStep()) {
    const std::string key = list.getColumn(0).getString();
    const ByteView value = store::ReadBlob(list.getColumn(1));
    keys += key + ' ';
    if (key == "digest_key") meta.digest_key.assign(value.begin(), value.end());
    if (key == "stream" && value.size() == 16)
      std::copy(value.begin(), value.end(), meta.stream.bytes.begin());
    if (key == "epoch" || key == "seq") {
      GF_TRY((key == "epoch" ? meta.epoch : meta.seq), MetaInteger(list));
    }
  }
  if (keys != "digest_key epoch seq stream " || meta.digest_key.size() != store::kDigestKeyBytes) {
    return Error::Make(Kind::kMalformed, "its description is not complete");
  }
  return meta;
}

// What an empty table says too: a full has none.
Status SendTombstones(SQLite::Database& database, FrameWriter* frames) {
  SQLite::Statement list(database, "SELECT key FROM tombstone ORDER BY key");
  store::Record key;
  while (list.executeStep()) {
    const SQLite::Column column = list.getColumn(0);
    if (!column.isBlob()) return Error::Make(Kind::kMalformed, "a tombstone is no blob");
    const ByteView blob = store::ReadBlob(column);
    GF_CHECK(store::DecodeKey(blob, &key));
    GF_CHECK(frames->Put(FrameType::kTombstone, AsText(blob)));
  }
  return Ok();
}

Status SendRows(const ReaderPipes& pipes, FrameWriter* frames) {
  return store::Guarded("cannot read", [&]() -> Status {
    SQLite::Database database(std::string("payload"), SQLite::OPEN_READONLY | SQLite::OPEN_NOMUTEX,
                              0, UseDescriptorVfs(pipes.scratch));
    Harden(database);
    GF_CHECK(CheckSchema(database));
    GF_TRY(const PayloadMeta meta, ReadMeta(database));
    GF_CHECK(frames->Put(FrameType::kMeta, EncodeMeta(meta)));
    GF_CHECK(SendTombstones(database, frames));
    std::string encoded;
    std::uint64_t count = 0;
    GF_CHECK(store::RowReader(database, /*strict=*/true)
                 .ForEach([&](const store::Record& record) -> Status {
                   encoded.clear();
                   store::EncodeRecord(record, &encoded);
                   if (encoded.size() > store::kMaxRecordBytes) {
                     return Error::Make(Kind::kTooLarge, "a row of {} bytes; the limit is {}",
                                        encoded.size(), store::kMaxRecordBytes);
                   }
                   ++count;
                   return frames->Put(FrameType::kRecord, encoded);
                 }));
    std::string end;
    for (int shift = 0; shift < 64; shift += 8)
      end.push_back(static_cast<char>(count >> shift));
    return frames->Put(FrameType::kEnd, end);
  });
}

}  // namespace

int ReadPayload(const ReaderPipes& pipes, const Expected& expected,
                bundle::AgeIdentities identities) {
  FrameWriter frames(pipes.output);
  Status status = Unpack(pipes.input, pipes.scratch, expected, std::move(identities));
  if (status.ok()) status = CheckHeader(pipes.scratch, expected.plain_size);
  if (status.ok()) status = SendRows(pipes, &frames);
  const bool read = status.ok();
  if (!read) {
    Error error = std::move(status).error();
    // SQLite and age speak of damage; the chunks were whole, so the payload was made this way.
    if (error.kind == Kind::kDamaged || error.kind == Kind::kIncomplete)
      error.kind = Kind::kMalformed;
    (void)frames.Put(FrameType::kError, EncodeError(error));
  }
  return frames.Flush().ok() && read ? 0 : 1;
}

}  // namespace gapferry::transfer
