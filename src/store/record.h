// store/record.h: one row of a state as bytes: what the state digest is taken over, and what the
// sandboxed reader of a payload writes to its pipe. docs/payload-format.md §3 gives the encoding
// for other implementations.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/result.h"
#include "intel/event.h"
#include "intel/tlp.h"
#include "store/state_digest.h"

namespace gapferry::store {

// DO NOT CHANGE THESE VALUES: they are embedded in state digests.
enum class RecordKind : std::uint8_t {
  kSource = 1,
  kEvent = 2,
  kObject = 3,
  kAttribute = 4,
  kReference = 5,
  kReport = 6,
  kWarninglist = 7,
  kWarninglistEntry = 8,
  kSighting = 9,
};
constexpr int kRecordKinds = 9;
[[nodiscard]] std::string_view RecordKindName(RecordKind kind);  // "attribute", …

struct WarninglistHead {
  std::string name;
  std::string type;
  std::string description;
  std::string matching_attributes;  // separated by newlines
  std::int64_t version = 0;
};

// Any one row. Only the members of its kind are meaningful; the struct is reused from row to row.
struct Record {
  RecordKind kind = RecordKind::kSource;
  std::string source;                           // every kind
  intel::Tlp default_tlp = intel::Tlp::kAmber;  // kSource
  Uuid event_uuid;                              // kEvent … kReport, kSighting
  Uuid object_uuid;                             // kAttribute (nil outside objects), kReference
  intel::Event event;
  intel::Object object;
  intel::Attribute attribute;  // kSighting: uuid and sighting only
  intel::Reference reference;
  intel::Report report;
  WarninglistHead warninglist;  // kWarninglist; kWarninglistEntry: name only
  std::string entry;            // kWarninglistEntry
};

constexpr std::size_t kMaxRecordBytes = 16 << 20;
constexpr std::size_t kMaxTags = 4096;
// 1 to 40 of a-z, 0-9 and "-": a source's name is shown, and stands in artifacts.
[[nodiscard]] bool IsSourceName(std::string_view name);

// Appends the canonical bytes of `record` to `out`.
void EncodeRecord(const Record& record, std::string* out);
// Accepts exactly what EncodeRecord writes for rows as docs/payload-format.md §3 allows them: text
// is UTF-8, a source's name is one. Error: kMalformed.
[[nodiscard]] Status DecodeRecord(ByteView bytes, Record* record);
// The part of the encoding that identifies the row: kind, source and UUIDs or names.
[[nodiscard]] std::string EncodeKey(const Record& record);
// Accepts exactly what EncodeKey writes. Error: kMalformed.
[[nodiscard]] Status DecodeKey(ByteView bytes, Record* record);
// What the keys of all rows of `kind` below an event or a list begin with.
[[nodiscard]] std::string KeyPrefixBelow(RecordKind kind, const Record& head);

void EncodeTags(const std::vector<intel::Tag>& tags, std::string* out);
[[nodiscard]] bool DecodeTags(ByteView bytes, std::vector<intel::Tag>* tags);

}  // namespace gapferry::store
