#include "collect/csv_feed.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/bytes.h"
#include "base/suggest.h"
#include "intel/types.h"

namespace gapferry::collect {
namespace {

constexpr std::size_t kShownCell = 60;
constexpr std::size_t kShownNames = 12;
constexpr std::string_view kAs = " as ";

// What tables write for "nothing".
constexpr auto kNothing =
    std::to_array<std::string_view>({"n/a", "na", "none", "null", "nan", "nil", "-", "--"});

bool IsNothing(std::string_view cell) {
  if (cell.empty()) return true;
  if (cell.size() > 4) return false;
  const std::string lower = AsciiLower(cell);
  return std::find(kNothing.begin(), kNothing.end(), lower) != kNothing.end();
}

std::string Shown(std::string_view cell) {
  if (!IsUtf8(cell)) return "bytes that are no text in this encoding";
  std::size_t size = std::min(cell.size(), kShownCell);
  while (size < cell.size() && (static_cast<std::uint8_t>(cell[size]) & 0xC0) == 0x80)
    --size;
  return fmt::format("\"{}\"{}", cell.substr(0, size), size < cell.size() ? "…" : "");
}

class Reader {
 public:
  Reader(std::string_view file, const CsvOptions& options, const TakeValue& take,
         ValueReport* report)
      : file_(file),
        options_(options),
        take_(take),
        report_(report),
        decoder_(options.encoding),
        columns_(options.columns) {
    named_ = std::any_of(columns_.begin(), columns_.end(), [](const CsvColumn& column) {
      return std::any_of(column.parts.begin(), column.parts.end(),
                         [](const CsvColumn::Part& part) { return part.number == 0; });
    });
  }

  Status All(ByteSource source) {
    CsvReader csv(std::move(source), options_.encoding, options_.max_bytes, options_.format);
    CsvRow row;
    while (true) {
      GF_TRY(const bool more, csv.Next(&row));
      if (!more) break;
      report_->lines = row.line;
      if (row.comment) {
        if (named_ && !resolved_) ReadCommentedHeader(csv, row);
      } else if (!row.problem.empty()) {
        Refuse(row.line, row.problem);
      } else if (!IsEmpty(row)) {
        GF_CHECK(Row(row));
      }
    }
    return Ok();
  }

 private:
  void Refuse(std::uint64_t line, std::string reason) {
    if (++report_->refused_count <= ValueReport::kMaxExamples)
      report_->refused.push_back({Kind::kMalformed, file_, line, std::move(reason)});
  }

  void WithoutForm(std::uint64_t line, const std::string& column, std::string_view cell) {
    if (++report_->without_form <= ValueReport::kMaxExamples) {
      report_->examples.push_back(
          {Kind::kMalformed, file_, line,
           fmt::format("column {}: {} has no known form", column, Shown(cell))});
    }
  }

  bool IsEmpty(const CsvRow& row) const {
    return row.text.find_first_not_of(" \t\r\n") == std::string::npos;
  }

  // The cell as UTF-8 without blanks; empty if it is no text.
  std::string_view Cell(const CsvRow& row, std::size_t number) {
    return TrimCell(decoder_.Decode(row.cell(number - 1)).value_or("\xFF"));
  }

  // Gives numbers to the columns that are known by name. False: the row does not have them all.
  bool Resolve(const CsvRow& row) {
    std::vector<CsvColumn> columns = options_.columns;
    for (CsvColumn& column : columns) {
      for (CsvColumn::Part& part : column.parts) {
        for (std::size_t number = 1; part.number == 0 && number <= row.size(); ++number) {
          if (AsciiLower(Cell(row, number)) == AsciiLower(part.name)) part.number = number;
        }
        NoteTwice(row, part);
        if (part.number == 0) {
          missing_ = part.name;
          return false;
        }
      }
    }
    columns_ = std::move(columns);
    return resolved_ = true;
  }

  void NoteTwice(const CsvRow& row, const CsvColumn::Part& part) {
    for (std::size_t number = part.number + 1; !part.name.empty() && number <= row.size();
         ++number) {
      if (part.number == 0 || AsciiLower(Cell(row, number)) != AsciiLower(part.name)) continue;
      report_->notes.push_back(
          fmt::format("{}: columns {} and {} are both named \"{}\"; the first is read", file_,
                      part.number, number, part.name));
    }
  }

  void ReadCommentedHeader(const CsvReader& csv, const CsvRow& row) {
    std::string_view line = AsciiTrim(row.raw);
    while (line.starts_with(options_.format.comment))
      line.remove_prefix(options_.format.comment.size());
    if (csv.Split(AsciiTrim(line), &header_)) (void)Resolve(header_);
  }

  Error NoSuchColumn(const CsvRow& row) {
    std::string names;
    for (std::size_t number = 1; number <= std::min(row.size(), kShownNames); ++number) {
      const std::string_view name = Cell(row, number);
      names += fmt::format("{}\"{}\"", number == 1 ? "" : ", ",
                           IsUtf8(name) ? name.substr(0, kShownCell) : "?");
    }
    return Error::Make(Kind::kMalformed, "{}:{}: no column is named \"{}\"; there are {}", file_,
                       row.line, missing_, names)
        .Hint(
            "correct `columns` of this source, or name them by number; the mirror was left as it "
            "is");
  }

  Status Row(const CsvRow& row) {
    const bool first = !std::exchange(begun_, true);
    if (named_ && !resolved_) {
      if (!Resolve(row)) return NoSuchColumn(row);
      return Ok();
    }
    if (first && !resolved_ && options_.header != CsvHeader::kNo &&
        (options_.header == CsvHeader::kYes || LooksLikeHeader(row))) {
      return Ok();
    }
    if (columns_.empty()) return EveryCell(row);
    return Columns(row);
  }

  Status EveryCell(const CsvRow& row) {
    for (std::size_t number = 1; number <= row.size(); ++number)
      GF_CHECK(EachLine(Cell(row, number), nullptr, row.line));
    return Ok();
  }

  // None of its value cells has a form, and some have text that should have one. A column of file
  // names proves nothing.
  bool LooksLikeHeader(const CsvRow& row) {
    bool some = false;
    for (const CsvColumn& column : columns_) {
      std::string_view text = Joined(row, column);
      text = text.substr(0, text.find('\n'));
      if (IsNothing(text) || (column.parts.size() == 1 && !column.type.empty())) continue;
      if (FindForm(text, Around::kCell, &value_)) return false;
      some = true;
    }
    return some;
  }

  Status Columns(const CsvRow& row) {
    std::size_t least = SIZE_MAX;
    for (const CsvColumn& column : columns_) {
      least = std::min(least, column.parts.front().number);
      const std::string_view cell = Joined(row, column);
      if (cell.empty() && column.parts.size() > 1) Halved(row, column);
      GF_CHECK(EachLine(cell, &column, row.line));
    }
    if (row.size() < least) {
      Refuse(row.line,
             fmt::format("{} columns; the first that is wanted is {}", row.size(), least));
    }
    return Ok();
  }

  // Counts what cannot be joined because only some of its cells have something.
  void Halved(const CsvRow& row, const CsvColumn& column) {
    std::string half;
    bool some = false;
    for (const CsvColumn::Part& part : column.parts) {
      const std::string_view cell = Cell(row, part.number);
      some = some || !IsNothing(cell);
      half += fmt::format("{}{}", half.empty() ? "" : "|", cell);
    }
    if (some && row.size() >= column.parts.front().number)
      WithoutForm(row.line, NameOf(column), half);
  }

  // One cell may hold several values, one a line.
  Status EachLine(std::string_view cell, const CsvColumn* column, std::uint64_t line) {
    while (!cell.empty()) {
      const std::size_t end = std::min(cell.find('\n'), cell.size());
      GF_CHECK(Value(TrimCell(cell.substr(0, end)), column, line));
      cell.remove_prefix(std::min(cell.size(), end + 1));
    }
    return Ok();
  }

  // The cells of a column with "|" between them; nothing if one of them has nothing.
  std::string_view Joined(const CsvRow& row, const CsvColumn& column) {
    if (column.parts.size() == 1) return Cell(row, column.parts[0].number);
    joined_.clear();
    for (const CsvColumn::Part& part : column.parts) {
      const std::string_view cell = Cell(row, part.number);
      if (IsNothing(cell)) return "";
      if (!joined_.empty()) joined_ += '|';
      joined_ += cell;
    }
    return joined_;
  }

  Status Value(std::string_view text, const CsvColumn* column, std::uint64_t line) {
    if (IsNothing(text)) return Ok();
    if (options_.exclude.Matches(text)) {
      ++report_->excluded;
      return Ok();
    }
    const bool formed = column != nullptr && !column->type.empty()
                            ? FitType(column->type, text, &value_)
                            : FindForm(text, Around::kCell, &value_);
    if (!formed) {
      if (column != nullptr) WithoutForm(line, NameOf(*column), text);
      return Ok();
    }
    return take_(value_, line);
  }

  static std::string NameOf(const CsvColumn& column) {
    std::string name;
    for (const CsvColumn::Part& part : column.parts) {
      name += (name.empty() ? "" : "+") +
              (part.name.empty() ? std::to_string(part.number) : '"' + part.name + '"');
    }
    return name;
  }

  std::string file_;
  const CsvOptions& options_;
  const TakeValue& take_;
  ValueReport* report_;
  LineDecoder decoder_;
  std::vector<CsvColumn> columns_;
  bool named_ = false;
  bool resolved_ = false;
  bool begun_ = false;
  std::string missing_;
  std::string joined_;
  CsvRow header_;
  FormedValue value_;
};

Result<CsvColumn::Part> ParsePart(std::string_view word) {
  CsvColumn::Part part;
  const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), part.number);
  if (error != std::errc{} || stop != word.data() + word.size())
    return CsvColumn::Part{0, std::string(word)};
  if (part.number == 0 || part.number > kMaxCsvColumns) {
    return Error::Make(Kind::kConfig, "column {}: columns are counted from 1 to {}", word,
                       kMaxCsvColumns);
  }
  return part;
}

}  // namespace

Result<CsvColumn> CsvColumn::Parse(std::string_view text) {
  CsvColumn column;
  std::string_view cells = text;
  if (const std::size_t as = text.rfind(kAs); as != std::string_view::npos) {
    column.type = AsciiTrim(text.substr(as + kAs.size()));
    cells = text.substr(0, as);
    if (intel::FindType(column.type) == nullptr) {
      std::vector<std::string> known;
      for (const intel::TypeInfo& type : intel::AllTypes())
        known.emplace_back(type.name);
      return Error::Make(Kind::kConfig, "\"{}\" is no attribute type of MISP{}", column.type,
                         DidYouMean(column.type, known));
    }
  }
  for (std::size_t at = 0; at <= cells.size();) {
    const std::size_t end = std::min(cells.find('+', at), cells.size());
    const std::string_view word = AsciiTrim(cells.substr(at, end - at));
    at = end + 1;
    if (word.empty()) return Error::Make(Kind::kConfig, "\"{}\" names no column", text);
    GF_TRY(Part part, ParsePart(word));
    column.parts.push_back(std::move(part));
  }
  return column;
}

Status ReadCsv(ByteSource source, std::string_view file, const CsvOptions& options,
               const TakeValue& take, ValueReport* report) {
  return Reader(file, options, take, report).All(std::move(source));
}

}  // namespace gapferry::collect
