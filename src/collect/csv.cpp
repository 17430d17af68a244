#include "collect/csv.h"

#include "base/bytes.h"

namespace gapferry::collect {
namespace {

bool IsBlank(char c, char delimiter) {
  return (c == ' ' || c == '\t') && c != delimiter;
}

}  // namespace

std::string_view CsvRow::cell(std::size_t index) const {
  if (index >= ends.size()) return "";
  const std::size_t begin = index == 0 ? 0 : ends[index - 1];
  return std::string_view(text).substr(begin, ends[index] - begin);
}

CsvReader::CsvReader(ByteSource source, Encoding encoding, std::uint64_t max_bytes,
                     CsvFormat format)
    : lines_(std::move(source), encoding, max_bytes, LineReader::Long::kSkip),
      format_(std::move(format)) {}

CsvReader::Fed CsvReader::Feed(std::string_view line, Progress* progress, CsvRow* row) const {
  std::size_t at = 0;
  while (true) {
    if (!progress->in_quotes) {
      std::size_t start = at;
      while (start < line.size() && IsBlank(line[start], format_.delimiter))
        ++start;
      if (format_.quote != 0 && start < line.size() && line[start] == format_.quote) {
        progress->in_quotes = true;
        at = start + 1;
      }
    }
    if (progress->in_quotes) {
      const std::size_t close = line.find(format_.quote, at);
      row->text += line.substr(at, close - at);
      if (close == std::string_view::npos) {
        row->text += '\n';
        return Fed::kOpen;
      }
      at = close + 1;
      if (at < line.size() && line[at] == format_.quote) {  // "" is one quote
        row->text += line[at++];
        continue;
      }
      progress->in_quotes = false;
      while (at < line.size() && IsBlank(line[at], format_.delimiter))
        ++at;
      if (at < line.size() && line[at] != format_.delimiter) {
        row->problem = "text behind a closing quote";
        return Fed::kBroken;
      }
    } else {
      const std::size_t end = std::min(line.find(format_.delimiter, at), line.size());
      row->text += line.substr(at, end - at);
      at = end;
    }
    row->ends.push_back(row->text.size());
    if (row->ends.size() > kMaxCsvColumns) {
      row->problem = fmt::format("more than {} columns", kMaxCsvColumns);
      return Fed::kBroken;
    }
    if (at >= line.size()) return Fed::kWhole;
    ++at;
  }
}

bool CsvReader::Split(std::string_view line, CsvRow* row) const {
  row->text.clear();
  row->ends.clear();
  row->problem.clear();
  Progress progress;
  return Feed(line, &progress, row) == Fed::kWhole;
}

Result<bool> CsvReader::Continue(Progress progress, CsvRow* row) {
  // The lines that follow may be no part of it: then they are read again, each as a row.
  first_ = std::string(row->raw);
  row->raw = first_;
  more_.clear();
  for (std::size_t count = 1;; ++count) {
    GF_TRY(const std::optional<LineReader::Line> line, lines_.Next());
    const bool fits = line && !line->too_long && count < kMaxCsvRowLines &&
                      row->text.size() + line->text.size() <= kMaxLineBytes;
    if (line) more_.append(line->text).push_back(lines_.end());
    if (fits) {
      const Fed fed = Feed(line->text, &progress, row);
      if (fed == Fed::kWhole) return true;
      if (fed == Fed::kOpen) continue;
    } else {
      row->problem = "a quote that does not close";
    }
    if (++open_quotes_ > kMaxOpenQuotes) {
      return Error::Make(Kind::kMalformed, "more than {} rows whose quote does not close",
                         kMaxOpenQuotes)
          .Hint("if the file quotes nothing, set `quote: none`");
    }
    lines_.PutBack(more_, row->line + 1);
    return true;
  }
}

Result<bool> CsvReader::Next(CsvRow* row) {
  row->text.clear();
  row->ends.clear();
  row->problem.clear();
  GF_TRY(const std::optional<LineReader::Line> line, lines_.Next());
  if (!line) return false;
  row->line = line->number;
  row->raw = line->text;
  row->comment = !format_.comment.empty() && AsciiTrim(line->text).starts_with(format_.comment);
  if (line->too_long) row->problem = fmt::format("more than {} bytes", kMaxLineBytes);
  if (row->comment || line->too_long) return true;
  Progress progress;
  if (Feed(line->text, &progress, row) == Fed::kOpen) return Continue(progress, row);
  return true;
}

}  // namespace gapferry::collect
