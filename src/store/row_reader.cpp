#include "store/row_reader.h"

#include <array>
#include <optional>

#include "store/database.h"
#include "store/row_fields.h"

namespace gapferry::store {
namespace {

constexpr std::string_view kReading = "cannot read the database";

using Visit = std::function<Status(const Record&)>;
constexpr char kOfEvent[] = "WHERE event = ? ORDER BY uuid";

}  // namespace

struct RowReader::State {
  State(SQLite::Database& db, bool strict_)
      : strict(strict_),
        database(db),
        fields(db, strict_, &record),
        sources(db, "SELECT id, name, default_tlp FROM source ORDER BY name"),
        events(db, std::string(kSelectEvent) + "WHERE source = ? ORDER BY uuid"),
        objects(db, std::string(kSelectObject) + kOfEvent),
        object_states(db, std::string(kSelectObjectState) + kOfEvent),
        attributes(db, std::string(kSelectAttribute) + kOfEvent),
        subjects(db, std::string(kSelectSubject) + kOfEvent),
        references(db, std::string(kSelectReference) + kOfEvent),
        reports(db, std::string(kSelectReport) + kOfEvent),
        sightings(db, std::string(kSelectSighting) + kOfEvent),
        sighted(db, std::string(kSelectSighting) + kOfEvent),
        lists(db, std::string(kSelectList) + "WHERE source = ? ORDER BY name"),
        entries(db, std::string(kSelectEntry) + "WHERE list = ? ORDER BY value") {}

  // Runs `statement` for `owner` and hands each row to `fill`, then the record to `visit`.
  template <typename Fill>
  Status Each(SQLite::Statement& statement, std::int64_t owner, RecordKind kind, const Visit& visit,
              Fill fill) {
    statement.reset();
    statement.bind(1, owner);
    const Columns columns(statement, strict);
    while (statement.executeStep()) {
      record.kind = kind;
      fill(columns);
      GF_CHECK(visit(record));
    }
    statement.reset();
    return Ok();
  }

  // Whoever reads an attribute also learns what sightings say of it, although they come later as
  // rows: both go by UUID, so a second walk through them keeps step.
  using ReadRow = void (RowFields::*)(const Columns& columns);
  Status EachAttribute(SQLite::Statement& rows, ReadRow read, EventId event, const Visit& visit) {
    sighted.reset();
    sighted.bind(1, event);
    const Columns beside(sighted, strict);
    Uuid next;
    const auto step = [&] {
      const bool there = sighted.executeStep();
      if (there) beside.Id(0, &next);
      return there;
    };
    bool more = step();
    GF_CHECK(Each(rows, event, RecordKind::kAttribute, visit, [&](const Columns& c) {
      (fields.*read)(c);
      while (more && next < record.attribute.uuid)
        more = step();
      if (more && next == record.attribute.uuid) fields.ReadSighting(beside);
    }));
    sighted.reset();
    return Ok();
  }

  using EventWalk = Status (State::*)(const Columns& columns, const Visit& visit);
  Status EachEvent(std::int64_t source, EventWalk below, const Visit& visit) {
    events.reset();
    events.bind(1, source);
    const Columns columns(events, strict);
    while (events.executeStep()) {
      record.kind = RecordKind::kEvent;
      GF_CHECK((this->*below)(columns, visit));
    }
    events.reset();
    return Ok();
  }
  Status EventAndBelow(const Columns& columns, const Visit& visit) {
    const EventId id = fields.ReadEvent(columns);
    GF_CHECK(visit(record));
    GF_CHECK(Each(objects, id, RecordKind::kObject, visit,
                  [&](const Columns& c) { fields.ReadObject(c); }));
    GF_CHECK(EachAttribute(attributes, &RowFields::ReadAttribute, id, visit));
    GF_CHECK(Each(references, id, RecordKind::kReference, visit,
                  [&](const Columns& c) { fields.ReadReference(c); }));
    GF_CHECK(Each(reports, id, RecordKind::kReport, visit,
                  [&](const Columns& c) { fields.ReadReport(c); }));
    return Each(sightings, id, RecordKind::kSighting, visit,
                [&](const Columns& c) { fields.ReadSighting(c); });
  }
  Status EventAndSubjects(const Columns& columns, const Visit& visit) {
    const EventId id = fields.ReadEvent(columns);
    GF_CHECK(visit(record));
    GF_CHECK(Each(object_states, id, RecordKind::kObject, visit,
                  [&](const Columns& c) { fields.ReadObjectState(c); }));
    return EachAttribute(subjects, &RowFields::ReadSubject, id, visit);
  }
  Status EachWarninglist(std::int64_t source, const Visit& visit) {
    lists.reset();
    lists.bind(1, source);
    const Columns columns(lists, strict);
    while (lists.executeStep()) {
      GF_CHECK(ListAndBelow(columns, visit));
    }
    lists.reset();
    return Ok();
  }
  Status ListAndBelow(const Columns& columns, const Visit& visit) {
    record.kind = RecordKind::kWarninglist;
    const std::int64_t id = columns.Integer(0);
    fields.ReadList(columns);
    GF_CHECK(visit(record));
    return Each(entries, id, RecordKind::kWarninglistEntry, visit,
                [&](const Columns& c) { c.Text(0, &record.entry); });
  }

  // Prepared at first use: a walk needs none of them.
  SQLite::Statement& Lookup(std::size_t place, const char* select, const char* where) {
    if (!lookups[place]) lookups[place].emplace(database, std::string(select) + where);
    lookups[place]->reset();
    return *lookups[place];
  }
  SQLite::Statement& Lookup(RecordKind kind) {
    constexpr char kByUuid[] = "WHERE event = ? AND uuid = ?";
    const auto place = static_cast<std::size_t>(kind);
    switch (kind) {
      case RecordKind::kEvent:
        return Lookup(place, kSelectEvent, "WHERE id = ?");
      case RecordKind::kObject:
        return Lookup(place, kSelectObject, kByUuid);
      case RecordKind::kAttribute:
        return Lookup(place, kSelectAttribute, kByUuid);
      case RecordKind::kReference:
        return Lookup(place, kSelectReference, kByUuid);
      case RecordKind::kReport:
        return Lookup(place, kSelectReport, kByUuid);
      case RecordKind::kSighting:
        return Lookup(place, kSelectSighting, kByUuid);
      case RecordKind::kWarninglist:
        return Lookup(place, kSelectList, "WHERE id = ?");
      default:
        return Lookup(place, kSelectEntry, "WHERE list = ? AND value = ?");
    }
  }
  void ReadFound(RecordKind kind, const Columns& columns) {
    switch (kind) {
      case RecordKind::kEvent:
        fields.ReadEvent(columns);
        return;
      case RecordKind::kObject:
        return fields.ReadObject(columns);
      case RecordKind::kAttribute:
        return fields.ReadAttribute(columns);
      case RecordKind::kReference:
        return fields.ReadReference(columns);
      case RecordKind::kReport:
        return fields.ReadReport(columns);
      case RecordKind::kSighting:
        return fields.ReadSighting(columns);
      case RecordKind::kWarninglist:
        return fields.ReadList(columns);
      default:
        return columns.Text(0, &record.entry);
    }
  }
  const Record* Find(const Record& key, std::int64_t owner) {
    SQLite::Statement& find = Lookup(key.kind);
    find.bind(1, owner);
    switch (key.kind) {
      case RecordKind::kObject:
        BindBlob(find, 2, key.object.uuid.bytes);
        break;
      case RecordKind::kAttribute:
      case RecordKind::kSighting:
        BindBlob(find, 2, key.attribute.uuid.bytes);
        break;
      case RecordKind::kReference:
        BindBlob(find, 2, key.reference.uuid.bytes);
        break;
      case RecordKind::kReport:
        BindBlob(find, 2, key.report.uuid.bytes);
        break;
      case RecordKind::kWarninglistEntry:
        BindText(find, 2, key.entry);
        break;
      default:
        break;
    }
    const bool found = find.executeStep();
    if (found) {
      record.kind = key.kind;
      record.source = key.source;
      record.event_uuid = key.event_uuid;
      if (key.kind == RecordKind::kWarninglistEntry) record.warninglist.name = key.warninglist.name;
      ReadFound(key.kind, Columns(find, strict));
    }
    find.reset();
    if (found && key.kind == RecordKind::kAttribute) ReadSightings(owner);
    return found ? &record : nullptr;
  }
  // Of the attribute that was found.
  void ReadSightings(EventId event) {
    SQLite::Statement& find = Lookup(RecordKind::kSighting);
    find.bind(1, event);
    BindBlob(find, 2, record.attribute.uuid.bytes);
    if (find.executeStep()) fields.ReadSighting(Columns(find, strict));
    find.reset();
  }
  Status EachSource(Part part, EventWalk below, const Visit& visit) {
    sources.reset();
    const Columns columns(sources, strict);
    std::optional<std::string> last;
    while (sources.executeStep()) {
      record.kind = RecordKind::kSource;
      const std::int64_t id = columns.Integer(0);
      columns.Text(1, &record.source);
      // A payload has no index that would refuse it, and a store would make one of the two.
      if (last == record.source) columns.Bad(1, "is there twice");
      if (strict && !IsSourceName(record.source)) columns.Bad(1, "is no name of a source");
      last = record.source;
      record.default_tlp = static_cast<intel::Tlp>(columns.Integer(2, 0, intel::kTlpLevels - 1));
      GF_CHECK(visit(record));
      if (part != Part::kWarninglists) GF_CHECK(EachEvent(id, below, visit));
      if (part != Part::kEvents) GF_CHECK(EachWarninglist(id, visit));
    }
    sources.reset();
    return Ok();
  }

  bool strict;
  SQLite::Database& database;
  Record record;
  RowFields fields;
  SQLite::Statement sources, events, objects, object_states, attributes, subjects, references,
      reports, sightings, sighted, lists, entries;
  std::array<std::optional<SQLite::Statement>, kRecordKinds + 1> lookups;
};

RowReader::RowReader(SQLite::Database& database, bool strict)
    : state_(std::make_unique<State>(database, strict)) {}
RowReader::RowReader(RowReader&&) noexcept = default;
RowReader::~RowReader() = default;

Status RowReader::ForEach(const Visit& visit) {
  return ForEach(Part::kAll, visit);
}

namespace {

// What ends a walk, as an Error.
template <typename Body>
auto Reading(Body&& body) {
  return Guarded(kReading, [&]() -> decltype(body()) {
    try {
      return body();
    } catch (const BadRow& bad) {
      return Error::Make(Kind::kMalformed, "{}", bad.what);
    }
  });
}

}  // namespace

Status RowReader::ForEach(Part part, const Visit& visit) {
  return Reading([&] { return state_->EachSource(part, &State::EventAndBelow, visit); });
}

Status RowReader::ForEachSubject(const Visit& visit) {
  return Reading(
      [&] { return state_->EachSource(Part::kEvents, &State::EventAndSubjects, visit); });
}

Status RowReader::OfEvent(const std::string& source, EventId event, const Visit& visit) {
  return Reading([&]() -> Status {
    SQLite::Statement& find = state_->Lookup(RecordKind::kEvent);
    find.bind(1, event);
    if (!find.executeStep()) return Ok();
    state_->record.kind = RecordKind::kEvent;
    state_->record.source = source;
    GF_CHECK(state_->EventAndBelow(Columns(find, state_->strict), visit));
    find.reset();
    return Ok();
  });
}

Status RowReader::OfWarninglist(const std::string& source, std::int64_t list, const Visit& visit) {
  return Reading([&]() -> Status {
    SQLite::Statement& find = state_->Lookup(RecordKind::kWarninglist);
    find.bind(1, list);
    if (!find.executeStep()) return Ok();
    state_->record.source = source;
    GF_CHECK(state_->ListAndBelow(Columns(find, state_->strict), visit));
    find.reset();
    return Ok();
  });
}

Result<const Record*> RowReader::Find(const Record& key, std::int64_t owner) {
  return Reading([&]() -> Result<const Record*> { return state_->Find(key, owner); });
}

}  // namespace gapferry::store
