#include "store/row_reader.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "store/database.h"
#include "store/value_code.h"

namespace gapferry::store {
namespace {

constexpr std::string_view kReading = "cannot read the database";
constexpr std::size_t kMaxText = 8 << 20;
constexpr std::size_t kMostCached = 1 << 16;

using Visit = std::function<Status(const Record&)>;

// Thrown and caught within this file only: a column that does not fit ends the walk wherever it is.
struct BadRow {
  std::string what;
};

// The columns of one row, checked as they are read.
class Columns {
 public:
  Columns(SQLite::Statement& statement, bool strict) : statement_(statement), strict_(strict) {}

  void Text(int index, std::string* text) const {
    const SQLite::Column column = statement_.getColumn(index);
    if (column.isNull()) {
      text->clear();
      return;
    }
    if (!column.isText()) Bad(index, "is no text");
    ReadText(column, text);
    if (strict_ && (text->size() > kMaxText || !IsUtf8(*text)))
      Bad(index, "is too long or not UTF-8");
  }
  [[nodiscard]] std::int64_t Integer(int index, std::int64_t low, std::int64_t high) const {
    const SQLite::Column column = statement_.getColumn(index);
    if (!column.isInteger()) Bad(index, "is no integer");
    const std::int64_t value = column.getInt64();
    if (value < low || value > high) Bad(index, "is out of range");
    return value;
  }
  [[nodiscard]] std::int64_t Integer(int index) const {
    return Integer(index, INT64_MIN, INT64_MAX);
  }
  [[nodiscard]] bool IsNull(int index) const { return statement_.getColumn(index).isNull(); }
  [[nodiscard]] bool IsText(int index) const { return statement_.getColumn(index).isText(); }
  void Id(int index, Uuid* uuid) const {
    const ByteView blob = Blob(index);
    if (blob.size() != uuid->bytes.size()) Bad(index, "is no UUID");
    std::copy(blob.begin(), blob.end(), uuid->bytes.begin());
  }
  [[nodiscard]] ByteView Blob(int index) const {
    const SQLite::Column column = statement_.getColumn(index);
    if (!column.isBlob()) Bad(index, "is no blob");
    return ReadBlob(column);
  }
  [[nodiscard]] std::optional<intel::Distribution> Level(int index) const {
    if (IsNull(index)) return std::nullopt;
    return static_cast<intel::Distribution>(Integer(index, 0, intel::kInherit));
  }
  [[noreturn]] void Bad(int index, std::string_view why) const {
    throw BadRow{fmt::format("column {} {} in: {}", statement_.getColumnName(index), why,
                             statement_.getQuery())};
  }

 private:
  SQLite::Statement& statement_;
  bool strict_;
};

}  // namespace

struct RowReader::State {
  State(SQLite::Database& db, bool strict_)
      : strict(strict_),
        word(db, "SELECT text FROM word WHERE id = ?"),
        tagset(db, "SELECT content FROM tagset WHERE id = ?"),
        sources(db, "SELECT id, name, default_tlp FROM source ORDER BY name"),
        events(db,
               "SELECT id, uuid, info, date, timestamp, publish_timestamp, published, "
               "threat_level, analysis, "
               "distribution, sharing_group, extends_uuid, orgc_uuid, orgc_name, tagset FROM event "
               "WHERE source = ? ORDER BY uuid"),
        objects(
            db,
            "SELECT uuid, name, meta_category, description, template_uuid, template_version, "
            "comment, "
            "first_seen, last_seen, timestamp, distribution, sharing_group, deleted FROM object "
            "WHERE event = ? ORDER BY uuid"),
        attributes(
            db,
            "SELECT uuid, object, type, category, value, comment, relation, first_seen, last_seen, "
            "timestamp, distribution, sharing_group, flags, tagset FROM attribute "
            "WHERE event = ? ORDER BY uuid"),
        references(
            db,
            "SELECT uuid, object, referenced, relationship_type, comment, timestamp, deleted "
            "FROM reference WHERE event = ? ORDER BY uuid"),
        reports(db,
                "SELECT uuid, name, content, timestamp, distribution, sharing_group, deleted FROM "
                "report "
                "WHERE event = ? ORDER BY uuid"),
        lists(db,
              "SELECT id, name, version, type, description, matching_attributes FROM warninglist "
              "WHERE source = ? ORDER BY name"),
        entries(db, "SELECT value FROM warninglist_entry WHERE list = ? ORDER BY value") {}

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

  Status EachEvent(std::int64_t source, const Visit& visit) {
    events.reset();
    events.bind(1, source);
    const Columns columns(events, strict);
    while (events.executeStep()) {
      record.kind = RecordKind::kEvent;
      const EventId id = ReadEvent(columns);
      GF_CHECK(visit(record));
      GF_CHECK(
          Each(objects, id, RecordKind::kObject, visit, [&](const Columns& c) { ReadObject(c); }));
      GF_CHECK(Each(attributes, id, RecordKind::kAttribute, visit,
                    [&](const Columns& c) { ReadAttribute(c); }));
      GF_CHECK(Each(references, id, RecordKind::kReference, visit,
                    [&](const Columns& c) { ReadReference(c); }));
      GF_CHECK(
          Each(reports, id, RecordKind::kReport, visit, [&](const Columns& c) { ReadReport(c); }));
    }
    events.reset();
    return Ok();
  }
  Status EachWarninglist(std::int64_t source, const Visit& visit) {
    lists.reset();
    lists.bind(1, source);
    const Columns columns(lists, strict);
    while (lists.executeStep()) {
      record.kind = RecordKind::kWarninglist;
      const std::int64_t id = columns.Integer(0);
      columns.Text(1, &record.warninglist.name);
      record.warninglist.version = columns.Integer(2);
      columns.Text(3, &record.warninglist.type);
      columns.Text(4, &record.warninglist.description);
      columns.Text(5, &record.warninglist.matching_attributes);
      GF_CHECK(visit(record));
      GF_CHECK(Each(entries, id, RecordKind::kWarninglistEntry, visit,
                    [&](const Columns& c) { c.Text(0, &record.entry); }));
    }
    lists.reset();
    return Ok();
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
  SQLite::Statement word, tagset, sources, events, objects, attributes, references, reports, lists,
      entries;
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

Status RowReader::ForEach(Part part, const Visit& visit) {
  return Guarded(kReading, [&]() -> Status {
    try {
      return state_->EachSource(part, visit);
    } catch (const BadRow& bad) {
      return Error::Make(Kind::kMalformed, "{}", bad.what);
    }
  });
}

}  // namespace gapferry::store
