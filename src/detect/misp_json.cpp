#include "detect/misp_json.h"

#include "base/clock.h"
#include "base/hash.h"
#include "detect/json_text.h"

namespace gapferry::detect {
namespace {

// MISP takes no event without a creator; tlp:ex:chr, the Chatham House Rule, hides it.
constexpr std::string_view kHiddenOrg = "undisclosed source";

void AppendOrg(const intel::Event& event, std::string* out) {
  JsonMembers members(out);
  const bool hidden = event.orgc_name.empty() && event.orgc_uuid.empty();
  members.Text("name", hidden ? kHiddenOrg : std::string_view(event.orgc_name));
  members.Text("uuid", hidden ? UuidFromContent(AsBytes(kHiddenOrg)).ToString() : event.orgc_uuid);
  members.Close();
}

void AppendTags(const std::vector<intel::Tag>& tags, std::string* out) {
  *out += '[';
  for (const intel::Tag& tag : tags) {
    if (&tag != &tags.front()) *out += ',';
    JsonMembers members(out);
    members.Text("name", tag.name);
    members.TextIfAny("colour", tag.colour);
    members.TextIfAny("relationship_type", tag.relationship_type);
    members.Flag("local", tag.local);
    members.Close();
  }
  *out += ']';
}

// With the defaults that PyMISP gives to what is missing.
void AppendManifestTags(const std::vector<intel::Tag>& tags, std::string* out) {
  *out += '[';
  for (const intel::Tag& tag : tags) {
    if (&tag != &tags.front()) *out += ',';
    JsonMembers members(out);
    members.Text("colour", tag.colour.empty() ? "#ffffff" : tag.colour);
    members.Flag("local", tag.local);
    members.Text("name", tag.name);
    members.Text("relationship_type", tag.relationship_type);
    members.Close();
  }
  *out += ']';
}

void AddSharing(const std::optional<intel::Distribution>& distribution, const std::string& group,
                JsonMembers* members) {
  if (distribution) members->Text("distribution", std::to_string(*distribution));
  if (group.empty()) return;
  JsonMembers inner(members->Raw("SharingGroup"));
  inner.Text("uuid", group);
  inner.Close();
}

void AddTime(std::string_view key, Time time, JsonMembers* members) {
  if (time != 0) members->Text(key, std::to_string(time));
}

std::string DateOf(const intel::Event& event) {
  return event.date.empty() ? FormatDate(event.timestamp) : event.date;
}

}  // namespace

void AppendOpenEvent(const intel::Event& event, std::string* out) {
  JsonMembers members(out);
  members.Text("uuid", event.uuid.ToString());
  members.Text("info", event.info);
  members.Text("date", DateOf(event));
  members.Text("threat_level_id", std::to_string(event.threat_level));
  members.Text("analysis", std::to_string(event.analysis));
  members.Text("timestamp", std::to_string(event.timestamp));
  members.Text("publish_timestamp", std::to_string(event.publish_timestamp));
  if (event.published) members.Flag("published", *event.published);
  members.Text("extends_uuid", event.extends_uuid);
  members.Flag("protected", false);
  AddSharing(event.distribution, event.sharing_group, &members);
  AppendOrg(event, members.Raw("Orgc"));
  AppendTags(event.tags, members.Raw("Tag"));
}

void AppendAttribute(const intel::Attribute& attribute, std::string* out) {
  JsonMembers members(out);
  members.Text("uuid", attribute.uuid.ToString());
  members.Text("type", attribute.type);
  members.Text("category", attribute.category);
  members.Text("value", attribute.value);
  members.Flag("to_ids", attribute.to_ids);
  AddTime("timestamp", attribute.timestamp, &members);
  members.Text("comment", attribute.comment);
  members.Flag("deleted", attribute.deleted);
  members.Flag("disable_correlation", attribute.disable_correlation);
  members.TextIfAny("object_relation", attribute.object_relation);
  members.TextIfAny("first_seen", attribute.first_seen);
  members.TextIfAny("last_seen", attribute.last_seen);
  AddSharing(attribute.distribution, attribute.sharing_group, &members);
  if (!attribute.tags.empty()) AppendTags(attribute.tags, members.Raw("Tag"));
  members.Close();
}

void AppendOpenObject(const intel::Object& object, std::string* out) {
  JsonMembers members(out);
  members.Text("uuid", object.uuid.ToString());
  members.Text("name", object.name);
  members.TextIfAny("meta-category", object.meta_category);
  members.TextIfAny("description", object.description);
  members.TextIfAny("template_uuid", object.template_uuid);
  members.TextIfAny("template_version", object.template_version);
  members.Text("comment", object.comment);
  AddTime("timestamp", object.timestamp, &members);
  members.Flag("deleted", object.deleted);
  members.TextIfAny("first_seen", object.first_seen);
  members.TextIfAny("last_seen", object.last_seen);
  AddSharing(object.distribution, object.sharing_group, &members);
}

void AppendReference(const intel::Reference& reference, std::string* out) {
  JsonMembers members(out);
  members.Text("uuid", reference.uuid.ToString());
  members.Text("referenced_uuid", reference.referenced.ToString());
  members.Text("relationship_type", reference.relationship_type);
  members.Text("comment", reference.comment);
  AddTime("timestamp", reference.timestamp, &members);
  members.Flag("deleted", reference.deleted);
  members.Close();
}

void AppendReport(const intel::Report& report, std::string* out) {
  JsonMembers members(out);
  members.Text("uuid", report.uuid.ToString());
  members.Text("name", report.name);
  members.Text("content", report.content);
  AddTime("timestamp", report.timestamp, &members);
  members.Flag("deleted", report.deleted);
  AddSharing(report.distribution, report.sharing_group, &members);
  members.Close();
}

void AppendManifestEntry(const intel::Event& event, std::string* out) {
  AppendJson(event.uuid.ToString(), out);
  *out += ':';
  JsonMembers members(out);
  members.Text("info", event.info);
  members.Text("date", DateOf(event));
  members.Text("analysis", std::to_string(event.analysis));
  members.Text("threat_level_id", std::to_string(event.threat_level));
  members.Text("timestamp", std::to_string(event.timestamp));
  AppendOrg(event, members.Raw("Orgc"));
  AppendManifestTags(event.tags, members.Raw("Tag"));
  members.Close();
}

}  // namespace gapferry::detect
