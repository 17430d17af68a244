// What a store holds beside its rows: events, sources and lists as they are known, fields that
// nobody lists, what was refused.
#include <algorithm>

#include "store/database.h"
#include "store/store.h"

namespace gapferry::store {
namespace {

constexpr std::string_view kListing = "cannot use the database";

}  // namespace

Result<std::optional<KnownEvent>> Store::FindEvent(SourceId source, const Uuid& uuid) {
  return Guarded(kListing, [&]() -> Result<std::optional<KnownEvent>> {
    SQLite::Statement find(
        database(), "SELECT id, timestamp, input_digest FROM event WHERE source = ? AND uuid = ?");
    find.bind(1, source);
    BindBlob(find, 2, uuid.bytes);
    if (!find.executeStep()) return std::optional<KnownEvent>();
    KnownEvent known{find.getColumn(0).getInt64(), uuid, find.getColumn(1).getInt64(),
                     ReadDigest<32>(find.getColumn(2))};
    return std::optional<KnownEvent>(known);
  });
}

Result<std::vector<KnownEvent>> Store::ListEvents(SourceId source) {
  return Guarded(kListing, [&]() -> Result<std::vector<KnownEvent>> {
    SQLite::Statement list(database(),
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
  return Guarded(kListing, [&]() -> Result<std::vector<KnownSource>> {
    SQLite::Statement list(database(), "SELECT id, name, default_tlp FROM source ORDER BY name");
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
  return Guarded(kListing, [&] {
    for (const char* table : {"object", "attribute", "reference", "report", "sighting"}) {
      SQLite::Statement remove(database(),
                               std::string("DELETE FROM ") + table + " WHERE event = ?");
      remove.bind(1, event);
      remove.exec();
    }
    SQLite::Statement remove(database(), "DELETE FROM event WHERE id = ?");
    remove.bind(1, event);
    remove.exec();
  });
}

Result<std::vector<KnownWarninglist>> Store::ListWarninglists(SourceId source) {
  return Guarded(kListing, [&]() -> Result<std::vector<KnownWarninglist>> {
    SQLite::Statement list(
        database(), "SELECT id, name, version, input_digest FROM warninglist WHERE source = ?");
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
  return Guarded(kListing, [&] {
    SQLite::Statement entries(database(), "DELETE FROM warninglist_entry WHERE list = ?");
    entries.bind(1, list);
    entries.exec();
    SQLite::Statement head(database(), "DELETE FROM warninglist WHERE id = ?");
    head.bind(1, list);
    head.exec();
  });
}

Result<std::vector<std::string>> Store::ListSources() {
  return Guarded(kListing, [&]() -> Result<std::vector<std::string>> {
    SQLite::Statement list(database(), "SELECT name FROM source ORDER BY name");
    std::vector<std::string> names;
    while (list.executeStep())
      ReadText(list.getColumn(0), &names.emplace_back());
    return names;
  });
}

Status Store::RemoveSource(const std::string& name) {
  return Guarded(kListing, [&]() -> Status {
    SQLite::Statement find(database(), "SELECT id FROM source WHERE name = ?");
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
      SQLite::Statement remove(database(), sql);
      remove.bind(1, id);
      remove.exec();
    }
    return Ok();
  });
}

Result<std::vector<std::int64_t>> Store::FindTagsets(
    const std::function<bool(const intel::Tag&)>& wanted) {
  return Guarded(kListing, [&]() -> Result<std::vector<std::int64_t>> {
    std::vector<std::int64_t> tagsets;
    SQLite::Statement list(database(), "SELECT id, content FROM tagset");
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
  return Guarded(kListing, [&]() -> Result<bool> {
    SQLite::Statement list(database(), "SELECT DISTINCT tagset FROM attribute WHERE event = ?");
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
  return Guarded(kListing, [&] {
    SQLite::Statement remove(database(), "DELETE FROM unknown_field WHERE source = ?");
    remove.bind(1, source);
    remove.exec();
    SQLite::Statement put(database(),
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
  return Guarded(kListing, [&]() -> Result<std::map<std::string, std::uint64_t>> {
    SQLite::Statement list(database(), "SELECT path, sum(seen) FROM unknown_field GROUP BY path");
    std::map<std::string, std::uint64_t> seen;
    while (list.executeStep()) {
      seen[list.getColumn(0).getString()] =
          static_cast<std::uint64_t>(list.getColumn(1).getInt64());
    }
    return seen;
  });
}

Result<bool> Store::EventHasObjects(EventId event) {
  return Guarded(kListing, [&]() -> Result<bool> {
    SQLite::Statement any(database(), "SELECT 1 FROM object WHERE event = ? LIMIT 1");
    any.bind(1, event);
    return any.executeStep();
  });
}

Result<std::map<std::string, std::uint64_t>> Store::CountRows() {
  return Guarded(kListing, [&]() -> Result<std::map<std::string, std::uint64_t>> {
    std::map<std::string, std::uint64_t> counts;
    for (int i = 1; i <= kRecordKinds; ++i) {
      const std::string name(RecordKindName(static_cast<RecordKind>(i)));
      std::string table = name;
      std::replace(table.begin(), table.end(), '-', '_');
      counts[name] = static_cast<std::uint64_t>(
          database().execAndGet("SELECT count(*) FROM " + table).getInt64());
    }
    return counts;
  });
}

Status Store::PutRefused(const Record& record, const Digest256& digest, const std::string& reason) {
  return Guarded(kListing, [&] {
    SQLite::Statement put(database(),
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
  return Guarded(kListing, [&] {
    SQLite::Statement list(database(), "SELECT digest, reason FROM refused");
    std::string reason;
    while (list.executeStep()) {
      ReadText(list.getColumn(1), &reason);
      visit(ReadDigest<32>(list.getColumn(0)).value_or(Digest256{}), reason);
    }
  });
}

}  // namespace gapferry::store
