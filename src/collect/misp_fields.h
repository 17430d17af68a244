// collect/misp_fields.h: the fields of MISP's JSON that cross the gap, by name (MISP core format
// draft-20; reference: docs/payload-format.md). All others are unlisted. MISP itself, PyMISP and
// third parties write numbers and flags as "1", 1 or true; all are read.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "collect/strict_sax.h"
#include "intel/event.h"

namespace gapferry::collect {

// A level of an event: a small number with its own range.
template <typename Row>
struct Level {
  std::uint8_t Row::*member;
  std::uint8_t low;
  std::uint8_t high;
};
// Text that may also be written as yes or no: the value of an attribute.
template <typename Row>
struct Value {
  std::string Row::*member;
};
// A flag that more than one field can set, and none takes back.
template <typename Row>
struct Sticky {
  bool Row::*member;
};
template <typename Row>
struct Date {
  std::string Row::*member;
};

// One sighting: of its fields only these are read, and only what they add up to is kept.
struct OneSighting {
  std::uint8_t type = 0;  // 0 seen, 1 false positive, 2 expiration; others are passed over
  Time date = 0;
};

template <typename Row>
struct Field {
  std::string_view key;
  std::variant<std::string Row::*, Value<Row>, Date<Row>, Uuid Row::*, Time Row::*, bool Row::*,
               std::optional<bool> Row::*, std::optional<intel::Distribution> Row::*, Level<Row>,
               Sticky<Row>>
      target;
};

[[nodiscard]] std::span<const Field<intel::Event>> FieldsOf(const intel::Event&);
[[nodiscard]] std::span<const Field<intel::Attribute>> FieldsOf(const intel::Attribute&);
[[nodiscard]] std::span<const Field<intel::Object>> FieldsOf(const intel::Object&);
[[nodiscard]] std::span<const Field<intel::Reference>> FieldsOf(const intel::Reference&);
[[nodiscard]] std::span<const Field<intel::Report>> FieldsOf(const intel::Report&);
[[nodiscard]] std::span<const Field<intel::Tag>> FieldsOf(const intel::Tag&);
[[nodiscard]] std::span<const Field<OneSighting>> FieldsOf(const OneSighting&);

// The readings of one scalar. False: it cannot be read so. Null and "" mean "not given" and leave
// `out` as it is.
[[nodiscard]] bool ReadText(const Scalar& scalar, std::string* out);
[[nodiscard]] bool ReadInteger(const Scalar& scalar, std::int64_t low, std::int64_t high,
                               std::int64_t* out);
[[nodiscard]] bool ReadFlag(const Scalar& scalar, bool* out);
// For messages: the value as written, cut.
[[nodiscard]] std::string Shown(const Scalar& scalar);

inline constexpr std::size_t kNoField = SIZE_MAX;
template <typename Row>
[[nodiscard]] std::size_t FindField(const Row& row, std::string_view key) {
  const auto fields = FieldsOf(row);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].key == key) return i;
  }
  return kNoField;
}

// Empty on success, otherwise what the field should have been.
[[nodiscard]] std::string_view Assign(std::size_t field, const Scalar& scalar, intel::Event* row);
[[nodiscard]] std::string_view Assign(std::size_t field, const Scalar& scalar,
                                      intel::Attribute* row);
[[nodiscard]] std::string_view Assign(std::size_t field, const Scalar& scalar, intel::Object* row);
[[nodiscard]] std::string_view Assign(std::size_t field, const Scalar& scalar,
                                      intel::Reference* row);
[[nodiscard]] std::string_view Assign(std::size_t field, const Scalar& scalar, intel::Report* row);
[[nodiscard]] std::string_view Assign(std::size_t field, const Scalar& scalar, intel::Tag* row);
[[nodiscard]] std::string_view Assign(std::size_t field, const Scalar& scalar, OneSighting* row);

}  // namespace gapferry::collect
