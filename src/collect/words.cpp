#include "collect/words.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace gapferry::collect {
namespace {

// What separates words: blanks, quotes and angle brackets, also those of word processors.
constexpr auto kWideSeparators = std::to_array<std::string_view>(
    {"\xC2\xA0", "\xC2\xAB", "\xC2\xBB", "\xE2\x80\x98", "\xE2\x80\x99", "\xE2\x80\x9A",
     "\xE2\x80\x9B", "\xE2\x80\x9C", "\xE2\x80\x9D", "\xE2\x80\x9E", "\xE2\x80\x8B", "\xE3\x80\x80",
     "\xEF\xBB\xBF", "\xE2\x80\x83", "\xE2\x80\x82"});

constexpr std::string_view kOpening = "([{";
constexpr std::string_view kClosing = ")]}";

// How many more of each closing bracket there are than of its opening one.
using Surplus = std::array<std::ptrdiff_t, kClosing.size()>;

Surplus CountSurplus(std::string_view text) {
  Surplus surplus{};
  for (const char c : text) {
    if (const std::size_t open = kOpening.find(c); open != kNowhere) --surplus[open];
    if (const std::size_t close = kClosing.find(c); close != kNowhere) ++surplus[close];
  }
  return surplus;
}

}  // namespace

std::size_t Separator(std::string_view text) {
  const char c = text.front();
  if (c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f' || c == '"' || c == '`')
    return 1;
  if (c == '<') return text.starts_with("<.>") || text.starts_with("<dot>") ? 0 : 1;
  if (c == '>') return 1;
  if (static_cast<std::uint8_t>(c) < 0xC2) return 0;
  for (const std::string_view wide : kWideSeparators) {
    if (text.starts_with(wide)) return wide.size();
  }
  return 0;
}

std::string_view Word(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size()) {
    // The closing half of "<.>".
    const bool defanged = text[size] == '<' && Separator(text.substr(size)) == 0;
    if (defanged) {
      size = text.find('>', size) + 1;
      continue;
    }
    if (Separator(text.substr(size)) > 0) break;
    ++size;
  }
  return text.substr(0, size);
}

bool IsOneOf(char c, std::string_view set) {
  return set.find(c) != kNowhere;
}

std::string_view WithoutPunctuation(std::string_view text) {
  std::optional<Surplus> surplus;  // counted once, or a word of brackets would cost its square
  while (!text.empty()) {
    const std::size_t close = kClosing.find(text.back());
    if (close == kNowhere && !IsOneOf(text.back(), ".,;:!?'^")) break;
    if (close != kNowhere) {
      if (!surplus) surplus = CountSurplus(text);
      if ((*surplus)[close]-- <= 0) break;
    }
    text.remove_suffix(1);
  }
  while (!text.empty() && IsOneOf(text.front(), ",;:!?'=") && !text.starts_with("::"))
    text.remove_prefix(1);
  return text;
}

bool Peel(std::string_view* text) {
  const std::string_view before = *text;
  *text = WithoutPunctuation(*text);
  if (!text->empty() && IsOneOf(text->front(), "([{*|~#-") && !text->starts_with("[.]"))
    text->remove_prefix(1);
  *text = WithoutPunctuation(*text);
  while (!text->empty() && IsOneOf(text->back(), "*|"))
    text->remove_suffix(1);
  return text->size() < before.size();
}

}  // namespace gapferry::collect
