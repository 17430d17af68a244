#include "collect/event_builder.h"

#include <algorithm>

#include "store/record.h"

namespace gapferry::collect {
namespace {

std::size_t TagBytes(const std::vector<intel::Tag>& tags) {
  std::size_t bytes = 0;
  for (const intel::Tag& tag : tags)
    bytes += sizeof(tag) + tag.name.size() + tag.colour.size() + tag.relationship_type.size();
  return bytes;
}
std::size_t TextBytes(std::initializer_list<const std::string*> texts) {
  std::size_t bytes = 0;
  for (const std::string* text : texts)
    bytes += text->size();
  return bytes;
}
std::size_t BytesOf(const intel::Attribute& a) {
  return TextBytes({&a.type, &a.category, &a.value, &a.comment, &a.object_relation, &a.first_seen,
                    &a.last_seen, &a.sharing_group}) +
         TagBytes(a.tags);
}
std::size_t BytesOf(const intel::Object& o) {
  return TextBytes({&o.name, &o.meta_category, &o.description, &o.template_uuid,
                    &o.template_version, &o.comment, &o.first_seen, &o.last_seen,
                    &o.sharing_group});
}
std::size_t BytesOf(const intel::Reference& r) {
  return TextBytes({&r.relationship_type, &r.comment});
}
std::size_t BytesOf(const intel::Report& r) {
  return TextBytes({&r.name, &r.content, &r.sharing_group});
}
std::size_t BytesOf(const intel::Event& e) {
  return TextBytes(
             {&e.info, &e.date, &e.sharing_group, &e.extends_uuid, &e.orgc_uuid, &e.orgc_name}) +
         TagBytes(e.tags);
}

// Empties a row but keeps its strings' memory for the next one.
void Reset(intel::Attribute* a) {
  a->uuid = Uuid{};
  for (std::string* text : {&a->type, &a->category, &a->value, &a->comment, &a->object_relation,
                            &a->first_seen, &a->last_seen, &a->sharing_group}) {
    text->clear();
  }
  a->timestamp = 0;
  a->distribution.reset();
  a->to_ids = a->deleted = a->disable_correlation = false;
  a->tags.clear();
  a->sighting = {};
}

void Append(std::string_view part, std::string* content) {
  fmt::format_to(std::back_inserter(*content), "{}:", part.size());
  content->append(part);
}

}  // namespace

void EventBuilder::StartEvent(std::uint64_t line) {
  event = {};
  refusal_.reset();
  begun_ = false;
  event_line_ = line;
  attributes_ = other_rows_ = 0;
  waiting_.clear();
  waiting_reports_.clear();
  waiting_bytes_ = 0;
  derived_.clear();
}
void EventBuilder::StartObject(std::uint64_t line) {
  object = {};
  object_extra.clear();
  object_line_ = line;
  unit_.attributes.clear();
  unit_.references.clear();
  unit_bytes_ = 0;
}
void EventBuilder::StartAttribute(std::uint64_t line) {
  Reset(&attribute);
  attribute_extra.clear();
  row_line_ = line;
}
void EventBuilder::StartReference(std::uint64_t line) {
  reference = {};
  row_line_ = line;
}
void EventBuilder::StartReport(std::uint64_t line) {
  report = {};
  report_extra.clear();
  row_line_ = line;
}
void EventBuilder::StartTag() {
  tag = {};
}
void EventBuilder::StartSighting() {
  sighting = {};
}

void EventBuilder::Refuse(Kind kind, std::uint64_t line, std::string reason) {
  if (!refusal_) refusal_ = Refusal{kind, file_, line, std::move(reason)};
}

bool EventBuilder::CountRow(std::size_t* rows, std::size_t limit, std::string_view what) {
  if (++*rows <= limit) return true;
  Refuse(Kind::kTooLarge, event_line_, fmt::format("an event of more than {} {}", limit, what));
  return false;
}

bool EventBuilder::Wait(std::size_t bytes) {
  waiting_bytes_ += bytes;
  if (waiting_bytes_ <= kMaxWaitingBytes) return true;
  Refuse(Kind::kTooLarge, event_line_,
         fmt::format("more than {} bytes of rows without a uuid stand before the event's own uuid",
                     kMaxWaitingBytes));
  return false;
}

Status EventBuilder::Begin() {
  if (begun_) return Ok();
  begun_ = true;
  return sink_.BeginEvent();
}

Uuid EventBuilder::Derive(std::string_view content) {
  std::string whole;
  Append(AsText(event.uuid.bytes), &whole);
  whole.append(content);
  const std::uint64_t before = derived_[UuidFromContent(AsBytes(whole))]++;
  Append(std::to_string(before), &whole);
  return UuidFromContent(AsBytes(whole));
}

void EventBuilder::NameAttribute(const Uuid& owner, intel::Attribute* row) {
  if (!row->uuid.IsNil()) return;
  std::string content = "attribute";
  for (std::string_view part :
       {AsText(owner.bytes), std::string_view(row->type), std::string_view(row->value),
        std::string_view(row->object_relation)}) {
    Append(part, &content);
  }
  row->uuid = Derive(content);
}

void EventBuilder::NameObject(Unit* unit) {
  if (!unit->object->uuid.IsNil()) return;
  std::string content = "object";
  Append(unit->object->name, &content);
  for (const AttributeRow& row : unit->attributes) {
    for (const std::string* part :
         {&row.attribute.type, &row.attribute.value, &row.attribute.object_relation}) {
      Append(*part, &content);
    }
  }
  unit->object->uuid = Derive(content);
}

void EventBuilder::FinishTag(std::uint64_t line, std::vector<intel::Tag>* holder) {
  if (refused()) return;
  if (tag.name.empty()) return Refuse(Kind::kMalformed, line, "a tag without name");
  if (std::find(holder->begin(), holder->end(), tag) != holder->end()) return;
  if (holder->size() >= store::kMaxTags) {
    return Refuse(Kind::kTooLarge, line, fmt::format("more than {} tags", store::kMaxTags));
  }
  holder->push_back(tag);
}

void EventBuilder::FinishSighting() {
  intel::Sighting& sum = attribute.sighting;
  switch (sighting.type) {
    case 0:
      ++sum.seen;
      sum.last_seen = std::max(sum.last_seen, sighting.date);
      return;
    case 1:
      ++sum.false_positives;
      sum.last_false_positive = std::max(sum.last_false_positive, sighting.date);
      return;
    case 2:
      sum.expires = std::max(sum.expires, sighting.date);
      return;
    default:
      return;
  }
}

bool EventBuilder::CheckAttribute() {
  const auto missing = [&](std::string_view what) {
    Refuse(Kind::kMalformed, row_line_, fmt::format("an attribute without {}", what));
    return false;
  };
  if (attribute.type.empty()) return missing("type");
  if (attribute.value.empty()) return missing("value");
  if (BytesOf(attribute) > kMaxRowText) {
    Refuse(Kind::kTooLarge, row_line_,
           fmt::format("an attribute of more than {} bytes", kMaxRowText));
    return false;
  }
  return CountRow(&attributes_, kMaxEventAttributes, "attributes");
}

Status EventBuilder::FinishAttribute(bool in_object) {
  if (refused() || !CheckAttribute()) return Ok();
  if (!in_object && !attribute.uuid.IsNil()) {
    GF_CHECK(Begin());
    return sink_.TakeAttribute(Uuid{}, attribute, attribute_extra);
  }
  const std::size_t bytes = BytesOf(attribute) + attribute_extra.size() + sizeof(AttributeRow);
  if (in_object) {
    unit_bytes_ += bytes;
    if (unit_.attributes.size() >= kMaxObjectAttributes || unit_bytes_ > kMaxWaitingBytes) {
      Refuse(Kind::kTooLarge, object_line_,
             fmt::format("an object of more than {} attributes or {} bytes", kMaxObjectAttributes,
                         kMaxWaitingBytes));
      return Ok();
    }
    unit_.attributes.push_back({attribute, attribute_extra});
    return Ok();
  }
  Unit alone;
  alone.attributes.push_back({attribute, attribute_extra});
  if (!event.uuid.IsNil()) return Emit(&alone);
  if (Wait(bytes + sizeof(Unit))) waiting_.push_back(std::move(alone));
  return Ok();
}

void EventBuilder::FinishReference() {
  if (refused()) return;
  if (reference.referenced.IsNil()) {
    return Refuse(Kind::kMalformed, row_line_, "a reference without referenced_uuid");
  }
  unit_bytes_ += BytesOf(reference) + sizeof(reference);
  if (BytesOf(reference) > kMaxRowText || unit_bytes_ > kMaxWaitingBytes) {
    return Refuse(Kind::kTooLarge, row_line_,
                  fmt::format("an object of more than {} bytes", kMaxWaitingBytes));
  }
  if (CountRow(&other_rows_, kMaxEventOtherRows, "objects, references and reports"))
    unit_.references.push_back(reference);
}

Status EventBuilder::FinishObject() {
  if (refused()) return Ok();
  if (BytesOf(object) > kMaxRowText) {
    Refuse(Kind::kTooLarge, object_line_,
           fmt::format("an object of more than {} bytes", kMaxRowText));
    return Ok();
  }
  if (!CountRow(&other_rows_, kMaxEventOtherRows, "objects, references and reports")) return Ok();
  unit_.object = object;
  unit_.object_extra = object_extra;
  bool named = !object.uuid.IsNil();
  for (const AttributeRow& row : unit_.attributes)
    named = named && !row.attribute.uuid.IsNil();
  for (const intel::Reference& row : unit_.references)
    named = named && !row.uuid.IsNil();
  if (named || !event.uuid.IsNil()) return Emit(&unit_);
  if (Wait(unit_bytes_ + BytesOf(object) + object_extra.size() + sizeof(Unit)))
    waiting_.push_back(std::exchange(unit_, {}));
  return Ok();
}

Status EventBuilder::Emit(Unit* unit) {
  GF_CHECK(Begin());
  Uuid owner;
  if (unit->object) {
    NameObject(unit);
    owner = unit->object->uuid;
    GF_CHECK(sink_.TakeObject(*unit->object, unit->object_extra));
  }
  for (AttributeRow& row : unit->attributes) {
    NameAttribute(owner, &row.attribute);
    GF_CHECK(sink_.TakeAttribute(owner, row.attribute, row.extra));
  }
  for (intel::Reference& row : unit->references) {
    if (row.uuid.IsNil()) {
      std::string content = "reference";
      Append(AsText(owner.bytes), &content);
      Append(AsText(row.referenced.bytes), &content);
      Append(row.relationship_type, &content);
      row.uuid = Derive(content);
    }
    GF_CHECK(sink_.TakeReference(owner, row));
  }
  return Ok();
}

Status EventBuilder::FinishReport() {
  if (refused()) return Ok();
  if (BytesOf(report) > kMaxRowText) {
    Refuse(Kind::kTooLarge, row_line_, fmt::format("a report of more than {} bytes", kMaxRowText));
    return Ok();
  }
  if (!CountRow(&other_rows_, kMaxEventOtherRows, "objects, references and reports")) return Ok();
  if (!report.uuid.IsNil() || !event.uuid.IsNil()) return EmitReport(&report, report_extra);
  if (Wait(BytesOf(report) + report_extra.size() + sizeof(ReportRow)))
    waiting_reports_.push_back({report, report_extra});
  return Ok();
}

Status EventBuilder::EmitReport(intel::Report* row, const std::string& extra) {
  GF_CHECK(Begin());
  if (row->uuid.IsNil()) {
    std::string content = "report";
    Append(row->name, &content);
    row->uuid = Derive(content);
  }
  return sink_.TakeReport(*row, extra);
}

Status EventBuilder::EmitWaiting() {
  for (Unit& unit : waiting_)
    GF_CHECK(Emit(&unit));
  for (ReportRow& row : waiting_reports_)
    GF_CHECK(EmitReport(&row.report, row.extra));
  waiting_.clear();
  waiting_reports_.clear();
  return Ok();
}

Status EventBuilder::FinishEvent() {
  if (!refused()) {
    if (event.uuid.IsNil()) Refuse(Kind::kMalformed, event_line_, "the event has no uuid");
    if (event.info.empty()) Refuse(Kind::kMalformed, event_line_, "the event has no info");
    if (BytesOf(event) > kMaxRowText) {
      Refuse(Kind::kTooLarge, event_line_,
             fmt::format("an event header of more than {} bytes", kMaxRowText));
    }
    header_bytes_ += BytesOf(event) + event_extra.size() + sizeof(event);
    if (header_bytes_ > kMaxHeaderBytes) {
      Refuse(Kind::kTooLarge, event_line_,
             fmt::format("a file with more than {} bytes of event headers", kMaxHeaderBytes));
    }
  }
  if (refused()) return sink_.RefuseEvent(event.uuid, *std::exchange(refusal_, std::nullopt));
  GF_CHECK(Begin());
  GF_CHECK(EmitWaiting());
  return sink_.EndEvent(event, event_extra, event_line_);
}

}  // namespace gapferry::collect
