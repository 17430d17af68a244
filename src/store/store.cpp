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

Result<std::optional<KnownEvent>> Store::FindEvent(SourceId source, const Uuid& uuid) {
  return Guarded(kUsing, [&]() -> Result<std::optional<KnownEvent>> {
    SQLite::Statement find(
        state_->database,
        "SELECT id, timestamp, input_digest FROM event WHERE source = ? AND uuid = ?");
    find.bind(1, source);
    BindBlob(find, 2, uuid.bytes);
    if (!find.executeStep()) return std::optional<KnownEvent>();
    KnownEvent known{find.getColumn(0).getInt64(), uuid, find.getColumn(1).getInt64(),
                     ReadDigest<32>(find.getColumn(2))};
    return std::optional<KnownEvent>(known);
  });
}

Result<std::vector<KnownEvent>> Store::ListEvents(SourceId source) {
  return Guarded(kUsing, [&]() -> Result<std::vector<KnownEvent>> {
    SQLite::Statement list(state_->database,
                           "SELECT id, uuid, timestamp, input_digest, publish_timestamp FROM event "
                           "WHERE source = ?");
    list.bind(1, source);
    std::vector<KnownEvent> events;
    while (list.executeStep()) {
      KnownEvent& known = events.emplace_back();
      known.id = list.getColumn(0).getInt64();
      known.uuid.bytes = ReadDigest<16>(list.getColumn(1)).value_or(known.uuid.bytes);
      known.timestamp = list.getColumn(2).getInt64();
      known.input_digest = ReadDigest<32>(list.getColumn(3));
      known.publish_timestamp = list.getColumn(4).getInt64();
    }
    return events;
  });
}

Result<std::vector<KnownSource>> Store::KnownSources() {
  return Guarded(kUsing, [&]() -> Result<std::vector<KnownSource>> {
    SQLite::Statement list(state_->database,
                           "SELECT id, name, default_tlp FROM source ORDER BY name");
    std::vector<KnownSource> sources;
    while (list.executeStep()) {
      KnownSource& source = sources.emplace_back();
      source.id = list.getColumn(0).getInt64();
      ReadText(list.getColumn(1), &source.name);
      source.default_tlp = static_cast<intel::Tlp>(list.getColumn(2).getInt());
    }
    return sources;
  });
}

Status Store::RemoveEvent(EventId event) {
  return Guarded(kUsing, [&] {
    for (const char* table : {"object", "attribute", "reference", "report", "sighting"}) {
      SQLite::Statement remove(state_->database,
                               std::string("DELETE FROM ") + table + " WHERE event = ?");
      remove.bind(1, event);
      remove.exec();
    }
    SQLite::Statement remove(state_->database, "DELETE FROM event WHERE id = ?");
    remove.bind(1, event);
    remove.exec();
  });
}

Result<std::vector<KnownWarninglist>> Store::ListWarninglists(SourceId source) {
  return Guarded(kUsing, [&]() -> Result<std::vector<KnownWarninglist>> {
    SQLite::Statement list(
        state_->database,
        "SELECT id, name, version, input_digest FROM warninglist WHERE source = ?");
    list.bind(1, source);
    std::vector<KnownWarninglist> lists;
    while (list.executeStep()) {
      KnownWarninglist& known = lists.emplace_back();
      known.id = list.getColumn(0).getInt64();
      ReadText(list.getColumn(1), &known.name);
      known.version = list.getColumn(2).getInt64();
      known.input_digest = ReadDigest<32>(list.getColumn(3));
    }
    return lists;
  });
}

Status Store::RemoveWarninglist(std::int64_t list) {
  return Guarded(kUsing, [&] {
    SQLite::Statement entries(state_->database, "DELETE FROM warninglist_entry WHERE list = ?");
    entries.bind(1, list);
    entries.exec();
    SQLite::Statement head(state_->database, "DELETE FROM warninglist WHERE id = ?");
    head.bind(1, list);
    head.exec();
  });
}

Result<std::vector<std::string>> Store::ListSources() {
  return Guarded(kUsing, [&]() -> Result<std::vector<std::string>> {
    SQLite::Statement list(state_->database, "SELECT name FROM source ORDER BY name");
    std::vector<std::string> names;
    while (list.executeStep())
      ReadText(list.getColumn(0), &names.emplace_back());
    return names;
  });
}

Status Store::RemoveSource(const std::string& name) {
  return Guarded(kUsing, [&]() -> Status {
    SQLite::Statement find(state_->database, "SELECT id FROM source WHERE name = ?");
    BindText(find, 1, name);
    if (!find.executeStep()) return Ok();
    const SourceId id = find.getColumn(0).getInt64();
    GF_TRY(const std::vector<KnownEvent> events, ListEvents(id));
    for (const KnownEvent& event : events)
      GF_CHECK(RemoveEvent(event.id));
    GF_TRY(const std::vector<KnownWarninglist> lists, ListWarninglists(id));
    for (const KnownWarninglist& list : lists)
      GF_CHECK(RemoveWarninglist(list.id));
    for (const char* sql :
         {"DELETE FROM unknown_field WHERE source = ?", "DELETE FROM source WHERE id = ?"}) {
      SQLite::Statement remove(state_->database, sql);
      remove.bind(1, id);
      remove.exec();
    }
    return Ok();
  });
}

Result<std::vector<std::int64_t>> Store::FindTagsets(
    const std::function<bool(const intel::Tag&)>& wanted) {
  return Guarded(kUsing, [&]() -> Result<std::vector<std::int64_t>> {
    std::vector<std::int64_t> tagsets;
    SQLite::Statement list(state_->database, "SELECT id, content FROM tagset");
    std::vector<intel::Tag> tags;
    while (list.executeStep()) {
      if (!DecodeTags(ReadBlob(list.getColumn(1)), &tags)) continue;
      if (std::any_of(tags.begin(), tags.end(), wanted))
        tagsets.push_back(list.getColumn(0).getInt64());
    }
    return tagsets;
  });
}

Result<bool> Store::EventUsesTagset(EventId event, const std::vector<std::int64_t>& tagsets) {
  return Guarded(kUsing, [&]() -> Result<bool> {
    SQLite::Statement list(state_->database,
                           "SELECT DISTINCT tagset FROM attribute WHERE event = ?");
    list.bind(1, event);
    while (list.executeStep()) {
      const SQLite::Column tagset = list.getColumn(0);
      if (!tagset.isNull() &&
          std::find(tagsets.begin(), tagsets.end(), tagset.getInt64()) != tagsets.end()) {
        return true;
      }
    }
    return false;
  });
}

Status Store::SetUnknownFields(SourceId source, const std::map<std::string, std::uint64_t>& seen) {
  return Guarded(kUsing, [&] {
    SQLite::Statement remove(state_->database, "DELETE FROM unknown_field WHERE source = ?");
    remove.bind(1, source);
    remove.exec();
    SQLite::Statement put(state_->database,
                          "INSERT INTO unknown_field (source, path, seen) VALUES (?, ?, ?)");
    for (const auto& [path, count] : seen) {
      put.bind(1, source);
      BindText(put, 2, path);
      put.bind(3, static_cast<std::int64_t>(count));
      put.exec();
      put.reset();
    }
  });
}

Result<std::map<std::string, std::uint64_t>> Store::UnknownFields() {
  return Guarded(kUsing, [&]() -> Result<std::map<std::string, std::uint64_t>> {
    SQLite::Statement list(state_->database,
                           "SELECT path, sum(seen) FROM unknown_field GROUP BY path");
    std::map<std::string, std::uint64_t> seen;
    while (list.executeStep()) {
      seen[list.getColumn(0).getString()] =
          static_cast<std::uint64_t>(list.getColumn(1).getInt64());
    }
    return seen;
  });
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

Result<bool> Store::EventHasObjects(EventId event) {
  return Guarded(kUsing, [&]() -> Result<bool> {
    SQLite::Statement any(state_->database, "SELECT 1 FROM object WHERE event = ? LIMIT 1");
    any.bind(1, event);
    return any.executeStep();
  });
}

Result<std::map<std::string, std::uint64_t>> Store::CountRows() {
  return Guarded(kUsing, [&]() -> Result<std::map<std::string, std::uint64_t>> {
    std::map<std::string, std::uint64_t> counts;
    for (int i = 1; i <= kRecordKinds; ++i) {
      const std::string name(RecordKindName(static_cast<RecordKind>(i)));
      std::string table = name;
      std::replace(table.begin(), table.end(), '-', '_');
      counts[name] = static_cast<std::uint64_t>(
          state_->database.execAndGet("SELECT count(*) FROM " + table).getInt64());
    }
    return counts;
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

Status Store::PutRefused(const Record& record, const Digest256& digest, const std::string& reason) {
  return Guarded(kUsing, [&] {
    SQLite::Statement put(state_->database,
                          "INSERT OR REPLACE INTO refused (key, digest, reason) VALUES (?, ?, ?)");
    const std::string key = EncodeKey(record);
    BindBlob(put, 1, AsBytes(key));
    BindBlob(put, 2, digest);
    BindText(put, 3, reason);
    put.exec();
  });
}

Status Store::ForEachRefused(
    const std::function<void(const Digest256&, const std::string&)>& visit) {
  return Guarded(kUsing, [&] {
    SQLite::Statement list(state_->database, "SELECT digest, reason FROM refused");
    std::string reason;
    while (list.executeStep()) {
      ReadText(list.getColumn(1), &reason);
      visit(ReadDigest<32>(list.getColumn(0)).value_or(Digest256{}), reason);
    }
  });
}

}  // namespace gapferry::store
