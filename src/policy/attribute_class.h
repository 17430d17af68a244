// policy/attribute_class.h: attribute types that give the same kind of indicator are one class. A
// list that names one type of a class applies to all of them: a list for ip-dst is a list of
// addresses, and so one for ip-dst|port and for the address of domain|ip.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string_view>
#include <vector>

#include "intel/value.h"

namespace gapferry::policy {

using Class = std::uint8_t;
constexpr Class kAddressClass = 0;
constexpr Class kNameClass = 1;
constexpr Class kUrlClass = 2;
constexpr Class kEmailClass = 3;
// From here on a class for each type that is not of the four, by its place in intel::AllTypes();
// composites of a file name and a hash belong to the hash.
constexpr Class kFirstTypeClass = 4;
constexpr Class kUnknownClass = 0xFF;

using ClassSet = std::bitset<256>;

// The classes of an attribute type: two for domain|ip and uri, none for an unknown type.
[[nodiscard]] ClassSet ClassesOfType(std::string_view type_name);
// The class of an indicator of an attribute of that type.
[[nodiscard]] Class ClassOf(intel::IndicatorKind kind, std::string_view type_name);

// For each class in the set, types whose normalisation gives the indicators of the class; types
// that normalise alike are named once.
[[nodiscard]] std::vector<const intel::TypeInfo*> NormalisersOf(const ClassSet& classes);

}  // namespace gapferry::policy
