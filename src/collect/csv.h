// collect/csv.h: rows of a table in text (RFC 4180, and what feeds make of it), as a stream.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collect/line_reader.h"

namespace gapferry::collect {

constexpr std::size_t kMaxCsvColumns = 1000;
constexpr std::size_t kMaxCsvRowLines = 200;
// Rows whose quote does not close. Each may be an attempt to have the same lines read again and
// again, so there is an end to it.
constexpr std::size_t kMaxOpenQuotes = 1000;

struct CsvFormat {
  char delimiter = ',';
  char quote = '"';           // 0: none
  std::string comment = "#";  // rows that begin so; empty: none do
};

struct CsvRow {
  std::uint64_t line = 0;  // where it begins
  bool comment = false;    // then there are no cells
  std::string problem;     // why it is no row; empty if it is one
  std::string_view raw;    // its first line
  [[nodiscard]] std::size_t size() const { return ends.size(); }
  // Unquoted, raw bytes; empty beyond the last cell. Good until the next row.
  [[nodiscard]] std::string_view cell(std::size_t index) const;

  std::string text;
  std::vector<std::size_t> ends;
};

class CsvReader {
 public:
  CsvReader(ByteSource source, Encoding encoding, std::uint64_t max_bytes, CsvFormat format);

  // False at the end. A row that is broken comes with its `problem`, and reading goes on in the
  // next line, also if the row seemed to have more lines. Errors: those of LineReader, and
  // kMalformed beyond kMaxOpenQuotes.
  [[nodiscard]] Result<bool> Next(CsvRow* row);
  // Splits one line that stands alone.
  [[nodiscard]] bool Split(std::string_view line, CsvRow* row) const;

 private:
  enum class Fed { kWhole, kOpen, kBroken };
  // Where a row that goes on in the next line stands.
  struct Progress {
    bool in_quotes = false;
  };
  Fed Feed(std::string_view line, Progress* progress, CsvRow* row) const;
  [[nodiscard]] Result<bool> Continue(Progress progress, CsvRow* row);

  LineReader lines_;
  CsvFormat format_;
  std::string first_;  // the row's first line, which the next one overwrites
  std::string more_;   // its further lines, as they were
  std::size_t open_quotes_ = 0;
};

}  // namespace gapferry::collect
