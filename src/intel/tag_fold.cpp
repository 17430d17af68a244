#include "intel/tag_fold.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace gapferry::intel {
namespace {

struct CodeRange {
  std::uint32_t first;
  std::uint32_t last;
};

// White space, controls, and what Unicode calls Default_Ignorable_Code_Point; in order.
constexpr std::array<CodeRange, 26> kUnseen = {
    {{0x00, 0x20},      {0x22, 0x22},     {0x27, 0x27},     {0x7F, 0xA0},       {0xAD, 0xAD},
     {0x34F, 0x34F},    {0x61C, 0x61C},   {0x115F, 0x1160}, {0x1680, 0x1680},   {0x17B4, 0x17B5},
     {0x180B, 0x180F},  {0x2000, 0x200F}, {0x2028, 0x202F}, {0x205F, 0x206F},   {0x2800, 0x2800},
     {0x3000, 0x3000},  {0x3164, 0x3164}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF},   {0xFF02, 0xFF02},
     {0xFF07, 0xFF07},  {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFB}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A},
     {0xE0000, 0xE0FFF}}};

// Punctuation, arrows, boxes, pictures: what may stand before a word without being part of it.
constexpr std::array<CodeRange, 9> kMarks = {{{0x21, 0x2F},
                                              {0x3A, 0x40},
                                              {0x5B, 0x60},
                                              {0x7B, 0x7E},
                                              {0xA1, 0xBF},
                                              {0x2010, 0x2BFF},
                                              {0x2E00, 0x2E7F},
                                              {0x3001, 0x303F},
                                              {0x1F000, 0x1FAFF}}};

template <std::size_t kSize>
bool IsIn(const std::array<CodeRange, kSize>& ranges, std::uint32_t code) {
  const auto* after = std::upper_bound(
      ranges.begin(), ranges.end(), code,
      [](std::uint32_t wanted, const CodeRange& range) { return wanted < range.first; });
  return after != ranges.begin() && code <= (after - 1)->last;
}

struct CodePoint {
  std::uint32_t code;
  std::string_view bytes;
};

// The first of a text that is not empty; a byte that begins no sequence stands for itself.
CodePoint FirstOf(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  const std::size_t length = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  constexpr std::uint32_t kNoCode = 0xFFFFFFFF;
  if (length == 1) return {lead < 0x80 ? lead : kNoCode, text.substr(0, 1)};
  if (!IsUtf8(text.substr(0, length))) return {kNoCode, text.substr(0, 1)};
  std::uint32_t code = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i)
    code = code << 6 | (byte(i) & 0x3FU);
  return {code, text.substr(0, length)};
}

}  // namespace

std::string FoldTag(std::string_view tag) {
  constexpr std::uint32_t kFullWidth = 0xFF01;  // of U+0021
  std::string folded;
  while (!tag.empty()) {
    auto [code, bytes] = FirstOf(tag);
    tag.remove_prefix(bytes.size());
    if (IsIn(kUnseen, code)) continue;
    const bool full_width = code >= kFullWidth && code <= kFullWidth + ('~' - '!');
    if (full_width) code = code - kFullWidth + '!';
    if (folded.empty() && IsIn(kMarks, code)) continue;
    if (full_width || code < 0x80) {
      const bool upper = code >= 'A' && code <= 'Z';
      folded.push_back(static_cast<char>(upper ? code - 'A' + 'a' : code));
    } else {
      folded.append(bytes);
    }
  }
  return folded;
}

}  // namespace gapferry::intel
