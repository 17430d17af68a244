#include "store/record.h"

#include <algorithm>
#include <array>
#include <type_traits>

namespace gapferry::store {
namespace {

constexpr std::uint8_t kNoDistribution = 0xFF;
constexpr std::uint8_t kNotSaid = 2;  // of a yes, no, not said
constexpr std::size_t kMaxSourceName = 40;

constexpr std::array<std::string_view, kRecordKinds + 1> kNames = {
    "",        "source",      "event",
    "object",  "attribute",   "reference",
    "report",  "warninglist", "warninglist-entry",
    "sighting"};

// Integers little-endian, texts and lists with a 32-bit length before them.
class Writer {
 public:
  explicit Writer(std::string* out) : out_(out) {}
  void U8(std::uint8_t value) { out_->push_back(static_cast<char>(value)); }
  void U32(std::size_t value) {
    for (int shift = 0; shift < 32; shift += 8)
      U8(static_cast<std::uint8_t>(value >> shift));
  }
  void I64(std::int64_t value) {
    for (int shift = 0; shift < 64; shift += 8)
      U8(static_cast<std::uint8_t>(value >> shift));
  }
  void Text(std::string_view text) {
    U32(text.size());
    out_->append(text);
  }
  void Id(const Uuid& uuid) { out_->append(AsText(uuid.bytes)); }
  void Level(const std::optional<intel::Distribution>& level) {
    U8(level.value_or(kNoDistribution));
  }
  void Tags(const std::vector<intel::Tag>& tags) {
    U32(tags.size());
    for (const intel::Tag& tag : tags) {
      Text(tag.name);
      Text(tag.colour);
      Text(tag.relationship_type);
      U8(static_cast<std::uint8_t>((tag.local ? 1 : 0) | (tag.exportable ? 0 : 2)));
    }
  }

 private:
  std::string* out_;
};

class Reader {
 public:
  explicit Reader(ByteView bytes) : bytes_(bytes) {}
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool done() const { return ok_ && bytes_.empty(); }

  std::uint8_t U8() {
    if (!Need(1)) return 0;
    const std::uint8_t value = bytes_[0];
    bytes_ = bytes_.subspan(1);
    return value;
  }
  std::uint32_t U32() { return static_cast<std::uint32_t>(Integer(4)); }
  std::int64_t I64() { return static_cast<std::int64_t>(Integer(8)); }
  std::int64_t Count() {
    const std::int64_t value = I64();
    if (value < 0) ok_ = false;
    return value;
  }
  void Text(std::string* text) {
    const std::uint32_t size = U32();
    if (!Need(size)) return;
    text->assign(AsText(bytes_.first(size)));
    bytes_ = bytes_.subspan(size);
    if (!IsUtf8(*text)) ok_ = false;
  }
  void Name(std::string* name) {
    Text(name);
    if (!IsSourceName(*name)) ok_ = false;
  }
  void Id(Uuid* uuid) {
    if (!Need(16)) return;
    std::copy_n(bytes_.begin(), 16, uuid->bytes.begin());
    bytes_ = bytes_.subspan(16);
  }
  bool Bool() { return U8Below(2) == 1; }
  std::uint8_t U8Below(std::uint8_t limit) {
    const std::uint8_t value = U8();
    if (value >= limit) ok_ = false;
    return value;
  }
  std::optional<intel::Distribution> Level() {
    const std::uint8_t value = U8();
    if (value == kNoDistribution) return std::nullopt;
    if (value > intel::kInherit) ok_ = false;
    return value;
  }
  void Tags(std::vector<intel::Tag>* tags) {
    const std::uint32_t count = U32();
    if (count > kMaxTags) ok_ = false;
    tags->clear();
    for (std::uint32_t i = 0; ok_ && i < count; ++i) {
      intel::Tag& tag = tags->emplace_back();
      Text(&tag.name);
      Text(&tag.colour);
      Text(&tag.relationship_type);
      const std::uint8_t flags = U8Below(4);
      tag.local = (flags & 1) != 0;
      tag.exportable = (flags & 2) == 0;
    }
  }

 private:
  bool Need(std::size_t size) {
    ok_ = ok_ && bytes_.size() >= size;
    return ok_;
  }
  std::uint64_t Integer(std::size_t size) {
    if (!Need(size)) return 0;
    std::uint64_t value = 0;
    for (std::size_t i = size; i > 0; --i)
      value = value << 8 | bytes_[i - 1];
    bytes_ = bytes_.subspan(size);
    return value;
  }

  ByteView bytes_;
  bool ok_ = true;
};

void WriteKey(const Record& record, Writer* writer) {
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

void WriteEvent(const intel::Event& event, Writer* w) {
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

void ReadEvent(intel::Event* event, Reader* r) {
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

void WriteObject(const intel::Object& object, Writer* w) {
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

void ReadObject(intel::Object* object, Reader* r) {
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

void WriteAttribute(const intel::Attribute& attribute, const Uuid& object, Writer* w) {
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

void ReadAttribute(intel::Attribute* attribute, Uuid* object, Reader* r) {
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

void WriteReference(const intel::Reference& reference, const Uuid& object, Writer* w) {
  w->Id(object);
  w->Id(reference.referenced);
  w->Text(reference.relationship_type);
  w->Text(reference.comment);
  w->I64(reference.timestamp);
  w->U8(reference.deleted ? 1 : 0);
}

void ReadReference(intel::Reference* reference, Uuid* object, Reader* r) {
  r->Id(object);
  r->Id(&reference->referenced);
  r->Text(&reference->relationship_type);
  r->Text(&reference->comment);
  reference->timestamp = r->I64();
  reference->deleted = r->Bool();
}

void WriteReport(const intel::Report& report, Writer* w) {
  w->Text(report.name);
  w->Text(report.content);
  w->I64(report.timestamp);
  w->Level(report.distribution);
  w->Text(report.sharing_group);
  w->U8(report.deleted ? 1 : 0);
}

void ReadReport(intel::Report* report, Reader* r) {
  r->Text(&report->name);
  r->Text(&report->content);
  report->timestamp = r->I64();
  report->distribution = r->Level();
  r->Text(&report->sharing_group);
  report->deleted = r->Bool();
}

void WriteSighting(const intel::Sighting& sighting, Writer* w) {
  for (const std::int64_t number : {sighting.seen, sighting.false_positives, sighting.last_seen,
                                    sighting.last_false_positive, sighting.expires}) {
    w->I64(number);
  }
}

void ReadSighting(intel::Sighting* sighting, Reader* r) {
  for (std::int64_t* number : {&sighting->seen, &sighting->false_positives, &sighting->last_seen,
                               &sighting->last_false_positive, &sighting->expires}) {
    *number = r->Count();
  }
}

Status ReadKind(Reader* r, Record* record) {
  const std::uint8_t kind = r->U8();
  if (kind < 1 || kind > kRecordKinds)
    return Error::Make(Kind::kMalformed, "a record of unknown kind {}", kind);
  record->kind = static_cast<RecordKind>(kind);
  return Ok();
}

void ReadKey(Record* record, Reader* r) {
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

void ReadBody(Record* record, Reader* r) {
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
  Writer writer(out);
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
  Writer writer(&key);
  WriteKey(record, &writer);
  return key;
}

Status DecodeKey(ByteView bytes, Record* record) {
  Reader reader(bytes);
  GF_CHECK(ReadKind(&reader, record));
  ReadKey(record, &reader);
  if (reader.done()) return Ok();
  return Error::Make(Kind::kMalformed, "a key of kind {} does not follow its format",
                     RecordKindName(record->kind));
}

std::string KeyPrefixBelow(RecordKind kind, const Record& head) {
  std::string prefix;
  Writer writer(&prefix);
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
  Reader reader(bytes);
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
  Writer(out).Tags(tags);
}

bool DecodeTags(ByteView bytes, std::vector<intel::Tag>* tags) {
  Reader reader(bytes);
  reader.Tags(tags);
  return reader.done();
}

}  // namespace gapferry::store
