#include "collect/misp_places.h"

namespace gapferry::collect {
namespace {

constexpr std::array kEventChildren = {Child{"Attribute", Place::kAttributes, true},
                                       Child{"Object", Place::kObjects, true},
                                       Child{"EventReport", Place::kReports, true},
                                       Child{"Tag", Place::kTags, true},
                                       Child{"Orgc", Place::kOrgc, false},
                                       Child{"SharingGroup", Place::kSharingGroup, false}};
constexpr std::array kAttributeChildren = {Child{"Tag", Place::kTags, true},
                                           Child{"Sighting", Place::kSightings, true},
                                           Child{"SharingGroup", Place::kSharingGroup, false}};
constexpr std::array kObjectChildren = {Child{"Attribute", Place::kAttributes, true},
                                        Child{"ObjectReference", Place::kReferences, true},
                                        Child{"Tag", Place::kTags, true},
                                        Child{"SharingGroup", Place::kSharingGroup, false}};
constexpr std::array kReportChildren = {Child{"Tag", Place::kTags, true},
                                        Child{"SharingGroup", Place::kSharingGroup, false}};

}  // namespace

std::span<const Child> ChildrenOf(Place place) {
  switch (place) {
    case Place::kTop:
    case Place::kEvent:
      return kEventChildren;
    case Place::kAttribute:
      return kAttributeChildren;
    case Place::kObject:
      return kObjectChildren;
    case Place::kReport:
      return kReportChildren;
    default:
      return {};
  }
}

const Child* FindChild(std::span<const Child> children, std::string_view key) {
  for (const Child& child : children) {
    if (child.key == key) return &child;
  }
  return nullptr;
}

Place ElementOf(Place list) {
  switch (list) {
    case Place::kTopList:
      return Place::kTop;
    case Place::kAttributes:
      return Place::kAttribute;
    case Place::kObjects:
      return Place::kObject;
    case Place::kReferences:
      return Place::kReference;
    case Place::kReports:
      return Place::kReport;
    case Place::kTags:
      return Place::kTag;
    case Place::kSightings:
      return Place::kSighting;
    default:
      return Place::kSkipped;
  }
}

}  // namespace gapferry::collect
