// detect/sigma_common.h: what stands in many events, however long it is, and what a query language
// takes for something else than the name of a field.
#pragma once

#include <string_view>

namespace gapferry::detect {

// Whether a part of a value, in lower case, says next to nothing: blanks, a number of three digits,
// a year, the beginning of an address that is shorter than the networks that a rule may have
// (sigma_modifier.cpp), a piece of what all browsers or all paths begin with.
[[nodiscard]] bool IsCommonSigmaPart(std::string_view part);

// Whether a whole value is one of the few that a field has: "true", "TCP".
[[nodiscard]] bool IsCommonSigmaValue(std::string_view value);

// Whether a name of a field is a number, an operator or a constant, or changes what is searched.
[[nodiscard]] bool IsWordOfQueries(std::string_view name);

}  // namespace gapferry::detect
