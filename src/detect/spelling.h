// detect/spelling.h: how the files of a format write a value, as far as it takes to find it again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "detect/destination.h"
#include "intel/value.h"

namespace gapferry::detect {

struct Spelling {
  // What may stand around it: nothing (it is the whole line), nothing before it, whatever is not
  // part of a word, or what bounds a cell or a quoted text.
  enum class Bounds { kLine, kStart, kWord, kCell };
  std::string text;
  Bounds bounds = Bounds::kWord;
  std::string file;  // what the file's name begins with; empty: any
};

[[nodiscard]] std::vector<Spelling> SpellingsOf(const Destination& destination,
                                                const intel::Indicator& indicator);
// Where in the line it stands, or npos.
[[nodiscard]] std::size_t FindSpelling(std::string_view line, const Spelling& spelling);

}  // namespace gapferry::detect
