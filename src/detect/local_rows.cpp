#include "detect/local_rows.h"

#include <algorithm>
#include <vector>

#include "base/hash.h"
#include "detect/gather.h"
#include "intel/types.h"

namespace gapferry::detect {
namespace {

constexpr std::string_view kInfo = "added locally";
constexpr std::uint8_t kMediumThreat = 2;

intel::Event LocalEvent(intel::Tlp tlp) {
  intel::Event event;
  event.uuid = LocalEventUuid();
  event.info = kInfo;
  // The day when a line was written is not known, and the artifacts must be the same on every day.
  event.date = kCanaryDate;
  event.published = true;
  event.threat_level = kMediumThreat;
  event.tags.push_back({"tlp:" + std::string(intel::TlpName(tlp)), "", "", false, true});
  return event;
}

intel::Attribute LocalAttribute(const policy::Addition& addition) {
  intel::Attribute attribute;
  attribute.uuid =
      UuidFromContent(AsBytes("gapferry local|" + addition.type + '|' + addition.value));
  attribute.type = addition.type;
  attribute.category = intel::CategoryName(intel::FindType(addition.type)->default_category);
  attribute.value = addition.value;
  attribute.comment = addition.comment;
  attribute.to_ids = true;
  return attribute;
}

}  // namespace

Uuid LocalEventUuid() {
  return UuidFromContent(AsBytes(std::string_view("gapferry local additions")));
}

Status ForEachLocalRow(const Site& site, const LocalVisit& visit) {
  if (site.additions == nullptr || site.additions->entries().empty()) return Ok();
  store::Record record;
  record.source = kLocalSource;
  record.default_tlp = site.additions_tlp;
  record.kind = store::RecordKind::kSource;
  GF_CHECK(visit(record, nullptr));
  record.kind = store::RecordKind::kEvent;
  record.event = LocalEvent(site.additions_tlp);
  record.event_uuid = record.event.uuid;
  GF_CHECK(visit(record, nullptr));
  std::vector<std::pair<Uuid, const policy::Addition*>> order;
  for (const policy::Addition& addition : site.additions->entries())
    order.emplace_back(LocalAttribute(addition).uuid, &addition);
  std::sort(order.begin(), order.end());
  record.kind = store::RecordKind::kAttribute;
  for (const auto& [uuid, addition] : order) {
    record.attribute = LocalAttribute(*addition);
    GF_CHECK(visit(record, addition));
  }
  return Ok();
}

}  // namespace gapferry::detect
