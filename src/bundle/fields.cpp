#include "bundle/fields.h"

#include <algorithm>

#include "base/console.h"
#include "bundle/text.h"

namespace gapferry::bundle {
namespace {

constexpr std::size_t kMaxDepth = 8;
constexpr std::size_t kMaxCountName = 256;
const Json kNothing;

bool IsNumber(const Json& value) {
  return value.is_number_unsigned();
}

}  // namespace

Fields::Fields(const Json& object, std::string path) : object_(object), path_(std::move(path)) {
  if (!object_.is_object()) error_ = Error::Make(Kind::kMalformed, "{} is not an object", path_);
}

void Fields::Fail(std::string_view key, std::string_view reason) {
  if (!error_) error_ = Error::Make(Kind::kMalformed, "{}.{} {}", path_, Printable(key), reason);
}

const Json& Fields::Find(std::string_view key) {
  asked_.emplace(key);
  if (!object_.is_object()) return kNothing;
  const auto found = object_.find(std::string(key));
  if (found != object_.end()) return *found;
  Fail(key, "is missing");
  return kNothing;
}

bool Fields::Has(std::string_view key) const {
  return object_.is_object() && object_.contains(std::string(key));
}

bool Fields::IsNull(std::string_view key) {
  return Find(key).is_null();
}

const std::string& Fields::RawText(std::string_view key) {
  static const std::string kEmpty;
  const Json& value = Find(key);
  if (value.is_string()) return value.get_ref<const std::string&>();
  Fail(key, "is not a string");
  return kEmpty;
}

std::string Fields::Text(std::string_view key, std::size_t max_bytes) {
  const std::string& text = RawText(key);
  if (!IsPrintableText(text, max_bytes))
    Fail(key, fmt::format("is not 1 to {} bytes of printable text", max_bytes));
  return text;
}

std::string Fields::TextWhere(std::string_view key, bool (*is_valid)(std::string_view),
                              std::string_view wanted) {
  const std::string& text = RawText(key);
  if (!is_valid(text)) Fail(key, fmt::format("is not {}", wanted));
  return text;
}

std::uint64_t Fields::Number(std::string_view key, std::uint64_t low, std::uint64_t high) {
  const Json& value = Find(key);
  const std::uint64_t number = IsNumber(value) ? value.get<std::uint64_t>() : 0;
  if (!IsNumber(value) || number < low || number > high) {
    Fail(key, fmt::format("is not a whole number from {} to {}", low, high));
  }
  return number;
}

Time Fields::TimeOf(std::string_view key) {
  const auto time = ParseTime(RawText(key));
  if (!time) Fail(key, "is not a time like 2026-01-31T12:00:00Z");
  return time.value_or(0);
}

Uuid Fields::UuidOf(std::string_view key) {
  const auto uuid = ParseUuid(RawText(key));
  if (!uuid) Fail(key, "is not a UUID");
  return uuid.value_or(Uuid{});
}

std::vector<KeyId> Fields::KeyIds(std::string_view key, std::size_t max_entries) {
  std::vector<KeyId> ids;
  for (const Json& entry : Array(key, max_entries)) {
    const auto id =
        entry.is_string() ? ParseKeyId(entry.get_ref<const std::string&>()) : std::nullopt;
    if (!id) Fail(key, "holds something that is not a key id of 16 upper-case hexadecimal digits");
    ids.push_back(id.value_or(KeyId{}));
  }
  return ids;
}

std::map<std::string, std::uint64_t> Fields::Counts(std::string_view key, std::size_t max_entries) {
  std::map<std::string, std::uint64_t> counts;
  const Json& object = Object(key);
  if (object.size() > max_entries) {
    Fail(key, fmt::format("has {} entries; the limit is {}", object.size(), max_entries));
    return counts;
  }
  for (const auto& [name, value] : object.items()) {
    if (!IsPrintableText(name, kMaxCountName)) {
      Fail(key,
           fmt::format("has a name that is not 1 to {} bytes of printable text", kMaxCountName));
    }
    const bool valid = IsNumber(value) && value.get<std::uint64_t>() <= kMaxNumber;
    if (!valid)
      Fail(key, fmt::format("has a count that is not a whole number up to {}", kMaxNumber));
    counts[name] = valid ? value.get<std::uint64_t>() : 0;
  }
  return counts;
}

const Json& Fields::Object(std::string_view key) {
  static const Json kEmpty = Json::object();
  const Json& value = Find(key);
  if (value.is_object()) return value;
  Fail(key, "is not an object");
  return kEmpty;
}

const Json& Fields::Array(std::string_view key, std::size_t max_entries) {
  static const Json kEmpty = Json::array();
  const Json& value = Find(key);
  if (!value.is_array()) {
    Fail(key, "is not an array");
    return kEmpty;
  }
  if (value.size() > max_entries) {
    Fail(key, fmt::format("has {} entries; the limit is {}", value.size(), max_entries));
    return kEmpty;
  }
  return value;
}

Status Fields::Finish() {
  if (!error_ && object_.is_object()) {
    for (const auto& [name, value] : object_.items()) {
      if (!asked_.contains(name)) Fail(name, "is not a key of this format");
    }
  }
  if (error_) return *error_;
  return Ok();
}

Result<Json> ParseDocument(std::string_view bytes, std::size_t max_bytes, std::string_view format,
                           std::uint64_t version) {
  GF_TRY(Json document, ParseJson(bytes, {.max_bytes = max_bytes, .max_depth = kMaxDepth}));
  const Json* found_format =
      document.is_object() && document.contains("format") ? &document["format"] : nullptr;
  if (found_format == nullptr || *found_format != format) {
    return Error::Make(Kind::kMalformed, "not a document of format \"{}\"", format);
  }
  const Json found_version =
      document.contains("format_version") ? document["format_version"] : Json();
  if (!IsNumber(found_version)) return Error::Make(Kind::kMalformed, "format_version is missing");
  const auto number = found_version.get<std::uint64_t>();
  if (number > version) {
    return Error::Make(Kind::kUnsupported,
                       "format \"{}\" version {}; this program knows versions up to {}", format,
                       number, version)
        .Hint("update gapferry on this side");
  }
  if (number != version)
    return Error::Make(Kind::kMalformed, "format \"{}\" has no version {}", format, number);
  return document;
}

Status CheckCanonical(std::string_view given, std::string_view canonical) {
  if (given == canonical) return Ok();
  const auto differ = std::mismatch(given.begin(), given.end(), canonical.begin(), canonical.end());
  const auto offset = static_cast<std::size_t>(differ.first - given.begin());
  return Error::Make(Kind::kMalformed, "{}: not written as gapferry writes it",
                     LineAndColumn(given, offset));
}

}  // namespace gapferry::bundle
