#include "detect/csv_text.h"

namespace gapferry::detect {
namespace {

// What spreadsheets take for the beginning of a formula (OWASP, "CSV Injection").
bool BeginsFormula(std::string_view text) {
  return !text.empty() && std::string_view("=+-@\t\r\n").find(text[0]) != std::string_view::npos;
}

bool NeedsQuotes(std::string_view text) {
  return text.find_first_of(",\"\r\n") != std::string_view::npos || text.starts_with(' ') ||
         text.ends_with(' ');
}

}  // namespace

CsvRow& CsvRow::Cell(std::string_view text) {
  if (!first_) *out_ += ',';
  first_ = false;
  const bool guard = options_.guard_formulas && BeginsFormula(text);
  if (!NeedsQuotes(text)) {
    if (guard) *out_ += '\'';
    *out_ += text;
    return *this;
  }
  *out_ += '"';
  if (guard) *out_ += '\'';
  for (const char c : text) {
    *out_ += c;
    if (c == '"') *out_ += c;
  }
  *out_ += '"';
  return *this;
}

}  // namespace gapferry::detect
