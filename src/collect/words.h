// collect/words.h: words of a line as people write it, with the punctuation around them.
#pragma once

#include <cstddef>
#include <string_view>

namespace gapferry::collect {

inline constexpr std::size_t kNowhere = std::string_view::npos;

// How many bytes at the front of `text`, which is not empty, separate words: blanks, quotes and
// angle brackets, also those of word processors; 0 if none do.
[[nodiscard]] std::size_t Separator(std::string_view text);
// Up to the next separator.
[[nodiscard]] std::string_view Word(std::string_view text);

[[nodiscard]] bool IsOneOf(char c, std::string_view set);
// Without the commas, full stops and unmatched brackets at its ends.
[[nodiscard]] std::string_view WithoutPunctuation(std::string_view text);
// Takes one layer of brackets, bullets and the like away; false if there is none.
[[nodiscard]] bool Peel(std::string_view* text);

}  // namespace gapferry::collect
