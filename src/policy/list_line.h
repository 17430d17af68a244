// policy/list_line.h: a line of the lists that a site keeps itself.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/bytes.h"

namespace gapferry::policy {

struct ListLine {
  std::string_view content;  // both without white space around them
  std::string_view comment;
};

// `#` at the start of the line or after white space begins a comment. A `#` inside a word is part
// of it: URLs have them.
[[nodiscard]] inline ListLine SplitListLine(std::string_view line) {
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line[at] == '#' && (at == 0 || line[at - 1] == ' ' || line[at - 1] == '\t'))
      return {AsciiTrim(line.substr(0, at)), AsciiTrim(line.substr(at + 1))};
  }
  return {AsciiTrim(line), {}};
}

// Takes the next line, without its end, from the front of `text`.
[[nodiscard]] inline std::string_view TakeLine(std::string_view* text) {
  const std::string_view line = text->substr(0, text->find('\n'));
  text->remove_prefix(line.size() == text->size() ? line.size() : line.size() + 1);
  return line;
}

}  // namespace gapferry::policy
