#include "collect/misp_fields.h"

#include <array>
#include <charconv>

namespace gapferry::collect {
namespace {

using intel::Attribute;
using intel::Event;
using intel::Object;
using intel::Reference;
using intel::Report;
using intel::Tag;

constexpr Time kLastTime = 253402300799;  // 9999-12-31T23:59:59Z

constexpr std::array kEvent = {
    Field<Event>{"uuid", &Event::uuid},
    Field<Event>{"info", &Event::info},
    Field<Event>{"date", Date<Event>{&Event::date}},
    Field<Event>{"timestamp", &Event::timestamp},
    Field<Event>{"publish_timestamp", &Event::publish_timestamp},
    Field<Event>{"published", &Event::published},
    Field<Event>{"threat_level_id", Level<Event>{&Event::threat_level, 1, 4}},
    Field<Event>{"analysis", Level<Event>{&Event::analysis, 0, 2}},
    Field<Event>{"distribution", &Event::distribution},
    Field<Event>{"extends_uuid", &Event::extends_uuid},
};
constexpr std::array kAttribute = {
    Field<Attribute>{"uuid", &Attribute::uuid},
    Field<Attribute>{"type", &Attribute::type},
    Field<Attribute>{"category", &Attribute::category},
    Field<Attribute>{"value", Value<Attribute>{&Attribute::value}},
    Field<Attribute>{"to_ids", &Attribute::to_ids},
    Field<Attribute>{"timestamp", &Attribute::timestamp},
    Field<Attribute>{"comment", &Attribute::comment},
    Field<Attribute>{"deleted", &Attribute::deleted},
    Field<Attribute>{"disable_correlation", &Attribute::disable_correlation},
    Field<Attribute>{"distribution", &Attribute::distribution},
    Field<Attribute>{"object_relation", &Attribute::object_relation},
    Field<Attribute>{"first_seen", &Attribute::first_seen},
    Field<Attribute>{"last_seen", &Attribute::last_seen},
};
constexpr std::array kObject = {
    Field<Object>{"uuid", &Object::uuid},
    Field<Object>{"name", &Object::name},
    Field<Object>{"meta-category", &Object::meta_category},
    Field<Object>{"description", &Object::description},
    Field<Object>{"template_uuid", &Object::template_uuid},
    Field<Object>{"template_version", &Object::template_version},
    Field<Object>{"comment", &Object::comment},
    Field<Object>{"first_seen", &Object::first_seen},
    Field<Object>{"last_seen", &Object::last_seen},
    Field<Object>{"timestamp", &Object::timestamp},
    Field<Object>{"distribution", &Object::distribution},
    Field<Object>{"deleted", &Object::deleted},
};
constexpr std::array kReference = {
    Field<Reference>{"uuid", &Reference::uuid},
    Field<Reference>{"referenced_uuid", &Reference::referenced},
    Field<Reference>{"relationship_type", &Reference::relationship_type},
    Field<Reference>{"comment", &Reference::comment},
    Field<Reference>{"timestamp", &Reference::timestamp},
    Field<Reference>{"deleted", &Reference::deleted},
};
constexpr std::array kReport = {
    Field<Report>{"uuid", &Report::uuid},
    Field<Report>{"name", &Report::name},
    Field<Report>{"content", &Report::content},
    Field<Report>{"timestamp", &Report::timestamp},
    Field<Report>{"distribution", &Report::distribution},
    Field<Report>{"deleted", &Report::deleted},
};
constexpr std::array kTag = {
    Field<Tag>{"name", &Tag::name},
    Field<Tag>{"colour", &Tag::colour},
    Field<Tag>{"relationship_type", &Tag::relationship_type},
    Field<Tag>{"local", Sticky<Tag>{&Tag::local}},
    // Can be attached in no other way.
    Field<Tag>{"local_only", Sticky<Tag>{&Tag::local}},
    Field<Tag>{"exportable", &Tag::exportable},
};
constexpr std::array kSighting = {
    Field<OneSighting>{"type", Level<OneSighting>{&OneSighting::type, 0, 255}},
    Field<OneSighting>{"date_sighting", &OneSighting::date},
};

bool NotGiven(const Scalar& scalar) {
  return scalar.form == Scalar::Form::kNull ||
         (scalar.form == Scalar::Form::kText && scalar.text.empty());
}

// One overload for each kind of member; the result says what was expected.
template <typename Row>
struct Assigner {
  const Scalar& scalar;
  Row* row;

  std::string_view operator()(std::string Row::*member) const {
    return ReadText(scalar, &(row->*member)) ? "" : "text without the character NUL";
  }
  std::string_view operator()(Value<Row> value) const {
    // A type such as `boolean` has the values 1 and 0.
    if (scalar.form == Scalar::Form::kBool) {
      row->*value.member = scalar.flag ? "1" : "0";
      return "";
    }
    return (*this)(value.member);
  }
  std::string_view operator()(Date<Row> date) const {
    if (!ReadText(scalar, &(row->*date.member))) return "a date as YYYY-MM-DD";
    const std::string& text = row->*date.member;
    return text.empty() || ParseDate(text) ? "" : "a date as YYYY-MM-DD";
  }
  std::string_view operator()(Uuid Row::*member) const {
    if (NotGiven(scalar)) return "";
    if (scalar.form != Scalar::Form::kText) return "a UUID";
    const std::optional<Uuid> uuid = ParseUuid(scalar.text);
    if (!uuid || uuid->IsNil()) return "a UUID";
    row->*member = *uuid;
    return "";
  }
  std::string_view operator()(Time Row::*member) const {
    return ReadInteger(scalar, 0, kLastTime, &(row->*member)) ? "" : "seconds since 1970";
  }
  std::string_view operator()(bool Row::*member) const {
    return ReadFlag(scalar, &(row->*member)) ? "" : "true or false";
  }
  std::string_view operator()(Sticky<Row> sticky) const {
    bool flag = false;
    if (!ReadFlag(scalar, &flag)) return "true or false";
    row->*sticky.member = row->*sticky.member || flag;
    return "";
  }
  std::string_view operator()(std::optional<bool> Row::*member) const {
    if (NotGiven(scalar)) return "";
    bool flag = false;
    if (!ReadFlag(scalar, &flag)) return "true or false";
    row->*member = flag;
    return "";
  }
  std::string_view operator()(std::optional<intel::Distribution> Row::*member) const {
    if (NotGiven(scalar)) return "";
    std::int64_t level = 0;
    if (!ReadInteger(scalar, 0, intel::kInherit, &level)) return "a level from 0 to 5";
    row->*member = static_cast<intel::Distribution>(level);
    return "";
  }
  std::string_view operator()(Level<Row> level) const {
    std::int64_t number = row->*level.member;
    if (!ReadInteger(scalar, level.low, level.high, &number)) {
      if (level.high == 4) return "a level from 1 to 4";
      return level.high == 2 ? "a level from 0 to 2" : "a number from 0 to 255";
    }
    row->*level.member = static_cast<std::uint8_t>(number);
    return "";
  }
};

template <typename Row>
std::string_view AssignTo(std::size_t field, const Scalar& scalar, Row* row) {
  return std::visit(Assigner<Row>{scalar, row}, FieldsOf(*row)[field].target);
}

}  // namespace

std::span<const Field<Event>> FieldsOf(const Event&) {
  return kEvent;
}
std::span<const Field<Attribute>> FieldsOf(const Attribute&) {
  return kAttribute;
}
std::span<const Field<Object>> FieldsOf(const Object&) {
  return kObject;
}
std::span<const Field<Reference>> FieldsOf(const Reference&) {
  return kReference;
}
std::span<const Field<Report>> FieldsOf(const Report&) {
  return kReport;
}
std::span<const Field<Tag>> FieldsOf(const Tag&) {
  return kTag;
}
std::span<const Field<OneSighting>> FieldsOf(const OneSighting&) {
  return kSighting;
}

bool ReadText(const Scalar& scalar, std::string* out) {
  switch (scalar.form) {
    case Scalar::Form::kNull:
      return true;
    case Scalar::Form::kBool:
      // PHP writes false for a text that is not there.
      if (scalar.flag) *out = "1";
      return true;
    default:
      // No artifact on the other side could carry it.
      if (scalar.text.find('\0') != std::string_view::npos) return false;
      out->assign(scalar.text);
      return true;
  }
}

bool ReadInteger(const Scalar& scalar, std::int64_t low, std::int64_t high, std::int64_t* out) {
  if (NotGiven(scalar)) return true;
  std::int64_t number = 0;
  switch (scalar.form) {
    case Scalar::Form::kBool:
      number = scalar.flag ? 1 : 0;
      break;
    case Scalar::Form::kInteger:
      number = scalar.integer;
      break;
    case Scalar::Form::kText: {
      const char* end = scalar.text.data() + scalar.text.size();
      const auto [stop, error] = std::from_chars(scalar.text.data(), end, number);
      if (error != std::errc() || stop != end) return false;
      break;
    }
    default:
      return false;
  }
  if (number < low || number > high) return false;
  *out = number;
  return true;
}

bool ReadFlag(const Scalar& scalar, bool* out) {
  if (scalar.form == Scalar::Form::kText) {
    if (scalar.text == "true" || scalar.text == "false") {
      *out = scalar.text == "true";
      return true;
    }
  }
  std::int64_t number = *out ? 1 : 0;
  if (!ReadInteger(scalar, 0, 1, &number)) return false;
  *out = number == 1;
  return true;
}

std::string Shown(const Scalar& scalar) {
  constexpr std::size_t kShown = 60;
  switch (scalar.form) {
    case Scalar::Form::kNull:
      return "null";
    case Scalar::Form::kBool:
      return scalar.flag ? "true" : "false";
    case Scalar::Form::kText:
      return fmt::format("\"{}\"", scalar.text.substr(0, kShown));
    default:
      return std::string(scalar.text.substr(0, kShown));
  }
}

std::string_view Assign(std::size_t field, const Scalar& scalar, Event* row) {
  return AssignTo(field, scalar, row);
}
std::string_view Assign(std::size_t field, const Scalar& scalar, Attribute* row) {
  return AssignTo(field, scalar, row);
}
std::string_view Assign(std::size_t field, const Scalar& scalar, Object* row) {
  return AssignTo(field, scalar, row);
}
std::string_view Assign(std::size_t field, const Scalar& scalar, Reference* row) {
  return AssignTo(field, scalar, row);
}
std::string_view Assign(std::size_t field, const Scalar& scalar, Report* row) {
  return AssignTo(field, scalar, row);
}
std::string_view Assign(std::size_t field, const Scalar& scalar, Tag* row) {
  return AssignTo(field, scalar, row);
}
std::string_view Assign(std::size_t field, const Scalar& scalar, OneSighting* row) {
  return AssignTo(field, scalar, row);
}

}  // namespace gapferry::collect
