// store/row_fields.h: from the columns of one row to the members of a record. Part of
// row_reader.cpp.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "store/columns.h"
#include "store/record.h"
#include "store/row_writer.h"

namespace gapferry::store {

// The columns in the order in which they are read below.
inline constexpr char kSelectEvent[] =
    "SELECT id, uuid, info, date, timestamp, publish_timestamp, published, threat_level, analysis, "
    "distribution, sharing_group, extends_uuid, orgc_uuid, orgc_name, tagset FROM event ";
inline constexpr char kSelectObject[] =
    "SELECT uuid, name, meta_category, description, template_uuid, template_version, comment, "
    "first_seen, last_seen, timestamp, distribution, sharing_group, deleted FROM object ";
inline constexpr char kSelectAttribute[] =
    "SELECT uuid, object, type, category, value, comment, relation, first_seen, last_seen, "
    "timestamp, distribution, sharing_group, flags, tagset FROM attribute ";
// As RowReader::ForEachSubject wants them.
inline constexpr char kSelectObjectState[] = "SELECT uuid, deleted FROM object ";
inline constexpr char kSelectSubject[] =
    "SELECT uuid, object, type, value, last_seen, timestamp, flags, tagset FROM attribute ";
inline constexpr char kSelectReference[] =
    "SELECT uuid, object, referenced, relationship_type, comment, timestamp, deleted FROM "
    "reference ";
inline constexpr char kSelectReport[] =
    "SELECT uuid, name, content, timestamp, distribution, sharing_group, deleted FROM report ";
inline constexpr char kSelectSighting[] =
    "SELECT uuid, seen, false_positives, last_seen, last_false_positive, expires FROM sighting ";
inline constexpr char kSelectList[] =
    "SELECT id, name, version, type, description, matching_attributes FROM warninglist ";
inline constexpr char kSelectEntry[] = "SELECT value FROM warninglist_entry ";

// All throw BadRow.
class RowFields {
 public:
  // Fills `record`, which must outlive it.
  RowFields(SQLite::Database& database, bool strict, Record* record)
      : strict_(strict),
        record_(record),
        word_(database, "SELECT text FROM word WHERE id = ?"),
        tagset_(database, "SELECT content FROM tagset WHERE id = ?") {}

  // Gives the event's own id.
  EventId ReadEvent(const Columns& c);
  void ReadObject(const Columns& c);
  void ReadAttribute(const Columns& c);  // without what sightings say of it
  void ReadObjectState(const Columns& c);
  void ReadSubject(const Columns& c);  // without what sightings say of it
  void ReadReference(const Columns& c);
  void ReadReport(const Columns& c);
  void ReadSighting(const Columns& c);
  void ReadList(const Columns& c);

 private:
  void ReadKeys(const Columns& c);  // of an attribute: UUID, object and type
  void ReadFlags(const Columns& c, int index);
  const std::string& Word(std::int64_t id);
  void OptionalWord(const Columns& columns, int index, std::string* text);
  void Tags(const Columns& columns, int index, std::vector<intel::Tag>* tags);

  bool strict_;
  Record* record_;
  SQLite::Statement word_, tagset_;
  std::unordered_map<std::int64_t, std::string> words_;
  std::unordered_map<std::int64_t, std::vector<intel::Tag>> tagsets_;
};

}  // namespace gapferry::store
