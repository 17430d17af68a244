#include "report/html_page.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/console.h"

namespace gapferry::report {
namespace {

constexpr std::string_view kStyle = R"css(
:root { color-scheme: light dark; --line: #8886; --soft: #8882; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72em; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.5em; } h2 { font-size: 1.2em; margin-top: 2em; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3em .7em; border-bottom: 1px solid var(--line); vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
.keep { color: #0a7d33; } .review { color: #b36b00; } .drop { color: #c62828; }
.keep, .review, .drop { font-weight: 600; }
.bar { display: flex; height: 1.1em; min-width: 12em; border-radius: 3px; overflow: hidden; background: var(--soft); }
.bar span { display: block; height: 100%; }
.small { font-size: .85em; opacity: .8; }
)css";

}  // namespace

std::string EscapeHtml(std::string_view text) {
  std::string safe;
  for (const char c : Printable(text)) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

std::string HtmlPage(std::string_view title, std::string_view body) {
  const std::string name = EscapeHtml(title);
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>{0}</title>\n<style>{1}"
      "</style>\n</head>\n<body>\n<h1>{0}</h1>\n{2}</body>\n</html>\n",
      name, kStyle, body);
}

std::string StackedBar(std::span<const BarPart> parts) {
  std::uint64_t whole = 0;
  for (const BarPart& part : parts)
    whole += part.amount;
  std::string bar = "<div class=\"bar\">";
  for (const BarPart& part : parts) {
    if (part.amount == 0) continue;
    const std::string label = fmt::format("{}: {}", EscapeHtml(part.label), Grouped(part.amount));
    bar += fmt::format("<span style=\"width:{:.2f}%;background:{}\" title=\"{}\"></span>",
                       100.0 * static_cast<double>(part.amount) / static_cast<double>(whole),
                       part.colour, label);
  }
  return bar + "</div>";
}

}  // namespace gapferry::report
