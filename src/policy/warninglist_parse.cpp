#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "base/bytes.h"
#include "base/json.h"
#include "policy/warninglist.h"

namespace gapferry::policy {
namespace {

constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxNameBytes = 255;
constexpr std::size_t kMaxDescriptionBytes = 65536;
constexpr std::size_t kMaxTypes = 1024;

constexpr std::array<std::string_view, 5> kTypeNames = {"string", "substring", "hostname", "cidr",
                                                        "regex"};

// The document as events: only the entries of `list` grow with it.
class Reader : public nlohmann::json_sax<Json> {
 public:
  bool null() override {
    if (AtKey() && key_ == "matching_attributes") return true;
    return Other("null");
  }
  bool boolean(bool) override { return Other("a boolean"); }
  bool number_integer(number_integer_t number) override { return Text(std::to_string(number)); }
  bool number_unsigned(number_unsigned_t number) override { return Text(std::to_string(number)); }
  bool number_float(number_float_t, const string_t& text) override { return Text(text); }
  bool string(string_t& text) override { return Text(std::move(text)); }
  bool binary(binary_t&) override { return Other("binary data"); }

  bool start_object(std::size_t) override {
    if (++depth_ == 1) return true;
    if (depth_ == 2 && key_ == "list") return Enter();
    return Nested("an object");
  }
  bool end_object() override { return Leave(); }
  bool start_array(std::size_t) override {
    if (++depth_ == 1) return Fail(Kind::kMalformed, "not an object");
    if (depth_ == 2 && (key_ == "list" || key_ == "matching_attributes")) {
      in_array_ = true;
      return Enter();
    }
    return Nested("an array");
  }
  bool end_array() override { return Leave(); }

  bool key(string_t& name) override {
    if (depth_ == 1) {
      key_ = std::move(name);
      if (!Known(key_) || seen_.insert(key_).second) return true;
      return Fail(Kind::kMalformed, "key \"" + key_ + "\" is given twice");
    }
    if (depth_ == 2 && inside_ && !in_array_) return Entry(std::move(name));
    return true;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    position_ = position > 0 ? position - 1 : 0;
    std::string what = error.what();
    const std::size_t colon = what.find(": ");
    return Fail(Kind::kMalformed, colon == std::string::npos ? what : what.substr(colon + 2));
  }

  // After a document that was read to its end.
  Result<Warninglist> Finish() {
    for (const char* required : {"name", "version", "type", "list"}) {
      if (!seen_.contains(required)) {
        return Error::Make(Kind::kMalformed, "warninglist without \"{}\"", required);
      }
    }
    return std::move(list_);
  }
  Error Problem(std::string_view text) const {
    if (position_) return Error::Make(kind_, "{}: {}", LineAndColumn(text, *position_), problem_);
    return Error::Make(kind_, "{}", problem_);
  }

 private:
  static bool Known(const std::string& key) {
    return key == "name" || key == "version" || key == "description" || key == "type" ||
           key == "list" || key == "matching_attributes";
  }
  bool AtKey() const { return depth_ == 1; }

  bool Fail(Kind kind, std::string problem) {
    kind_ = kind;
    problem_ = std::move(problem);
    return false;
  }
  bool Enter() {
    inside_ = true;
    return true;
  }
  bool Leave() {
    if (--depth_ == 1) inside_ = in_array_ = false;
    return true;
  }
  bool Nested(std::string_view what) {
    if (depth_ > kMaxDepth)
      return Fail(Kind::kTooLarge, fmt::format("nested deeper than {} levels", kMaxDepth));
    // Inside `list` as an object, a comment may be anything.
    if (inside_ && !in_array_) return true;
    if (inside_ || Known(key_)) return WrongType(what);
    return true;
  }
  bool Other(std::string_view what) {
    if (depth_ == 0) return Fail(Kind::kMalformed, "not an object");
    if (inside_ ? in_array_ && depth_ == 2 : AtKey() && Known(key_)) return WrongType(what);
    return true;
  }
  bool WrongType(std::string_view what) {
    return Fail(Kind::kMalformed, fmt::format("{} in \"{}\"", what, key_));
  }

  bool Text(std::string text) {
    if (depth_ == 0) return Fail(Kind::kMalformed, "not an object");
    if (inside_) {
      if (!in_array_ || depth_ != 2) return true;
      return key_ == "list" ? Entry(std::move(text)) : MatchingAttribute(std::move(text));
    }
    return depth_ == 1 ? Field(std::move(text)) : true;
  }
  bool Field(std::string text) {
    if (key_ == "list" || key_ == "matching_attributes") return WrongType("a text");
    if (key_ == "name") return Name(std::move(text));
    if (key_ == "version") return Version(text);
    if (key_ == "type") return ReadType(text);
    if (key_ == "description") {
      if (text.size() > kMaxDescriptionBytes) return TooLong("description", text.size());
      list_.description = std::move(text);
    }
    return true;
  }
  bool TooLong(std::string_view what, std::size_t size) {
    return Fail(Kind::kTooLarge, fmt::format("{} of {} bytes", what, size));
  }
  bool Name(std::string text) {
    if (text.size() > kMaxNameBytes) return TooLong("name", text.size());
    const bool control = std::any_of(text.begin(), text.end(), [](char c) {
      return static_cast<std::uint8_t>(c) < 0x20 || c == 0x7F;
    });
    if (control || AsciiTrim(text).empty())
      return Fail(Kind::kMalformed, "name is empty or holds control characters");
    list_.name = std::move(text);
    return true;
  }
  bool Version(std::string_view text) {
    const auto [stop, error] =
        std::from_chars(text.data(), text.data() + text.size(), list_.version);
    if (error == std::errc{} && stop == text.data() + text.size()) return true;
    return Fail(Kind::kMalformed, fmt::format("version \"{}\" is no whole number", text));
  }
  bool ReadType(std::string_view text) {
    const std::optional<ListType> type = FindListType(text);
    if (!type) return Fail(Kind::kUnsupported, fmt::format("warninglist of type \"{}\"", text));
    list_.type = *type;
    return true;
  }
  bool MatchingAttribute(std::string text) {
    if (list_.matching_attributes.size() >= kMaxTypes || text.size() > kMaxNameBytes)
      return Fail(Kind::kTooLarge, "too many or too long matching_attributes");
    list_.matching_attributes.push_back(std::move(text));
    return true;
  }
  bool Entry(std::string text) {
    if (text.size() > kMaxWarninglistEntryBytes) return TooLong("entry", text.size());
    if (list_.entries.size() >= kMaxWarninglistEntries) {
      return Fail(Kind::kTooLarge,
                  fmt::format("warninglist of more than {} entries", kMaxWarninglistEntries));
    }
    list_.entries.push_back(std::move(text));
    return true;
  }

  Warninglist list_;
  std::set<std::string> seen_;
  std::string key_;  // of the outer object
  std::size_t depth_ = 0;
  bool inside_ = false;  // in `list` or `matching_attributes`
  bool in_array_ = false;
  Kind kind_ = Kind::kMalformed;
  std::string problem_;
  std::optional<std::size_t> position_;
};

}  // namespace

std::string_view ListTypeName(ListType type) {
  return kTypeNames[static_cast<std::size_t>(type)];
}

std::optional<ListType> FindListType(std::string_view name) {
  const auto* found = std::find(kTypeNames.begin(), kTypeNames.end(), name);
  if (found == kTypeNames.end()) return std::nullopt;
  return static_cast<ListType>(found - kTypeNames.begin());
}

Result<Warninglist> ParseWarninglist(std::string_view json) {
  if (json.size() > kMaxWarninglistBytes) {
    return Error::Make(Kind::kTooLarge, "warninglist of {} bytes; the limit is {}", json.size(),
                       kMaxWarninglistBytes);
  }
  // The parser takes a NUL for the end, whatever comes after it.
  if (json.find('\0') != std::string_view::npos)
    return Error::Make(Kind::kMalformed, "a NUL byte in the list");
  Reader reader;
  if (!Json::sax_parse(json, &reader)) return reader.Problem(json);
  return reader.Finish();
}

}  // namespace gapferry::policy
