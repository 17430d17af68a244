// store/columns.h: the columns of one row, checked as they are read. Part of the adapter around
// SQLite.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "intel/event.h"
#include "store/database.h"

namespace gapferry::store {

constexpr std::size_t kMaxText = 8 << 20;

// Thrown and caught by RowReader only: a column that does not fit ends the walk wherever
// it is.
struct BadRow {
  std::string what;
};

// The columns of one row, checked as they are read.
class Columns {
 public:
  Columns(SQLite::Statement& statement, bool strict) : statement_(statement), strict_(strict) {}

  void Text(int index, std::string* text) const {
    const SQLite::Column& column = At(index);
    const int type = column.getType();
    if (type == SQLite::Null) {
      text->clear();
      return;
    }
    if (type != SQLite::TEXT) Bad(index, "is no text");
    ReadText(column, text);
    if (strict_ && (text->size() > kMaxText || !IsUtf8(*text)))
      Bad(index, "is too long or not UTF-8");
  }
  [[nodiscard]] std::int64_t Integer(int index, std::int64_t low, std::int64_t high) const {
    const SQLite::Column& column = At(index);
    if (!column.isInteger()) Bad(index, "is no integer");
    const std::int64_t value = column.getInt64();
    if (value < low || value > high) Bad(index, "is out of range");
    return value;
  }
  [[nodiscard]] std::int64_t Integer(int index) const {
    return Integer(index, INT64_MIN, INT64_MAX);
  }
  [[nodiscard]] bool IsNull(int index) const { return At(index).isNull(); }
  [[nodiscard]] bool IsText(int index) const { return At(index).isText(); }
  void Id(int index, Uuid* uuid) const {
    const ByteView blob = Blob(index);
    if (blob.size() != uuid->bytes.size()) Bad(index, "is no UUID");
    std::copy(blob.begin(), blob.end(), uuid->bytes.begin());
  }
  [[nodiscard]] ByteView Blob(int index) const {
    const SQLite::Column& column = At(index);
    if (!column.isBlob()) Bad(index, "is no blob");
    return ReadBlob(column);
  }
  [[nodiscard]] std::optional<intel::Distribution> Level(int index) const {
    if (IsNull(index)) return std::nullopt;
    return static_cast<intel::Distribution>(Integer(index, 0, intel::kInherit));
  }
  [[noreturn]] void Bad(int index, std::string_view why) const {
    throw BadRow{fmt::format("column {} {} in: {}", statement_.getColumnName(index), why,
                             statement_.getQuery())};
  }

 private:
  // A column stands for the statement's present row, whichever that is. Asking for it anew for each
  // row would count its references up and down, which costs as much as reading it.
  const SQLite::Column& At(int index) const {
    while (columns_.size() <= static_cast<std::size_t>(index))
      columns_.push_back(statement_.getColumn(static_cast<int>(columns_.size())));
    return columns_[static_cast<std::size_t>(index)];
  }

  SQLite::Statement& statement_;
  bool strict_;
  mutable std::vector<SQLite::Column> columns_;
};

}  // namespace gapferry::store
