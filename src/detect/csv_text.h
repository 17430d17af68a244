// detect/csv_text.h: rows of comma-separated values (RFC 4180).
#pragma once

#include <string>
#include <string_view>

#include "detect/destination.h"

namespace gapferry::detect {

class CsvRow {
 public:
  // Appends to `out`; the options are those of the destination.
  CsvRow(const CsvOptions& options, std::string* out) : options_(options), out_(out) {}
  // Quoted where it must be.
  CsvRow& Cell(std::string_view text);
  CsvRow& Cell(std::uint64_t number) { return Cell(std::to_string(number)); }
  void End() { *out_ += options_.crlf ? "\r\n" : "\n"; }

 private:
  const CsvOptions& options_;
  std::string* out_;
  bool first_ = true;
};

}  // namespace gapferry::detect
