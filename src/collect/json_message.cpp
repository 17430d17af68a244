#include "collect/json_message.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/json.h"

namespace gapferry::collect {
namespace {

constexpr JsonLimits kMessageLimits = {kMaxErrorDocument, 64, true};
constexpr std::string_view kJsonBlanks = " \t\r\n";

constexpr auto kErrorKeys = std::to_array<std::string_view>(
    {"detail", "details", "exception", "fault", "message", "messages", "msg"});
// Rows of a feed have these, too.
constexpr auto kStatusKeys = std::to_array<std::string_view>({"code", "meta", "reason", "status"});
// And beside an error, what helps with it.
constexpr auto kHelpKeys = std::to_array<std::string_view>(
    {"debug", "docs", "documentation", "help", "links", "request", "trace"});

bool IsErrorKey(std::string_view key) {
  return StartsLike(key, "err") ||
         std::binary_search(kErrorKeys.begin(), kErrorKeys.end(), AsciiLower(key));
}

bool HasErrorKey(const Json& document) {
  return document.is_object() &&
         std::any_of(document.items().begin(), document.items().end(),
                     [](const auto& item) { return IsErrorKey(item.key()); });
}

bool TellsAnError(const Json& document);

// Whether a member is what the document is about, rather than what its server says of it.
bool IsContent(const std::string& key, const Json& value, bool beside_error) {
  if (!value.is_structured() || value.empty() || IsErrorKey(key)) return false;
  const std::string lower = AsciiLower(key);
  const bool status =
      std::binary_search(kStatusKeys.begin(), kStatusKeys.end(), lower) ||
      (beside_error && std::binary_search(kHelpKeys.begin(), kHelpKeys.end(), lower));
  return !(status && value.is_object() && TellsAnError(value));
}

// Rows of a feed may have a key such as "message", too: errors are few.
constexpr std::size_t kMostErrors = 3;

bool ListsErrors(const Json& list) {
  return list.size() <= kMostErrors && std::all_of(list.begin(), list.end(), [](const Json& row) {
           return row.is_structured() && (row.empty() || (HasErrorKey(row) && TellsAnError(row)));
         });
}

// Lists and objects under another key are what the document is about; one object may only wrap the
// message.
bool TellsAnError(const Json& document) {
  if (document.is_array()) return ListsErrors(document);
  if (!document.is_object()) return document.empty();
  const Json* about = nullptr;
  const bool beside_error = HasErrorKey(document);
  for (const auto& item : document.items()) {
    if (!IsContent(item.key(), item.value(), beside_error)) continue;
    if (about != nullptr) return false;
    about = &item.value();
  }
  return about == nullptr || (HasErrorKey(*about) && TellsAnError(*about));
}

bool BeginsLikeJson(std::string_view text) {
  const char open = text[0];
  if (open != '{' && open != '[') return false;
  const std::size_t next = text.find_first_not_of(kJsonBlanks, 1);
  if (next == std::string_view::npos) return true;
  // "[Adblock Plus 2.0]", "[2026-01-01] example.com" and "{{" are something else.
  const std::string_view after = open == '{' ? "\"}" : "{[\"]";
  return after.find(text[next]) != std::string_view::npos;
}

// One document a line. Rows of a feed are flat objects, too: where all are errors, each speaks of
// it.
JsonForm FormOfLines(std::string_view text) {
  bool all_errors = true;
  std::size_t rows = 0;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (AsciiTrim(line).empty()) continue;
    const auto row = ParseJson(AsciiTrim(line), kMessageLimits);
    if (!row.ok() || !row->is_structured()) return JsonForm::kBroken;
    all_errors = all_errors && ++rows <= kMostErrors && HasErrorKey(*row) && TellsAnError(*row);
  }
  return all_errors ? JsonForm::kMessage : JsonForm::kDocument;
}

bool IsLiteral(std::string_view text) {
  text = AsciiTrim(text);
  return text == "null" || text == "true" || text == "false";
}

JsonForm FormOfDocument(std::string_view text, bool whole, bool called) {
  if (!BeginsLikeJson(text)) return JsonForm::kNone;
  if (!whole || text.size() > kMaxErrorDocument) return JsonForm::kDocument;
  if (!IsUtf8(text)) return JsonForm::kNone;
  const auto document = ParseJson(text, kMessageLimits);
  if (document.ok()) return TellsAnError(*document) ? JsonForm::kMessage : JsonForm::kDocument;
  // Too deep for a message.
  if (document.error().kind != Kind::kMalformed) return JsonForm::kDocument;
  return called ? JsonForm::kBroken : FormOfLines(text);
}

}  // namespace

std::string_view WithoutCall(std::string_view text) {
  // As some servers guard against a callback that is no function.
  constexpr std::string_view kGuard = " === 'function' && ";
  constexpr std::size_t kLongest = 200;
  std::string_view name = text;
  if (name.starts_with("typeof ")) {
    const std::size_t guard = name.substr(0, kLongest).find(kGuard);
    if (guard == std::string_view::npos) return text;
    name.remove_prefix(guard + kGuard.size());
  }
  const std::size_t open = name.substr(0, kLongest).find('(');
  if (open == 0 || open == std::string_view::npos) return text;
  const auto in_name = [](char c) {
    return IsAsciiAlnum(c) || c == '_' || c == '$' || c == '.' || c == '[' || c == ']';
  };
  if (!std::all_of(name.begin(), name.begin() + static_cast<std::ptrdiff_t>(open), in_name))
    return text;
  const std::string_view inside = name.substr(open + 1);
  const std::size_t begin = inside.find_first_not_of(kJsonBlanks);
  if (begin == std::string_view::npos || !BeginsLikeJson(inside.substr(begin))) return text;
  return inside.substr(begin);
}

JsonForm FormOfJson(std::string_view text, bool whole) {
  if (text.empty()) return JsonForm::kNone;
  std::string_view document = WithoutCall(text);
  if (document.size() < text.size()) {
    const std::size_t end = document.find_last_not_of("; \t\r\n");
    if (document[end] == ')') document = document.substr(0, end);
    return FormOfDocument(document, whole, /*called=*/true);
  }
  if (IsLiteral(text)) return JsonForm::kMessage;
  if (text[0] != '"') return FormOfDocument(text, whole, /*called=*/false);
  if (!whole || text.size() > kMaxErrorDocument) return JsonForm::kNone;
  const auto sentence = ParseJson(text, kMessageLimits);
  const bool told = sentence.ok() && sentence->is_string() &&
                    sentence->get_ref<const std::string&>().find(' ') != std::string::npos;
  return told ? JsonForm::kMessage : JsonForm::kNone;
}

}  // namespace gapferry::collect
