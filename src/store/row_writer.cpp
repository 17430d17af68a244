#include "store/row_writer.h"

#include <unordered_map>
#include <utility>

#include "store/database.h"
#include "store/value_code.h"

namespace gapferry::store {
namespace {

constexpr std::string_view kWriting = "cannot write to the database";

// Both tables of words and tag sets: one id for equal content, remembered. The cache is emptied
// when it grows large; the table itself answers then.
class Interner {
 public:
  Interner(SQLite::Database& database, const std::string& table, const std::string& column,
           bool unique)
      : insert_(database, "INSERT INTO " + table + " (id, " + column + ") VALUES (?, ?)"),
        unique_(unique) {
    if (unique) find_.emplace(database, "SELECT id FROM " + table + " WHERE " + column + " = ?");
    SQLite::Statement last(database, "SELECT coalesce(max(id), 0) FROM " + table);
    last.executeStep();
    next_ = last.getColumn(0).getInt64() + 1;
  }

  std::int64_t Intern(const std::string& content, bool blob) {
    auto known = ids_.find(content);
    if (known != ids_.end()) return known->second;
    std::int64_t id = unique_ ? Find(content, blob) : 0;
    if (id == 0) {
      id = next_++;
      insert_.bind(1, id);
      Bind(insert_, 2, content, blob);
      insert_.exec();
      insert_.reset();
    }
    // A payload has no index to find evicted content by, so its cache stays whole.
    if (unique_ && ids_.size() >= kMostCached) ids_.clear();
    ids_.emplace(content, id);
    return id;
  }

 private:
  static constexpr std::size_t kMostCached = 1 << 16;

  static void Bind(SQLite::Statement& statement, int index, const std::string& content, bool blob) {
    if (blob) {
      BindBlob(statement, index, AsBytes(content));
    } else {
      BindText(statement, index, content);
    }
  }
  std::int64_t Find(const std::string& content, bool blob) {
    Bind(*find_, 1, content, blob);
    const std::int64_t id = find_->executeStep() ? find_->getColumn(0).getInt64() : 0;
    find_->reset();
    return id;
  }

  SQLite::Statement insert_;
  std::optional<SQLite::Statement> find_;
  std::unordered_map<std::string, std::int64_t> ids_;
  std::int64_t next_ = 1;
  bool unique_;
};

std::optional<std::int64_t> WideLevel(const std::optional<intel::Distribution>& level) {
  if (!level) return std::nullopt;
  return *level;
}

}  // namespace

struct RowWriter::State {
  State(SQLite::Database& db, Flavour flavour_)
      : flavour(flavour_),
        database(db),
        words(db, "word", "text", flavour_ == Flavour::kStore),
        tagsets(db, "tagset", "content", flavour_ == Flavour::kStore),
        find_source(db, "SELECT id FROM source WHERE name = ?"),
        put_source(db, "INSERT INTO source (name, default_tlp) VALUES (?, ?)"),
        set_source(db, "UPDATE source SET default_tlp = ? WHERE id = ?"),
        put_event(db,
                  "INSERT INTO event (id, source, uuid, info, date, timestamp, publish_timestamp, "
                  "published, "
                  "threat_level, analysis, distribution, sharing_group, extends_uuid, orgc_uuid, "
                  "orgc_name, tagset" +
                      Columns(", input_digest, extra") +
                      ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?" + Columns(",?,?") + ")"),
        put_object(db,
                   "INSERT OR IGNORE INTO object (event, uuid, name, meta_category, description, "
                   "template_uuid, "
                   "template_version, comment, first_seen, last_seen, timestamp, distribution, "
                   "sharing_group, "
                   "deleted" +
                       Columns(", extra") + ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?" +
                       Columns(",?") + ")"),
        put_attribute(
            db,
            "INSERT OR IGNORE INTO attribute (event, uuid, object, type, category, value, comment, "
            "relation, first_seen, last_seen, timestamp, distribution, sharing_group, flags, "
            "tagset" +
                Columns(", extra") + ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?" + Columns(",?") +
                ")"),
        put_reference(
            db,
            "INSERT OR IGNORE INTO reference (event, uuid, object, referenced, relationship_type, "
            "comment, timestamp, deleted) VALUES (?,?,?,?,?,?,?,?)"),
        put_report(
            db,
            "INSERT OR IGNORE INTO report (event, uuid, name, content, timestamp, distribution, "
            "sharing_group, deleted" +
                Columns(", extra") + ") VALUES (?,?,?,?,?,?,?,?" + Columns(",?") + ")"),
        put_sighting(db,
                     "INSERT OR IGNORE INTO sighting (event, uuid, seen, false_positives, "
                     "last_seen, last_false_positive, expires) VALUES (?,?,?,?,?,?,?)"),
        put_list(db,
                 "INSERT INTO warninglist (id, source, name, version, type, description, "
                 "matching_attributes" +
                     Columns(", input_digest") + ") VALUES (?,?,?,?,?,?,?" + Columns(",?") + ")"),
        put_entry(db, "INSERT OR IGNORE INTO warninglist_entry (list, value) VALUES (?,?)") {
    SQLite::Statement last(db, "SELECT coalesce(max(id), 0) FROM event");
    last.executeStep();
    next_event = last.getColumn(0).getInt64() + 1;
  }

  [[nodiscard]] std::string Columns(const char* store_only) const {
    return flavour == Flavour::kStore ? store_only : "";
  }
  void BindWord(SQLite::Statement& statement, int index, const std::string& word) {
    if (word.empty()) {
      statement.bind(index);
    } else {
      statement.bind(index, words.Intern(word, /*blob=*/false));
    }
  }
  void BindTags(SQLite::Statement& statement, int index, const std::vector<intel::Tag>& tags) {
    if (tags.empty()) return statement.bind(index);
    encoded_tags.clear();
    EncodeTags(tags, &encoded_tags);
    statement.bind(index, tagsets.Intern(encoded_tags, /*blob=*/true));
  }
  void BindTextOrNull(SQLite::Statement& statement, int index, const std::string& text) {
    if (text.empty()) return statement.bind(index);
    BindText(statement, index, text);
  }
  void BindExtra(SQLite::Statement& statement, int index, const std::string& extra) {
    if (flavour == Flavour::kStore) BindTextOrNull(statement, index, extra);
  }
  // True if a row was written.
  bool Run(SQLite::Statement& statement) {
    const int changed = statement.exec();
    statement.reset();
    return changed > 0;
  }

  Flavour flavour;
  SQLite::Database& database;
  Interner words;
  Interner tagsets;
  SQLite::Statement find_source, put_source, set_source, put_event, put_object, put_attribute,
      put_reference, put_report, put_sighting, put_list, put_entry;
  std::string encoded_tags;
  Bytes blob;
  EventId next_event = 1;

  // Owners of the rows that PutRecord is given.
  std::string record_source;
  SourceId source_id = 0;
  Uuid record_event;
  EventId event_id = 0;
  std::string record_list;
  std::int64_t list_id = 0;
  std::int64_t use_id = 0;
};

RowWriter::RowWriter(SQLite::Database& database, Flavour flavour)
    : state_(std::make_unique<State>(database, flavour)) {}
RowWriter::RowWriter(RowWriter&&) noexcept = default;
RowWriter& RowWriter::operator=(RowWriter&&) noexcept = default;
RowWriter::~RowWriter() = default;

Result<SourceId> RowWriter::PutSource(const std::string& name, intel::Tlp default_tlp) {
  return Guarded(kWriting, [&]() -> Result<SourceId> {
    BindText(state_->find_source, 1, name);
    const bool found = state_->find_source.executeStep();
    SourceId id = found ? state_->find_source.getColumn(0).getInt64() : 0;
    state_->find_source.reset();
    if (found) {
      state_->set_source.bind(1, static_cast<int>(default_tlp));
      state_->set_source.bind(2, id);
      state_->Run(state_->set_source);
      return id;
    }
    BindText(state_->put_source, 1, name);
    state_->put_source.bind(2, static_cast<int>(default_tlp));
    state_->Run(state_->put_source);
    return state_->database.getLastInsertRowid();
  });
}

Result<EventId> RowWriter::NewEventId() {
  return state_->next_event++;
}

Status RowWriter::PutEvent(EventId id, SourceId source, const intel::Event& event,
                           const MirrorNote* note) {
  return Guarded(kWriting, [&] {
    SQLite::Statement& put = state_->put_event;
    put.bind(1, id);
    put.bind(2, source);
    BindBlob(put, 3, event.uuid.bytes);
    BindText(put, 4, event.info);
    BindText(put, 5, event.date);
    put.bind(6, event.timestamp);
    put.bind(7, event.publish_timestamp);
    BindOptional(put, 8,
                 event.published ? std::optional<std::int64_t>(*event.published) : std::nullopt);
    put.bind(9, event.threat_level);
    put.bind(10, event.analysis);
    BindOptional(put, 11, WideLevel(event.distribution));
    BindText(put, 12, event.sharing_group);
    BindText(put, 13, event.extends_uuid);
    BindText(put, 14, event.orgc_uuid);
    BindText(put, 15, event.orgc_name);
    state_->BindTags(put, 16, event.tags);
    if (state_->flavour == Flavour::kStore) {
      if (note != nullptr) {
        BindBlob(put, 17, note->input_digest);
        state_->BindTextOrNull(put, 18, note->extra);
      } else {
        put.bind(17);
        put.bind(18);
      }
    }
    state_->Run(put);
  });
}

Result<bool> RowWriter::PutObject(EventId event, const intel::Object& object,
                                  const std::string& extra) {
  return Guarded(kWriting, [&]() -> Result<bool> {
    SQLite::Statement& put = state_->put_object;
    put.bind(1, event);
    BindBlob(put, 2, object.uuid.bytes);
    int index = 3;
    for (const std::string* text :
         {&object.name, &object.meta_category, &object.description, &object.template_uuid,
          &object.template_version, &object.comment, &object.first_seen, &object.last_seen}) {
      BindText(put, index++, *text);
    }
    put.bind(11, object.timestamp);
    BindOptional(put, 12, WideLevel(object.distribution));
    BindText(put, 13, object.sharing_group);
    put.bind(14, object.deleted ? 1 : 0);
    state_->BindExtra(put, 15, extra);
    return state_->Run(put);
  });
}

Result<bool> RowWriter::PutAttribute(EventId event, const Uuid& object,
                                     const intel::Attribute& attribute, const std::string& extra) {
  return Guarded(kWriting, [&]() -> Result<bool> {
    SQLite::Statement& put = state_->put_attribute;
    put.bind(1, event);
    BindBlob(put, 2, attribute.uuid.bytes);
    if (object.IsNil()) {
      put.bind(3);
    } else {
      BindBlob(put, 3, object.bytes);
    }
    put.bind(4, state_->words.Intern(attribute.type, /*blob=*/false));
    put.bind(5, state_->words.Intern(attribute.category, /*blob=*/false));
    if (EncodeValue(intel::FindType(attribute.type), attribute.value, &state_->blob)) {
      BindBlob(put, 6, state_->blob);
    } else {
      BindText(put, 6, attribute.value);
    }
    BindText(put, 7, attribute.comment);
    state_->BindWord(put, 8, attribute.object_relation);
    state_->BindTextOrNull(put, 9, attribute.first_seen);
    state_->BindTextOrNull(put, 10, attribute.last_seen);
    put.bind(11, attribute.timestamp);
    BindOptional(put, 12, WideLevel(attribute.distribution));
    state_->BindWord(put, 13, attribute.sharing_group);
    put.bind(14, (attribute.to_ids ? 1 : 0) | (attribute.deleted ? 2 : 0) |
                     (attribute.disable_correlation ? 4 : 0));
    state_->BindTags(put, 15, attribute.tags);
    state_->BindExtra(put, 16, extra);
    return state_->Run(put);
  });
}

Result<bool> RowWriter::PutReference(EventId event, const Uuid& object,
                                     const intel::Reference& reference) {
  return Guarded(kWriting, [&]() -> Result<bool> {
    SQLite::Statement& put = state_->put_reference;
    put.bind(1, event);
    BindBlob(put, 2, reference.uuid.bytes);
    BindBlob(put, 3, object.bytes);
    BindBlob(put, 4, reference.referenced.bytes);
    BindText(put, 5, reference.relationship_type);
    BindText(put, 6, reference.comment);
    put.bind(7, reference.timestamp);
    put.bind(8, reference.deleted ? 1 : 0);
    return state_->Run(put);
  });
}

Result<bool> RowWriter::PutReport(EventId event, const intel::Report& report,
                                  const std::string& extra) {
  return Guarded(kWriting, [&]() -> Result<bool> {
    SQLite::Statement& put = state_->put_report;
    put.bind(1, event);
    BindBlob(put, 2, report.uuid.bytes);
    BindText(put, 3, report.name);
    BindText(put, 4, report.content);
    put.bind(5, report.timestamp);
    BindOptional(put, 6, WideLevel(report.distribution));
    BindText(put, 7, report.sharing_group);
    put.bind(8, report.deleted ? 1 : 0);
    state_->BindExtra(put, 9, extra);
    return state_->Run(put);
  });
}

Result<bool> RowWriter::PutSighting(EventId event, const Uuid& attribute,
                                    const intel::Sighting& sighting) {
  return Guarded(kWriting, [&]() -> Result<bool> {
    SQLite::Statement& put = state_->put_sighting;
    put.bind(1, event);
    BindBlob(put, 2, attribute.bytes);
    int index = 3;
    for (const std::int64_t number : {sighting.seen, sighting.false_positives, sighting.last_seen,
                                      sighting.last_false_positive, sighting.expires}) {
      put.bind(index++, number);
    }
    return state_->Run(put);
  });
}

Result<std::int64_t> RowWriter::PutWarninglist(SourceId source, const WarninglistHead& head,
                                               const Digest256* input_digest, std::int64_t id) {
  return Guarded(kWriting, [&]() -> Result<std::int64_t> {
    SQLite::Statement& put = state_->put_list;
    BindOptional(put, 1, id == 0 ? std::nullopt : std::optional(id));
    put.bind(2, source);
    BindText(put, 3, head.name);
    put.bind(4, head.version);
    BindText(put, 5, head.type);
    BindText(put, 6, head.description);
    BindText(put, 7, head.matching_attributes);
    if (state_->flavour == Flavour::kStore) {
      if (input_digest != nullptr) {
        BindBlob(put, 8, *input_digest);
      } else {
        put.bind(8);
      }
    }
    state_->Run(put);
    return state_->database.getLastInsertRowid();
  });
}

Result<bool> RowWriter::PutWarninglistEntry(std::int64_t list, const std::string& value) {
  return Guarded(kWriting, [&]() -> Result<bool> {
    state_->put_entry.bind(1, list);
    BindText(state_->put_entry, 2, value);
    return state_->Run(state_->put_entry);
  });
}

void RowWriter::UseId(std::int64_t id) {
  state_->use_id = id;
}

Status RowWriter::PutRecord(const Record& record) {
  State& s = *state_;
  const auto orphan = [&] {
    return Error::Make(Kind::kMalformed, "a row of kind {} without the row it belongs to",
                       RecordKindName(record.kind));
  };
  const auto once = [&](const Result<bool>& put) -> Status {
    if (!put.ok()) return put.error();
    if (!*put)
      return Error::Make(Kind::kMalformed, "a row of kind {} is there twice",
                         RecordKindName(record.kind));
    return Ok();
  };
  if (record.kind == RecordKind::kSource) {
    GF_TRY(s.source_id, PutSource(record.source, record.default_tlp));
    s.record_source = record.source;
    s.event_id = 0;
    s.list_id = 0;
    return Ok();
  }
  if (s.source_id == 0 || record.source != s.record_source) return orphan();
  if (record.kind == RecordKind::kEvent) {
    GF_TRY(s.event_id, NewEventId());
    if (s.use_id != 0) s.event_id = std::exchange(s.use_id, 0);
    s.record_event = record.event_uuid;
    return PutEvent(s.event_id, s.source_id, record.event);
  }
  if (record.kind == RecordKind::kWarninglist) {
    GF_TRY(s.list_id,
           PutWarninglist(s.source_id, record.warninglist, nullptr, std::exchange(s.use_id, 0)));
    s.record_list = record.warninglist.name;
    return Ok();
  }
  if (record.kind == RecordKind::kWarninglistEntry) {
    if (s.list_id == 0 || record.warninglist.name != s.record_list) return orphan();
    return once(PutWarninglistEntry(s.list_id, record.entry));
  }
  if (s.event_id == 0 || record.event_uuid != s.record_event) return orphan();
  switch (record.kind) {
    case RecordKind::kObject:
      return once(PutObject(s.event_id, record.object));
    case RecordKind::kAttribute:
      return once(PutAttribute(s.event_id, record.object_uuid, record.attribute));
    case RecordKind::kReference:
      return once(PutReference(s.event_id, record.object_uuid, record.reference));
    case RecordKind::kReport:
      return once(PutReport(s.event_id, record.report));
    case RecordKind::kSighting:
      return once(PutSighting(s.event_id, record.attribute.uuid, record.attribute.sighting));
    default:
      return orphan();
  }
}

}  // namespace gapferry::store
