// store/row_reader.h: reads the tables that store and payload share, in the one order in which they
// travel.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "store/record.h"
#include "store/row_writer.h"

namespace gapferry::store {

// Sources by name; below each its events by UUID, below each event its objects, attributes,
// references and reports by UUID; then the source's warninglists by name, below each its entries by
// value.
class RowReader {
 public:
  // With `strict` every column's type, length, range and UTF-8 is checked: for a database from a
  // stranger.
  RowReader(SQLite::Database& database, bool strict);
  RowReader(RowReader&&) noexcept;
  ~RowReader();

  // Calls `visit` with one reused record; an error of `visit` ends the walk and is returned.
  // Error: kMalformed for a row that RowWriter would not have written.
  [[nodiscard]] Status ForEach(const std::function<Status(const Record&)>& visit);
  // Leaves warninglists out, or everything else.
  enum class Part { kAll, kEvents, kWarninglists };
  [[nodiscard]] Status ForEach(Part part, const std::function<Status(const Record&)>& visit);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gapferry::store
