// report/html_page.h: pages that need nothing but themselves: no script, no font, no picture from
// elsewhere. For browsers that have never seen the internet.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace gapferry::report {

// For text and for attribute values; control characters and what is no UTF-8 show as \\xNN.
[[nodiscard]] std::string EscapeHtml(std::string_view text);

// A whole document around `body`, which is HTML; `title` is text.
[[nodiscard]] std::string HtmlPage(std::string_view title, std::string_view body);

struct BarPart {
  std::string_view label;
  std::uint64_t amount = 0;
  std::string_view colour;  // as in CSS
};
// One bar of full width, divided among the parts; each says its label and amount when pointed at.
[[nodiscard]] std::string StackedBar(std::span<const BarPart> parts);

}  // namespace gapferry::report
