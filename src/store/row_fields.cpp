#include "store/row_fields.h"

#include "store/value_code.h"

namespace gapferry::store {
namespace {

constexpr std::size_t kMostCached = 1 << 16;

void ReadValue(const Columns& c, int index, intel::Attribute* attribute) {
  if (c.IsText(index)) return c.Text(index, &attribute->value);
  if (!DecodeValue(intel::FindType(attribute->type), c.Blob(index), &attribute->value)) {
    c.Bad(index, "does not fit its type");
  }
}

}  // namespace

const std::string& RowFields::Word(std::int64_t id) {
  auto known = words_.find(id);
  if (known != words_.end()) return known->second;
  word_.bind(1, id);
  if (!word_.executeStep()) throw BadRow{fmt::format("there is no word {}", id)};
  std::string text;
  Columns(word_, strict_).Text(0, &text);
  word_.reset();
  if (words_.size() >= kMostCached) words_.clear();
  return words_.emplace(id, std::move(text)).first->second;
}

void RowFields::OptionalWord(const Columns& columns, int index, std::string* text) {
  if (columns.IsNull(index)) {
    text->clear();
  } else {
    *text = Word(columns.Integer(index));
  }
}

void RowFields::Tags(const Columns& columns, int index, std::vector<intel::Tag>* tags) {
  if (columns.IsNull(index)) return tags->clear();
  const std::int64_t id = columns.Integer(index);
  auto known = tagsets_.find(id);
  if (known == tagsets_.end()) {
    tagset_.bind(1, id);
    std::vector<intel::Tag> decoded;
    if (!tagset_.executeStep() || !DecodeTags(Columns(tagset_, strict_).Blob(0), &decoded)) {
      throw BadRow{fmt::format("there is no tag set {}", id)};
    }
    tagset_.reset();
    if (tagsets_.size() >= kMostCached) tagsets_.clear();
    known = tagsets_.emplace(id, std::move(decoded)).first;
  }
  *tags = known->second;
}

EventId RowFields::ReadEvent(const Columns& c) {
  intel::Event& event = record_->event;
  c.Id(1, &event.uuid);
  record_->event_uuid = event.uuid;
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

void RowFields::ReadObject(const Columns& c) {
  intel::Object& object = record_->object;
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

void RowFields::ReadObjectState(const Columns& c) {
  c.Id(0, &record_->object.uuid);
  record_->object.deleted = c.Integer(1, 0, 1) == 1;
}

void RowFields::ReadKeys(const Columns& c) {
  c.Id(0, &record_->attribute.uuid);
  record_->object_uuid = Uuid{};
  if (!c.IsNull(1)) c.Id(1, &record_->object_uuid);
  record_->attribute.type = Word(c.Integer(2));
}

void RowFields::ReadFlags(const Columns& c, int index) {
  intel::Attribute& attribute = record_->attribute;
  const std::int64_t flags = c.Integer(index, 0, 7);
  attribute.to_ids = (flags & 1) != 0;
  attribute.deleted = (flags & 2) != 0;
  attribute.disable_correlation = (flags & 4) != 0;
}

void RowFields::ReadAttribute(const Columns& c) {
  ReadKeys(c);
  intel::Attribute& attribute = record_->attribute;
  attribute.category = Word(c.Integer(3));
  ReadValue(c, 4, &attribute);
  c.Text(5, &attribute.comment);
  OptionalWord(c, 6, &attribute.object_relation);
  c.Text(7, &attribute.first_seen);
  c.Text(8, &attribute.last_seen);
  attribute.timestamp = c.Integer(9);
  attribute.distribution = c.Level(10);
  OptionalWord(c, 11, &attribute.sharing_group);
  ReadFlags(c, 12);
  Tags(c, 13, &attribute.tags);
  attribute.sighting = {};
}

void RowFields::ReadSubject(const Columns& c) {
  ReadKeys(c);
  intel::Attribute& attribute = record_->attribute;
  ReadValue(c, 3, &attribute);
  c.Text(4, &attribute.last_seen);
  attribute.timestamp = c.Integer(5);
  ReadFlags(c, 6);
  Tags(c, 7, &attribute.tags);
  attribute.sighting = {};
}

void RowFields::ReadReference(const Columns& c) {
  intel::Reference& reference = record_->reference;
  c.Id(0, &reference.uuid);
  c.Id(1, &record_->object_uuid);
  c.Id(2, &reference.referenced);
  c.Text(3, &reference.relationship_type);
  c.Text(4, &reference.comment);
  reference.timestamp = c.Integer(5);
  reference.deleted = c.Integer(6, 0, 1) == 1;
}

void RowFields::ReadReport(const Columns& c) {
  intel::Report& report = record_->report;
  c.Id(0, &report.uuid);
  c.Text(1, &report.name);
  c.Text(2, &report.content);
  report.timestamp = c.Integer(3);
  report.distribution = c.Level(4);
  c.Text(5, &report.sharing_group);
  report.deleted = c.Integer(6, 0, 1) == 1;
}

void RowFields::ReadSighting(const Columns& c) {
  intel::Sighting& sighting = record_->attribute.sighting;
  c.Id(0, &record_->attribute.uuid);
  int index = 1;
  for (std::int64_t* number : {&sighting.seen, &sighting.false_positives, &sighting.last_seen,
                               &sighting.last_false_positive, &sighting.expires}) {
    *number = c.Integer(index++, 0, INT64_MAX);
  }
}

void RowFields::ReadList(const Columns& columns) {
  columns.Text(1, &record_->warninglist.name);
  record_->warninglist.version = columns.Integer(2);
  columns.Text(3, &record_->warninglist.type);
  columns.Text(4, &record_->warninglist.description);
  columns.Text(5, &record_->warninglist.matching_attributes);
}

}  // namespace gapferry::store
