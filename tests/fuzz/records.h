// tests/fuzz/records.h: one row of every kind, for targets that start from whole records.
#pragma once

#include <vector>

#include "store/record.h"

namespace gapferry::fuzz {

// By number, each after its owner.
inline std::vector<store::Record> OneOfEachKind() {
  using store::RecordKind;
  const std::vector<intel::Tag> tags = {{"tlp:green", "#33FF00", "", false, true},
                                        {"secret", "", "related-to", true, false}};
  std::vector<store::Record> records;
  for (int kind = 1; kind <= store::kRecordKinds; ++kind) {
    store::Record& record = records.emplace_back();
    record.kind = static_cast<RecordKind>(kind);
    record.source = "feed";
    record.event_uuid = *ParseUuid("11111111-1111-4111-8111-111111111111");
  }
  const Uuid object = *ParseUuid("33333333-1111-4111-8111-111111111111");
  records[1].event.uuid = records[1].event_uuid;
  records[1].event.info = "an event";
  records[1].event.date = "2026-05-01";
  records[1].event.published = true;
  records[1].event.distribution = intel::Distribution{3};
  records[1].event.tags = tags;
  records[2].object.uuid = object;
  records[2].object.name = "file";
  records[2].object.timestamp = 1'780'000'000;
  records[3].object_uuid = object;
  records[3].attribute.uuid = *ParseUuid("22222222-1111-4111-8111-111111111111");
  records[3].attribute.type = "sha256";
  records[3].attribute.category = "Payload delivery";
  records[3].attribute.value = std::string(64, 'a');
  records[3].attribute.tags = tags;
  records[4].object_uuid = object;
  records[4].reference.uuid = *ParseUuid("44444444-1111-4111-8111-111111111111");
  records[4].reference.referenced = records[3].attribute.uuid;
  records[4].reference.relationship_type = "connects-to";
  records[5].report.uuid = *ParseUuid("55555555-1111-4111-8111-111111111111");
  records[5].report.name = "report";
  records[5].report.content = "# text";
  records[6].warninglist = {"list", "hostname", "what it is", "domain\nhostname", 20260101};
  records[7].warninglist.name = "list";
  records[7].entry = "good.example";
  records[8].attribute.uuid = records[3].attribute.uuid;
  records[8].attribute.sighting = {3, 1, 1'780'000'000, 1'780'000'100, 1'790'000'000};
  return records;
}

}  // namespace gapferry::fuzz
