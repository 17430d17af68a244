#include "store/record.h"

#include <algorithm>
#include <array>

#include "store/field_codec.h"

namespace gapferry::store {
namespace {

constexpr std::uint8_t kNotSaid = 2;  // of a yes, no, not said
constexpr std::size_t kMaxSourceName = 40;

constexpr std::array<std::string_view, kRecordKinds + 1> kNames = {
    "",        "source",      "event",
    "object",  "attribute",   "reference",
    "report",  "warninglist", "warninglist-entry",
    "sighting"};

void WriteKey(const Record& record, FieldWriter* writer) {
  writer->U8(static_cast<std::uint8_t>(record.kind));
  writer->Text(record.source);
  switch (record.kind) {
    case RecordKind::kSource:
      return;
    case RecordKind::kEvent:
      return writer->Id(record.event_uuid);
    case RecordKind::kObject:
      writer->Id(record.event_uuid);
      return writer->Id(record.object.uuid);
    case RecordKind::kAttribute:
    case RecordKind::kSighting:
      writer->Id(record.event_uuid);
      return writer->Id(record.attribute.uuid);
    case RecordKind::kReference:
      writer->Id(record.event_uuid);
      return writer->Id(record.reference.uuid);
    case RecordKind::kReport:
      writer->Id(record.event_uuid);
      return writer->Id(record.report.uuid);
    case RecordKind::kWarninglist:
      return writer->Text(record.warninglist.name);
    case RecordKind::kWarninglistEntry:
      writer->Text(record.warninglist.name);
      return writer->Text(record.entry);
  }
}

void WriteEvent(const intel::Event& event, FieldWriter* w) {
  w->Text(event.info);
  w->Text(event.date);
  w->I64(event.timestamp);
  w->I64(event.publish_timestamp);
  w->U8(event.published ? (*event.published ? 1 : 0) : kNotSaid);
  w->U8(event.threat_level);
  w->U8(event.analysis);
  w->Level(event.distribution);
  w->Text(event.sharing_group);
  w->Text(event.extends_uuid);
  w->Text(event.orgc_uuid);
  w->Text(event.orgc_name);
  w->Tags(event.tags);
}

void ReadEvent(intel::Event* event, FieldReader* r) {
  r->Text(&event->info);
  r->Text(&event->date);
  event->timestamp = r->I64();
  event->publish_timestamp = r->I64();
  const std::uint8_t published = r->U8Below(3);
  event->published = published == kNotSaid ? std::nullopt : std::optional<bool>(published == 1);
  event->threat_level = r->U8();
  event->analysis = r->U8();
  event->distribution = r->Level();
  r->Text(&event->sharing_group);
  r->Text(&event->extends_uuid);
  r->Text(&event->orgc_uuid);
  r->Text(&event->orgc_name);
  r->Tags(&event->tags);
}

void WriteObject(const intel::Object& object, FieldWriter* w) {
  for (const std::string* text :
       {&object.name, &object.meta_category, &object.description, &object.template_uuid,
        &object.template_version, &object.comment, &object.first_seen, &object.last_seen}) {
    w->Text(*text);
  }
  w->I64(object.timestamp);
  w->Level(object.distribution);
  w->Text(object.sharing_group);
  w->U8(object.deleted ? 1 : 0);
}

void ReadObject(intel::Object* object, FieldReader* r) {
  for (std::string* text :
       {&object->name, &object->meta_category, &object->description, &object->template_uuid,
        &object->template_version, &object->comment, &object->first_seen, &object->last_seen}) {
    r->Text(text);
  }
  object->timestamp = r->I64();
  object->distribution = r->Level();
  r->Text(&object->sharing_group);
  object->deleted = r->Bool();
}

void WriteAttribute(const intel::Attribute& attribute, const Uuid& object, FieldWriter* w) {
  w->Id(object);
  for (const std::string* text :
       {&attribute.type, &attribute.category, &attribute.value, &attribute.comment,
        &attribute.object_relation, &attribute.first_seen, &attribute.last_seen}) {
    w->Text(*text);
  }
  w->I64(attribute.timestamp);
  w->Level(attribute.distribution);
  w->Text(attribute.sharing_group);
  w->U8(static_cast<std::uint8_t>((attribute.to_ids ? 1 : 0) | (attribute.deleted ? 2 : 0) |
                                  (attribute.disable_correlation ? 4 : 0)));
  w->Tags(attribute.tags);
}

void ReadAttribute(intel::Attribute* attribute, Uuid* object, FieldReader* r) {
  r->Id(object);
  for (std::string* text :
       {&attribute->type, &attribute->category, &attribute->value, &attribute->comment,
        &attribute->object_relation, &attribute->first_seen, &attribute->last_seen}) {
    r->Text(text);
  }
  attribute->timestamp = r->I64();
  attribute->distribution = r->Level();
  r->Text(&attribute->sharing_group);
  const std::uint8_t flags = r->U8Below(8);
  attribute->to_ids = (flags & 1) != 0;
  attribute->deleted = (flags & 2) != 0;
  attribute->disable_correlation = (flags & 4) != 0;
  r->Tags(&attribute->tags);
}

void WriteReference(const intel::Reference& reference, const Uuid& object, FieldWriter* w) {
  w->Id(object);
  w->Id(reference.referenced);
  w->Text(reference.relationship_type);
  w->Text(reference.comment);
  w->I64(reference.timestamp);
  w->U8(reference.deleted ? 1 : 0);
}

void ReadReference(intel::Reference* reference, Uuid* object, FieldReader* r) {
  r->Id(object);
  r->Id(&reference->referenced);
  r->Text(&reference->relationship_type);
  r->Text(&reference->comment);
  reference->timestamp = r->I64();
  reference->deleted = r->Bool();
}

void WriteReport(const intel::Report& report, FieldWriter* w) {
  w->Text(report.name);
  w->Text(report.content);
  w->I64(report.timestamp);
  w->Level(report.distribution);
  w->Text(report.sharing_group);
  w->U8(report.deleted ? 1 : 0);
}

void ReadReport(intel::Report* report, FieldReader* r) {
  r->Text(&report->name);
  r->Text(&report->content);
  report->timestamp = r->I64();
  report->distribution = r->Level();
  r->Text(&report->sharing_group);
  report->deleted = r->Bool();
}

void WriteSighting(const intel::Sighting& sighting, FieldWriter* w) {
  for (const std::int64_t number : {sighting.seen, sighting.false_positives, sighting.last_seen,
                                    sighting.last_false_positive, sighting.expires}) {
    w->I64(number);
  }
}

void ReadSighting(intel::Sighting* sighting, FieldReader* r) {
  for (std::int64_t* number : {&sighting->seen, &sighting->false_positives, &sighting->last_seen,
                               &sighting->last_false_positive, &sighting->expires}) {
    *number = r->Count();
  }
}

Status ReadKind(FieldReader* r, Record* record) {
  const std::uint8_t kind = r->U8();
  if (kind < 1 || kind > kRecordKinds)
    return Error::Make(Kind::kMalformed, "a record of unknown kind {}", kind);
  record->kind = static_cast<RecordKind>(kind);
  return Ok();
}

void ReadKey(Record* record, FieldReader* r) {
  r->Name(&record->source);
  switch (record->kind) {
    case RecordKind::kSource:
      return;
    case RecordKind::kEvent:
      r->Id(&record->event_uuid);
      record->event.uuid = record->event_uuid;
      return;
    case RecordKind::kObject:
      r->Id(&record->event_uuid);
      return r->Id(&record->object.uuid);
    case RecordKind::kAttribute:
    case RecordKind::kSighting:
      r->Id(&record->event_uuid);
      return r->Id(&record->attribute.uuid);
    case RecordKind::kReference:
      r->Id(&record->event_uuid);
      return r->Id(&record->reference.uuid);
    case RecordKind::kReport:
      r->Id(&record->event_uuid);
      return r->Id(&record->report.uuid);
    case RecordKind::kWarninglist:
      return r->Text(&record->warninglist.name);
    case RecordKind::kWarninglistEntry:
      r->Text(&record->warninglist.name);
      return r->Text(&record->entry);
  }
}

void ReadBody(Record* record, FieldReader* r) {
  switch (record->kind) {
    case RecordKind::kSource:
      record->default_tlp = static_cast<intel::Tlp>(r->U8Below(intel::kTlpLevels));
      return;
    case RecordKind::kEvent:
      return ReadEvent(&record->event, r);
    case RecordKind::kObject:
      return ReadObject(&record->object, r);
    case RecordKind::kAttribute:
      return ReadAttribute(&record->attribute, &record->object_uuid, r);
    case RecordKind::kReference:
      return ReadReference(&record->reference, &record->object_uuid, r);
    case RecordKind::kReport:
      return ReadReport(&record->report, r);
    case RecordKind::kSighting:
      return ReadSighting(&record->attribute.sighting, r);
    case RecordKind::kWarninglist:
      r->Text(&record->warninglist.type);
      r->Text(&record->warninglist.description);
      r->Text(&record->warninglist.matching_attributes);
      record->warninglist.version = r->I64();
      return;
    case RecordKind::kWarninglistEntry:
      return;
  }
}

}  // namespace

bool IsSourceName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxSourceName &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return IsAsciiDigit(c) || (c >= 'a' && c <= 'z') || c == '-'; });
}

std::string_view RecordKindName(RecordKind kind) {
  return kNames[static_cast<std::size_t>(kind)];
}

void EncodeRecord(const Record& record, std::string* out) {
  FieldWriter writer(out);
  WriteKey(record, &writer);
  switch (record.kind) {
    case RecordKind::kSource:
      return writer.U8(static_cast<std::uint8_t>(record.default_tlp));
    case RecordKind::kEvent:
      return WriteEvent(record.event, &writer);
    case RecordKind::kObject:
      return WriteObject(record.object, &writer);
    case RecordKind::kAttribute:
      return WriteAttribute(record.attribute, record.object_uuid, &writer);
    case RecordKind::kReference:
      return WriteReference(record.reference, record.object_uuid, &writer);
    case RecordKind::kReport:
      return WriteReport(record.report, &writer);
    case RecordKind::kSighting:
      return WriteSighting(record.attribute.sighting, &writer);
    case RecordKind::kWarninglist:
      writer.Text(record.warninglist.type);
      writer.Text(record.warninglist.description);
      writer.Text(record.warninglist.matching_attributes);
      return writer.I64(record.warninglist.version);
    case RecordKind::kWarninglistEntry:
      return;
  }
}

std::string EncodeKey(const Record& record) {
  std::string key;
  FieldWriter writer(&key);
  WriteKey(record, &writer);
  return key;
}

Status DecodeKey(ByteView bytes, Record* record) {
  FieldReader reader(bytes);
  GF_CHECK(ReadKind(&reader, record));
  ReadKey(record, &reader);
  if (reader.done()) return Ok();
  return Error::Make(Kind::kMalformed, "a key of kind {} does not follow its format",
                     RecordKindName(record->kind));
}

std::string KeyPrefixBelow(RecordKind kind, const Record& head) {
  std::string prefix;
  FieldWriter writer(&prefix);
  writer.U8(static_cast<std::uint8_t>(kind));
  writer.Text(head.source);
  if (kind == RecordKind::kWarninglistEntry) {
    writer.Text(head.warninglist.name);
  } else {
    writer.Id(head.event_uuid);
  }
  return prefix;
}

Status DecodeRecord(ByteView bytes, Record* record) {
  FieldReader reader(bytes);
  GF_CHECK(ReadKind(&reader, record));
  ReadKey(record, &reader);
  ReadBody(record, &reader);
  if (!reader.done()) {
    return Error::Make(Kind::kMalformed, "a record of kind {} does not follow its format",
                       RecordKindName(record->kind));
  }
  return Ok();
}

void EncodeTags(const std::vector<intel::Tag>& tags, std::string* out) {
  FieldWriter(out).Tags(tags);
}

bool DecodeTags(ByteView bytes, std::vector<intel::Tag>* tags) {
  FieldReader reader(bytes);
  reader.Tags(tags);
  return reader.done();
}

}  // namespace gapferry::store
