// bundle/lines.h: text files of a fixed number of lines.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace gapferry::bundle {

// Exactly `Count` lines, each ended by one newline, and nothing after; else nothing.
template <std::size_t Count>
[[nodiscard]] std::optional<std::array<std::string_view, Count>> SplitLines(std::string_view text) {
  std::array<std::string_view, Count> lines;
  for (std::string_view& line : lines) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    line = text.substr(0, end);
    text.remove_prefix(end + 1);
  }
  if (!text.empty()) return std::nullopt;
  return lines;
}

}  // namespace gapferry::bundle
