#include "store/migrate.h"

#include "store/database.h"
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

}  // namespace

void Migrate(SQLite::Database& database, int version) {
  SQLite::Transaction transaction(database);
  if (version < 2) ToVersion2(database);
  if (version < 3) ToVersion3(database);
  database.exec("PRAGMA user_version = " + std::to_string(kStoreVersion));
  transaction.commit();
}

}  // namespace gapferry::store
