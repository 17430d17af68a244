// intel/tag_fold.h: the letters of a tag, without what a reader does not see or does not mind.
#pragma once

#include <string>
#include <string_view>

namespace gapferry::intel {

// Lower case; without white space of any kind, invisible and format characters, quotes, and the
// punctuation and signs before the first letter; full-width forms as their ASCII counterparts.
// What is no UTF-8 stays as it is.
[[nodiscard]] std::string FoldTag(std::string_view tag);

}  // namespace gapferry::intel
