#include "store/row_reader.h"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>

#include "store/columns.h"
#include "store/database.h"
#include "store/value_code.h"

namespace gapferry::store {
namespace {

constexpr std::string_view kReading = "cannot read the database";
constexpr std::size_t kMostCached = 1 << 16;

using Visit = std::function<Status(const Record&)>;

}  // namespace

namespace {

constexpr char kSelectEvent[] =
    "SELECT id, uuid, info, date, timestamp, publish_timestamp, published, threat_level, analysis, "
    "distribution, sharing_group, extends_uuid, orgc_uuid, orgc_name, tagset FROM event ";
constexpr char kSelectObject[] =
    "SELECT uuid, name, meta_category, description, template_uuid, template_version, comment, "
    "first_seen, last_seen, timestamp, distribution, sharing_group, deleted FROM object ";
constexpr char kSelectAttribute[] =
    "SELECT uuid, object, type, category, value, comment, relation, first_seen, last_seen, "
    "timestamp, distribution, sharing_group, flags, tagset FROM attribute ";
constexpr char kSelectReference[] =
    "SELECT uuid, object, referenced, relationship_type, comment, timestamp, deleted FROM "
    "reference ";
constexpr char kSelectReport[] =
    "SELECT uuid, name, content, timestamp, distribution, sharing_group, deleted FROM report ";
constexpr char kSelectSighting[] =
    "SELECT uuid, seen, false_positives, last_seen, last_false_positive, expires FROM sighting ";
constexpr char kSelectList[] =
    "SELECT id, name, version, type, description, matching_attributes FROM warninglist ";
constexpr char kSelectEntry[] = "SELECT value FROM warninglist_entry ";
constexpr char kBelowEvent[] = "WHERE event = ? ORDER BY uuid";

}  // namespace

struct RowReader::State {
  State(SQLite::Database& db, bool strict_)
      : strict(strict_),
        database(db),
        word(db, "SELECT text FROM word WHERE id = ?"),
        tagset(db, "SELECT content FROM tagset WHERE id = ?"),
        sources(db, "SELECT id, name, default_tlp FROM source ORDER BY name"),
        events(db, std::string(kSelectEvent) + "WHERE source = ? ORDER BY uuid"),
        objects(db, std::string(kSelectObject) + kBelowEvent),
        attributes(db, std::string(kSelectAttribute) + kBelowEvent),
        references(db, std::string(kSelectReference) + kBelowEvent),
        reports(db, std::string(kSelectReport) + kBelowEvent),
        sightings(db, std::string(kSelectSighting) + kBelowEvent),
        sighted(db, std::string(kSelectSighting) + kBelowEvent),
        lists(db, std::string(kSelectList) + "WHERE source = ? ORDER BY name"),
        entries(db, std::string(kSelectEntry) + "WHERE list = ? ORDER BY value") {}

  const std::string& Word(std::int64_t id) {
    auto known = words.find(id);
    if (known != words.end()) return known->second;
    word.bind(1, id);
    if (!word.executeStep()) throw BadRow{fmt::format("there is no word {}", id)};
    std::string text;
    Columns(word, strict).Text(0, &text);
    word.reset();
    if (words.size() >= kMostCached) words.clear();
    return words.emplace(id, std::move(text)).first->second;
  }
  void OptionalWord(const Columns& columns, int index, std::string* text) {
    if (columns.IsNull(index)) {
      text->clear();
    } else {
      *text = Word(columns.Integer(index));
    }
  }
  void Tags(const Columns& columns, int index, std::vector<intel::Tag>* tags) {
    if (columns.IsNull(index)) return tags->clear();
    const std::int64_t id = columns.Integer(index);
    auto known = tagsets.find(id);
    if (known == tagsets.end()) {
      tagset.bind(1, id);
      std::vector<intel::Tag> decoded;
      if (!tagset.executeStep() || !DecodeTags(Columns(tagset, strict).Blob(0), &decoded)) {
        throw BadRow{fmt::format("there is no tag set {}", id)};
      }
      tagset.reset();
      if (tagsets.size() >= kMostCached) tagsets.clear();
      known = tagsets.emplace(id, std::move(decoded)).first;
    }
    *tags = known->second;
  }

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

  EventId ReadEvent(const Columns& c) {
    intel::Event& event = record.event;
    c.Id(1, &event.uuid);
    record.event_uuid = event.uuid;
    c.Text(2, &event.info);
    c.Text(3, &event.date);
    event.timestamp = c.Integer(4);
    event.publish_timestamp = c.Integer(5);
    event.published = c.IsNull(6) ? std::nullopt : std::optional<bool>(c.Integer(6, 0, 1) == 1);
    event.threat_level = static_cast<std::uint8_t>(c.Integer(7, 0, 255));
    event.analysis = static_cast<std::uint8_t>(c.Integer(8, 0, 255));
    event.distribution = c.Level(9);
    c.Text(10, &event.sharing_group);
    c.Text(11, &event.extends_uuid);
    c.Text(12, &event.orgc_uuid);
    c.Text(13, &event.orgc_name);
    Tags(c, 14, &event.tags);
    return c.Integer(0);
  }
  void ReadObject(const Columns& c) {
    intel::Object& object = record.object;
    c.Id(0, &object.uuid);
    int index = 1;
    for (std::string* text :
         {&object.name, &object.meta_category, &object.description, &object.template_uuid,
          &object.template_version, &object.comment, &object.first_seen, &object.last_seen}) {
      c.Text(index++, text);
    }
    object.timestamp = c.Integer(9);
    object.distribution = c.Level(10);
    c.Text(11, &object.sharing_group);
    object.deleted = c.Integer(12, 0, 1) == 1;
  }
  void ReadAttribute(const Columns& c) {
    intel::Attribute& attribute = record.attribute;
    c.Id(0, &attribute.uuid);
    record.object_uuid = Uuid{};
    if (!c.IsNull(1)) c.Id(1, &record.object_uuid);
    attribute.type = Word(c.Integer(2));
    attribute.category = Word(c.Integer(3));
    ReadValue(c, 4, &attribute);
    c.Text(5, &attribute.comment);
    OptionalWord(c, 6, &attribute.object_relation);
    c.Text(7, &attribute.first_seen);
    c.Text(8, &attribute.last_seen);
    attribute.timestamp = c.Integer(9);
    attribute.distribution = c.Level(10);
    OptionalWord(c, 11, &attribute.sharing_group);
    const std::int64_t flags = c.Integer(12, 0, 7);
    attribute.to_ids = (flags & 1) != 0;
    attribute.deleted = (flags & 2) != 0;
    attribute.disable_correlation = (flags & 4) != 0;
    Tags(c, 13, &attribute.tags);
    attribute.sighting = {};
  }
  static void ReadValue(const Columns& c, int index, intel::Attribute* attribute) {
    if (c.IsText(index)) return c.Text(index, &attribute->value);
    if (!DecodeValue(intel::FindType(attribute->type), c.Blob(index), &attribute->value)) {
      c.Bad(index, "does not fit its type");
    }
  }
  void ReadReference(const Columns& c) {
    intel::Reference& reference = record.reference;
    c.Id(0, &reference.uuid);
    c.Id(1, &record.object_uuid);
    c.Id(2, &reference.referenced);
    c.Text(3, &reference.relationship_type);
    c.Text(4, &reference.comment);
    reference.timestamp = c.Integer(5);
    reference.deleted = c.Integer(6, 0, 1) == 1;
  }
  void ReadReport(const Columns& c) {
    intel::Report& report = record.report;
    c.Id(0, &report.uuid);
    c.Text(1, &report.name);
    c.Text(2, &report.content);
    report.timestamp = c.Integer(3);
    report.distribution = c.Level(4);
    c.Text(5, &report.sharing_group);
    report.deleted = c.Integer(6, 0, 1) == 1;
  }

  void ReadSighting(const Columns& c) {
    intel::Sighting& sighting = record.attribute.sighting;
    c.Id(0, &record.attribute.uuid);
    int index = 1;
    for (std::int64_t* number : {&sighting.seen, &sighting.false_positives, &sighting.last_seen,
                                 &sighting.last_false_positive, &sighting.expires}) {
      *number = c.Integer(index++, 0, INT64_MAX);
    }
  }

  // Whoever reads an attribute also learns what sightings say of it, although they come later as
  // rows: both go by UUID, so a second walk through them keeps step.
  Status EachAttribute(EventId event, const Visit& visit) {
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
    GF_CHECK(Each(attributes, event, RecordKind::kAttribute, visit, [&](const Columns& c) {
      ReadAttribute(c);
      while (more && next < record.attribute.uuid)
        more = step();
      if (more && next == record.attribute.uuid) ReadSighting(beside);
    }));
    sighted.reset();
    return Ok();
  }

  Status EachEvent(std::int64_t source, const Visit& visit) {
    events.reset();
    events.bind(1, source);
    const Columns columns(events, strict);
    while (events.executeStep()) {
      record.kind = RecordKind::kEvent;
      GF_CHECK(EventAndBelow(columns, visit));
    }
    events.reset();
    return Ok();
  }
  Status EventAndBelow(const Columns& columns, const Visit& visit) {
    const EventId id = ReadEvent(columns);
    GF_CHECK(visit(record));
    GF_CHECK(
        Each(objects, id, RecordKind::kObject, visit, [&](const Columns& c) { ReadObject(c); }));
    GF_CHECK(EachAttribute(id, visit));
    GF_CHECK(Each(references, id, RecordKind::kReference, visit,
                  [&](const Columns& c) { ReadReference(c); }));
    GF_CHECK(
        Each(reports, id, RecordKind::kReport, visit, [&](const Columns& c) { ReadReport(c); }));
    return Each(sightings, id, RecordKind::kSighting, visit,
                [&](const Columns& c) { ReadSighting(c); });
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
  void ReadList(const Columns& columns) {
    columns.Text(1, &record.warninglist.name);
    record.warninglist.version = columns.Integer(2);
    columns.Text(3, &record.warninglist.type);
    columns.Text(4, &record.warninglist.description);
    columns.Text(5, &record.warninglist.matching_attributes);
  }
  Status ListAndBelow(const Columns& columns, const Visit& visit) {
    record.kind = RecordKind::kWarninglist;
    const std::int64_t id = columns.Integer(0);
    ReadList(columns);
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
        ReadEvent(columns);
        return;
      case RecordKind::kObject:
        return ReadObject(columns);
      case RecordKind::kAttribute:
        return ReadAttribute(columns);
      case RecordKind::kReference:
        return ReadReference(columns);
      case RecordKind::kReport:
        return ReadReport(columns);
      case RecordKind::kSighting:
        return ReadSighting(columns);
      case RecordKind::kWarninglist:
        return ReadList(columns);
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
    return found ? &record : nullptr;
  }
  Status EachSource(Part part, const Visit& visit) {
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
      if (part != Part::kWarninglists) GF_CHECK(EachEvent(id, visit));
      if (part != Part::kEvents) GF_CHECK(EachWarninglist(id, visit));
    }
    sources.reset();
    return Ok();
  }

  bool strict;
  SQLite::Database& database;
  SQLite::Statement word, tagset, sources, events, objects, attributes, references, reports,
      sightings, sighted, lists, entries;
  std::array<std::optional<SQLite::Statement>, kRecordKinds + 1> lookups;
  std::unordered_map<std::int64_t, std::string> words;
  std::unordered_map<std::int64_t, std::vector<intel::Tag>> tagsets;
  Record record;
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
  return Reading([&] { return state_->EachSource(part, visit); });
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
