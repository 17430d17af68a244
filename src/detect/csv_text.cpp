#include "detect/csv_text.h"

namespace gapferry::detect {
namespace {

// What spreadsheets take for the beginning of a formula (OWASP, "CSV Injection"), with the letters
// of full width that East Asian ones take for the same.
bool IsFormula(std::string_view text) {
  if (text.empty()) return false;
  return std::string_view("=+-@").find(text[0]) != std::string_view::npos ||
         text.starts_with("\uFF1D") || text.starts_with("\uFF0B") || text.starts_with("\uFF0D") ||
         text.starts_with("\uFF20");
}

// Where the separator of lists is another character than the comma, a spreadsheet ends a cell
// there, quoted or not.
bool EndsCell(char c) {
  return std::string_view(";\t\r\n").find(c) != std::string_view::npos;
}

std::string_view AfterSpace(std::string_view text, std::size_t from) {
  const std::size_t place = text.find_first_not_of(' ', from);
  return place == std::string_view::npos ? std::string_view() : text.substr(place);
}

bool NeedsQuotes(std::string_view text) {
  return text.find_first_of(",\"\r\n") != std::string_view::npos || text.starts_with(' ') ||
         text.ends_with(' ');
}

}  // namespace

CsvRow& CsvRow::Cell(std::string_view text) {
  if (!first_) *out_ += ',';
  first_ = false;
  const bool guard =
      options_.guard_formulas && (IsFormula(text) || text.find_first_of("\t\r\n") == 0);
  const bool quotes = NeedsQuotes(text);
  if (quotes) *out_ += '"';
  if (guard) *out_ += '\'';
  for (std::size_t at = 0; at < text.size(); ++at) {
    *out_ += text[at];
    if (text[at] == '"') *out_ += '"';
    if (options_.guard_formulas && EndsCell(text[at]) && IsFormula(AfterSpace(text, at + 1)))
      *out_ += '\'';
  }
  if (quotes) *out_ += '"';
  return *this;
}

}  // namespace gapferry::detect
