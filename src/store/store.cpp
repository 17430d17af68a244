#include "store/store.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/file.h"
#include "store/database.h"
#include "store/migrate.h"
#include "store/schema_sql.h"

namespace gapferry::store {
namespace {

constexpr std::string_view kUsing = "cannot use the database";
constexpr int kBusyMilliseconds = 5000;

int ReadPragma(SQLite::Database& database, const char* name) {
  return database.execAndGet(std::string("PRAGMA ") + name).getInt();
}

}  // namespace

struct Store::State {
  // One thread uses a connection; SQLite's lock around every column costs a twentieth of a walk.
  State(const std::string& path, int flags)
      : database(path, flags | SQLite::OPEN_NOMUTEX, kBusyMilliseconds) {}
  SQLite::Database database;
  bool in_transaction = false;
};

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() {
  if (state_ && state_->in_transaction) Rollback();
}

namespace {

// Makes the tables, or brings them to this version. Never touches a file that is not ours.
Status Prepare(SQLite::Database& db, const std::filesystem::path& path) {
  const int version = ReadPragma(db, "user_version");
  if (version == 0) {
    SQLite::Transaction transaction(db);
    db.exec(kStoreSql);
    db.exec(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {};",
                        kStoreApplicationId, kStoreVersion));
    transaction.commit();
    return Ok();
  }
  if (ReadPragma(db, "application_id") != kStoreApplicationId) {
    return Error::Make(Kind::kMalformed, "{} is a database, but no store of gapferry",
                       path.string());
  }
  if (version > kStoreVersion) {
    return Error::Make(Kind::kUnsupported, "{} has version {}; this program knows {}",
                       path.string(), version, kStoreVersion);
  }
  if (version < kStoreVersion) Migrate(db, version);
  return Ok();
}

constexpr char kDurable[] = "PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL;";
constexpr char kThrownAwayOnFailure[] = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;";
constexpr char kAlways[] =
    "PRAGMA cache_size = -32000; PRAGMA temp_store = FILE; PRAGMA foreign_keys = OFF;"
    "PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON;";  // what goes is overwritten

}  // namespace

Result<Store> Store::OpenFor(const std::filesystem::path& path, const char* pragmas) {
  return Guarded("cannot open " + path.string(), [&]() -> Result<Store> {
    const mode_t before = ::umask(0077);
    auto state =
        std::make_unique<State>(path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    ::umask(before);
    state->database.exec(pragmas);
    state->database.exec(kAlways);
    GF_CHECK(Prepare(state->database, path));
    return Store(std::move(state));
  });
}

namespace {

// What a killed process left half written is rolled back by whoever reads next, but SQLite lets
// only a writer do it.
Status RollBackJournal(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path.string() + "-journal", error)) return Ok();
  return Guarded("cannot roll back " + path.string(), [&] {
    SQLite::Database database(path.string(), SQLite::OPEN_READWRITE, kBusyMilliseconds);
    (void)ReadPragma(database, "schema_version");
  });
}

}  // namespace

Result<Store> Store::Open(const std::filesystem::path& path) {
  return OpenFor(path, kDurable);
}
Result<Store> Store::OpenAside(const std::filesystem::path& path) {
  return OpenFor(path, kThrownAwayOnFailure);
}

Result<Store> Store::OpenReadOnly(const std::filesystem::path& path) {
  GF_CHECK(RollBackJournal(path));
  return Guarded("cannot open " + path.string(), [&]() -> Result<Store> {
    auto state = std::make_unique<State>(path.string(), SQLite::OPEN_READONLY);
    state->database.exec(kAlways);
    if (ReadPragma(state->database, "application_id") != kStoreApplicationId) {
      return Error::Make(Kind::kMalformed, "{} is no store of gapferry", path.string());
    }
    if (const int version = ReadPragma(state->database, "user_version"); version != kStoreVersion) {
      return Error::Make(Kind::kNotReady, "{} has version {}; this program uses {}", path.string(),
                         version, kStoreVersion)
          .Hint("a command that writes, such as `import` or `collect`, brings it up to date");
    }
    return Store(std::move(state));
  });
}

SQLite::Database& Store::database() {
  return state_->database;
}

Status Store::Begin() {
  GF_CHECK(Guarded(kUsing, [&] { state_->database.exec("BEGIN IMMEDIATE"); }));
  state_->in_transaction = true;
  return Ok();
}

Status Store::Commit() {
  GF_CHECK(Guarded("cannot commit", [&] { state_->database.exec("COMMIT"); }));
  state_->in_transaction = false;
  return Ok();
}

void Store::Rollback() {
  state_->database.tryExec("ROLLBACK");
  state_->in_transaction = false;
}

Status Store::Savepoint() {
  return Guarded(kUsing, [&] { state_->database.exec("SAVEPOINT one_event"); });
}
Status Store::ReleaseSavepoint() {
  return Guarded(kUsing, [&] { state_->database.exec("RELEASE one_event"); });
}
void Store::RollbackToSavepoint() {
  state_->database.tryExec("ROLLBACK TO one_event");
  state_->database.tryExec("RELEASE one_event");
}

Result<std::optional<std::string>> Store::GetMeta(const std::string& key) {
  return Guarded(kUsing, [&]() -> Result<std::optional<std::string>> {
    SQLite::Statement get(state_->database, "SELECT value FROM meta WHERE key = ?");
    BindText(get, 1, key);
    if (!get.executeStep()) return std::optional<std::string>();
    return std::optional<std::string>(AsText(ReadBlob(get.getColumn(0))));
  });
}

Status Store::SetMeta(const std::string& key, std::string_view value) {
  return Guarded(kUsing, [&] {
    SQLite::Statement set(state_->database,
                          "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)");
    BindText(set, 1, key);
    BindBlob(set, 2, AsBytes(value));
    set.exec();
  });
}

RowWriter Store::Writer() {
  return {state_->database, Flavour::kStore};
}
RowReader Store::Reader() {
  return {state_->database, /*strict=*/false};
}

Status Store::TakeLasting(const std::filesystem::path& path) {
  return Guarded(kUsing, [&] {
    SQLite::Statement attach(state_->database, "ATTACH ? AS before");
    const std::string name = path.string();
    BindText(attach, 1, name);
    attach.exec();
    state_->database.exec("BEGIN");
    for (const char* table : {"meta", "artifact_id", "published_object"}) {
      state_->database.exec(fmt::format("DELETE FROM main.{}", table));
      state_->database.exec(
          fmt::format("INSERT INTO main.{} SELECT * FROM before.{}", table, table));
    }
    state_->database.exec("COMMIT");
    state_->database.exec("DETACH before");
  });
}

Status Store::QuickCheck() {
  return Guarded(kUsing, [&]() -> Status {
    const std::string verdict = state_->database.execAndGet("PRAGMA quick_check(1)").getString();
    if (verdict == "ok") return Ok();
    return Error::Make(Kind::kDamaged, "the store is damaged: {}", verdict);
  });
}

Status Store::SnapshotTo(const std::filesystem::path& file) {
  return Guarded(kUsing, [&] {
    SQLite::Statement copy(state_->database, "VACUUM INTO ?");
    const std::string path = file.string();
    BindText(copy, 1, path);
    copy.exec();
  });
}

}  // namespace gapferry::store
