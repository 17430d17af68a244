#include "store/database.h"
#include "store/store.h"

namespace gapferry::store {

Status Store::ForgetUnused() {
  return Guarded("cannot use the database", [&] {
    SQLite::Database& db = database();
    db.exec(
        "DELETE FROM tagset WHERE id NOT IN (SELECT tagset FROM event WHERE tagset IS NOT NULL "
        "UNION SELECT tagset FROM attribute WHERE tagset IS NOT NULL)");
    db.exec(
        "DELETE FROM word WHERE id NOT IN (SELECT type FROM attribute UNION SELECT category FROM "
        "attribute UNION SELECT relation FROM attribute WHERE relation IS NOT NULL UNION SELECT "
        "sharing_group FROM attribute WHERE sharing_group IS NOT NULL)");
  });
}

}  // namespace gapferry::store
