#include "transfer/row_json.h"

namespace gapferry::transfer {
namespace {

using store::Record;
using store::RecordKind;

void Put(Json* json, const char* key, const std::string& text) {
  if (!text.empty()) (*json)[key] = text;
}
void Put(Json* json, const char* key, const Uuid& uuid) {
  if (!uuid.IsNil()) (*json)[key] = uuid.ToString();
}
void Put(Json* json, const char* key, Time time) {
  if (time != 0) (*json)[key] = time;
}
void Put(Json* json, const char* key, const std::optional<intel::Distribution>& level) {
  if (level) (*json)[key] = *level;
}
void Put(Json* json, const char* key, bool flag) {
  if (flag) (*json)[key] = true;
}
void Put(Json* json, const std::vector<intel::Tag>& tags) {
  for (const intel::Tag& tag : tags) {
    Json item = {{"name", tag.name}};
    Put(&item, "colour", tag.colour);
    Put(&item, "relationship_type", tag.relationship_type);
    Put(&item, "local", tag.local);
    if (!tag.exportable) item["exportable"] = false;
    (*json)["tags"].push_back(std::move(item));
  }
}

void PutEvent(const intel::Event& event, Json* json) {
  Put(json, "info", event.info);
  Put(json, "date", event.date);
  Put(json, "timestamp", event.timestamp);
  Put(json, "publish_timestamp", event.publish_timestamp);
  if (event.published) (*json)["published"] = *event.published;
  (*json)["threat_level_id"] = event.threat_level;
  (*json)["analysis"] = event.analysis;
  Put(json, "distribution", event.distribution);
  Put(json, "sharing_group", event.sharing_group);
  Put(json, "extends_uuid", event.extends_uuid);
  Put(json, "orgc_uuid", event.orgc_uuid);
  Put(json, "orgc_name", event.orgc_name);
  Put(json, event.tags);
}

void PutObject(const intel::Object& object, Json* json) {
  Put(json, "uuid", object.uuid);
  Put(json, "name", object.name);
  Put(json, "meta_category", object.meta_category);
  Put(json, "description", object.description);
  Put(json, "template_uuid", object.template_uuid);
  Put(json, "template_version", object.template_version);
  Put(json, "comment", object.comment);
  Put(json, "first_seen", object.first_seen);
  Put(json, "last_seen", object.last_seen);
  Put(json, "timestamp", object.timestamp);
  Put(json, "distribution", object.distribution);
  Put(json, "sharing_group", object.sharing_group);
  Put(json, "deleted", object.deleted);
}

void PutAttribute(const intel::Attribute& attribute, Json* json) {
  Put(json, "uuid", attribute.uuid);
  Put(json, "type", attribute.type);
  Put(json, "category", attribute.category);
  (*json)["value"] = attribute.value;
  Put(json, "comment", attribute.comment);
  Put(json, "object_relation", attribute.object_relation);
  Put(json, "first_seen", attribute.first_seen);
  Put(json, "last_seen", attribute.last_seen);
  Put(json, "timestamp", attribute.timestamp);
  Put(json, "distribution", attribute.distribution);
  Put(json, "sharing_group", attribute.sharing_group);
  (*json)["to_ids"] = attribute.to_ids;
  Put(json, "deleted", attribute.deleted);
  Put(json, "disable_correlation", attribute.disable_correlation);
  Put(json, attribute.tags);
}

void PutReference(const intel::Reference& reference, Json* json) {
  Put(json, "uuid", reference.uuid);
  Put(json, "referenced_uuid", reference.referenced);
  Put(json, "relationship_type", reference.relationship_type);
  Put(json, "comment", reference.comment);
  Put(json, "timestamp", reference.timestamp);
  Put(json, "deleted", reference.deleted);
}

void PutReport(const intel::Report& report, Json* json) {
  Put(json, "uuid", report.uuid);
  Put(json, "name", report.name);
  Put(json, "content", report.content);
  Put(json, "timestamp", report.timestamp);
  Put(json, "distribution", report.distribution);
  Put(json, "sharing_group", report.sharing_group);
  Put(json, "deleted", report.deleted);
}

void PutSighting(const intel::Sighting& sighting, Json* json) {
  (*json)["seen"] = sighting.seen;
  (*json)["false_positives"] = sighting.false_positives;
  Put(json, "last_seen", sighting.last_seen);
  Put(json, "last_false_positive", sighting.last_false_positive);
  Put(json, "expires", sighting.expires);
}

}  // namespace

Json RowJson(const Record& record) {
  Json json = {{"kind", store::RecordKindName(record.kind)}, {"source", record.source}};
  const bool below_event =
      (record.kind >= RecordKind::kEvent && record.kind <= RecordKind::kReport) ||
      record.kind == RecordKind::kSighting;
  if (below_event) json["event"] = record.event_uuid.ToString();
  if (record.kind == RecordKind::kAttribute || record.kind == RecordKind::kReference) {
    Put(&json, "object", record.object_uuid);
  }
  switch (record.kind) {
    case RecordKind::kSource:
      json["default_tlp"] = intel::TlpName(record.default_tlp);
      break;
    case RecordKind::kEvent:
      PutEvent(record.event, &json);
      break;
    case RecordKind::kObject:
      PutObject(record.object, &json);
      break;
    case RecordKind::kAttribute:
      PutAttribute(record.attribute, &json);
      break;
    case RecordKind::kReference:
      PutReference(record.reference, &json);
      break;
    case RecordKind::kReport:
      PutReport(record.report, &json);
      break;
    case RecordKind::kSighting:
      Put(&json, "attribute", record.attribute.uuid);
      PutSighting(record.attribute.sighting, &json);
      break;
    case RecordKind::kWarninglist:
      json["name"] = record.warninglist.name;
      json["type"] = record.warninglist.type;
      json["version"] = record.warninglist.version;
      json["description"] = record.warninglist.description;
      json["matching_attributes"] = record.warninglist.matching_attributes;
      break;
    case RecordKind::kWarninglistEntry:
      json["name"] = record.warninglist.name;
      json["value"] = record.entry;
      break;
  }
  return json;
}

}  // namespace gapferry::transfer
