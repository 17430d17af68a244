// intel/event.h: MISP's data model, the fields that cross the gap and no others (MISP core format
// draft-20). Values are kept as their source wrote them; intel/value.h normalises when they are
// used.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/uuid.h"

namespace gapferry::intel {

// 0 own organisation, 1 this community, 2 connected communities, 3 all, 4 sharing group, 5 inherit.
using Distribution = std::uint8_t;
constexpr Distribution kInherit = 5;

struct Tag {
  std::string name;
  std::string colour;
  std::string relationship_type;
  bool local = false;      // of the attachment: never crosses
  bool exportable = true;  // of the tag: never crosses when false

  friend bool operator==(const Tag&, const Tag&) = default;
};

// What sightings say of one attribute, added up: who saw it, and where, never crosses.
struct Sighting {
  std::int64_t seen = 0;             // how often it was sighted
  std::int64_t false_positives = 0;  // how often it was called a false positive
  Time last_seen = 0;                // the newest of each; 0: none
  Time last_false_positive = 0;
  Time expires = 0;  // the newest expiration that was set; 0: none

  [[nodiscard]] bool Any() const { return seen != 0 || false_positives != 0 || expires != 0; }
  friend bool operator==(const Sighting&, const Sighting&) = default;
};

struct Attribute {
  Uuid uuid;
  std::string type;
  std::string category;
  std::string value;
  std::string comment;
  std::string object_relation;  // empty outside objects
  std::string first_seen;       // ISO 8601 as the source wrote it, or empty
  std::string last_seen;
  Time timestamp = 0;  // 0: the source gave none
  std::optional<Distribution> distribution;
  std::string
      sharing_group;  // uuid of the sharing group where distribution is 4, as the source wrote it
  bool to_ids = false;
  bool deleted = false;
  bool disable_correlation = false;
  std::vector<Tag> tags;
  Sighting sighting;  // travels as a row of its own
};

struct Reference {
  Uuid uuid;
  Uuid referenced;  // an attribute or object, of this event or another
  std::string relationship_type;
  std::string comment;
  Time timestamp = 0;
  bool deleted = false;
};

struct Object {
  Uuid uuid;
  std::string name;
  std::string meta_category;
  std::string description;
  std::string template_uuid;
  std::string template_version;
  std::string comment;
  std::string first_seen;
  std::string last_seen;
  Time timestamp = 0;
  std::optional<Distribution> distribution;
  std::string sharing_group;
  bool deleted = false;
};

struct Report {
  Uuid uuid;
  std::string name;
  std::string content;  // markdown
  Time timestamp = 0;
  std::optional<Distribution> distribution;
  std::string sharing_group;
  bool deleted = false;
};

struct Event {
  Uuid uuid;
  std::string info;
  std::string date;  // YYYY-MM-DD, or empty
  Time timestamp = 0;
  Time publish_timestamp = 0;
  std::optional<bool> published;
  std::uint8_t threat_level = 4;  // 1 high, 2 medium, 3 low, 4 undefined
  std::uint8_t analysis = 0;      // 0 initial, 1 ongoing, 2 completed
  std::optional<Distribution> distribution;
  std::string sharing_group;
  std::string extends_uuid;
  std::string orgc_uuid;  // as the source wrote it, or empty
  std::string orgc_name;
  std::vector<Tag> tags;
};

}  // namespace gapferry::intel
