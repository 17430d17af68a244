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
bool IsContent(const std::string& key, const Json& value) {
  if (!value.is_structured() || value.empty() || IsErrorKey(key)) return false;
  const bool status = std::binary_search(kStatusKeys.begin(), kStatusKeys.end(), AsciiLower(key));
  return !(status && value.is_object() && TellsAnError(value));
}

// Lists and objects under another key are what the document is about; one object may only wrap the
// message.
bool TellsAnError(const Json& document) {
  if (!document.is_object()) return document.empty();
  const Json* about = nullptr;
  for (const auto& item : document.items()) {
    if (!IsContent(item.key(), item.value())) continue;
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

// One document a line. Rows of a feed are flat objects, too, and may have a key such as "message":
// an error takes a line or two, and each speaks of it.
JsonForm FormOfLines(std::string_view text) {
  constexpr int kMostErrors = 3;
  bool all_errors = true;
  int rows = 0;
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

}  // namespace

JsonForm FormOfJson(std::string_view text) {
  if (text.empty() || text.size() > kMaxErrorDocument || !IsUtf8(text)) return JsonForm::kNone;
  if (text[0] == '"') {
    const auto sentence = ParseJson(text, kMessageLimits);
    const bool told = sentence.ok() && sentence->is_string() &&
                      sentence->get_ref<const std::string&>().find(' ') != std::string::npos;
    return told ? JsonForm::kMessage : JsonForm::kNone;
  }
  if (!BeginsLikeJson(text)) return JsonForm::kNone;
  const auto document = ParseJson(text, kMessageLimits);
  if (document.ok()) return TellsAnError(*document) ? JsonForm::kMessage : JsonForm::kDocument;
  // Too deep for a message.
  if (document.error().kind != Kind::kMalformed) return JsonForm::kDocument;
  return FormOfLines(text);
}

}  // namespace gapferry::collect
