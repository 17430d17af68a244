// collect/misp_places.h: how MISP's JSON nests: which keys of an event hold lists and objects of
// what.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace gapferry::collect {

// Where in a MISP document a value stands.
enum class Place : std::uint8_t {
  kTopList,  // a list of events, or what "response" holds
  kTop,      // an object that is an event or wraps some: its keys will tell
  kEvent,    // what "Event" holds
  kAttributes,
  kAttribute,
  kObjects,
  kObject,
  kReferences,
  kReference,
  kReports,
  kReport,
  kTags,
  kTag,
  kSightings,
  kSighting,
  kOrgc,
  kSharingGroup,
  kSkipped,  // within an unlisted field, or in an event that is refused
};

// A key that holds further rows.
struct Child {
  std::string_view key;
  Place place;
  bool list;
};

inline constexpr std::array kTopChildren = {Child{"Event", Place::kEvent, false},
                                            Child{"response", Place::kTopList, true}};

[[nodiscard]] std::span<const Child> ChildrenOf(Place place);
// Null if no child has this key.
[[nodiscard]] const Child* FindChild(std::span<const Child> children, std::string_view key);

// What a list of this place holds; kSkipped if the place is no list.
[[nodiscard]] Place ElementOf(Place list);
[[nodiscard]] inline bool IsList(Place place) {
  return ElementOf(place) != Place::kSkipped;
}

}  // namespace gapferry::collect
