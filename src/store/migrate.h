// store/migrate.h: stores of earlier versions become ones of this version.
#pragma once

namespace SQLite {
class Database;
}

namespace gapferry::store {

// From `version` (1 … kStoreVersion - 1) to kStoreVersion, in one transaction. Throws SQLite's
// exceptions.
void Migrate(SQLite::Database& database, int version);

}  // namespace gapferry::store
