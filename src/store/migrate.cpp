#include "store/migrate.h"

#include <algorithm>
#include <optional>

#include "store/database.h"
#include "store/object_versions.h"
#include "store/schema_sql.h"
#include "store/store.h"

namespace gapferry::store {
namespace {

// The statements of today's schema that make one table.
std::string TableOf(const std::string& name) {
  const std::string schema = kStoreSql;
  const std::size_t begin = schema.find("CREATE TABLE " + name + " (");
  return schema.substr(begin, schema.find(';', schema.find("STRICT", begin)) + 1 - begin);
}

// Version 2 keeps what each site holds, and a row in the ledger for each bundle of a number.
void ToVersion2(SQLite::Database& database) {
  database.exec("ALTER TABLE ledger RENAME TO ledger1");
  database.exec(TableOf("ledger"));
  database.exec(
      "INSERT INTO ledger (stream, epoch, seq, kind, base_seq, state_digest, manifest_digest, "
      "created, expires, stored_bytes) SELECT stream, epoch, seq, kind, 0, state_digest, "
      "manifest_digest, created, expires, 0 FROM ledger1");
  database.exec("DROP TABLE ledger1");
  database.exec(TableOf("stream_state"));
  database.exec(TableOf("stream_part"));
}

// Version 3 keeps sightings. They are in what was read before, so all of it is read once more, and
// what each site holds is looked at again.
void ToVersion3(SQLite::Database& database) {
  database.exec(TableOf("sighting"));
  database.exec("UPDATE event SET input_digest = NULL");
  database.exec("UPDATE stream_part SET input_digest = NULL");
}

// A row of artifact_id as an object of the family that its key begins with, "FAMILY/UUID".
std::optional<ObjectVersion> ReadObject(SQLite::Statement& row, std::string* family) {
  const std::string key = row.getColumn(1).getString();
  const std::size_t slash = key.find('/');
  const std::optional<Uuid> id =
      slash == std::string::npos ? std::nullopt : ParseUuid(key.substr(slash + 1));
  const ByteView digest = ReadBlob(row.getColumn(3));
  ObjectVersion object;
  if (!id || digest.size() < object.content.size()) return std::nullopt;
  *family = key.substr(0, slash);
  object.id = *id;
  std::copy_n(digest.begin(), object.content.size(), object.content.begin());
  object.rev = static_cast<std::uint32_t>(row.getColumn(2).getInt64());
  object.changed = row.getColumn(4).getInt64();
  return object;
}

// Version 4 keeps the objects of a STIX destination in one row a family.
void ToVersion4(SQLite::Database& database) {
  database.exec(TableOf("published_object"));
  SQLite::Statement put(database, "INSERT INTO published_object VALUES (?, ?, ?)");
  std::string space;
  std::string family;
  std::vector<ObjectVersion> objects;
  const auto flush = [&] {
    if (objects.empty()) return;
    const Bytes blob = EncodeObjectVersions(objects);
    BindText(put, 1, space);
    BindText(put, 2, family);
    BindBlob(put, 3, blob);
    put.exec();
    put.reset();
    objects.clear();
  };
  // In this order the UUIDs of a family rise.
  SQLite::Statement read(database,
                         "SELECT space, key, rev, content, changed FROM artifact_id "
                         "WHERE space LIKE '%/stix' ORDER BY space, key");
  while (read.executeStep()) {
    std::string next;
    const std::optional<ObjectVersion> object = ReadObject(read, &next);
    if (!object) continue;
    if (read.getColumn(0).getString() != space || next != family) flush();
    space = read.getColumn(0).getString();
    family = next;
    objects.push_back(*object);
  }
  flush();
  database.exec("DELETE FROM artifact_id WHERE space LIKE '%/stix'");
}

}  // namespace

void Migrate(SQLite::Database& database, int version) {
  SQLite::Transaction transaction(database);
  if (version < 2) ToVersion2(database);
  if (version < 3) ToVersion3(database);
  if (version < 4) ToVersion4(database);
  database.exec("PRAGMA user_version = " + std::to_string(kStoreVersion));
  transaction.commit();
}

}  // namespace gapferry::store
