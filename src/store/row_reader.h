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
// references and reports by UUID, and the sightings by their attributes'; then the source's
// warninglists by name, below each its entries by value. Attributes are handed out together
// with what sightings say of them.
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

  // Sources, events, objects and attributes as ForEach visits them, with what decisions about the
  // use of a value take: of an object its UUID and `deleted`, of an attribute UUID, object, type,
  // value, last_seen, timestamp, flags, tags and sightings. The other members are empty.
  [[nodiscard]] Status ForEachSubject(const std::function<Status(const Record&)>& visit);

  // One event, or one list, with all below it, as ForEach would visit them. Nothing if it is not
  // there.
  [[nodiscard]] Status OfEvent(const std::string& source, EventId event,
                               const std::function<Status(const Record&)>& visit);
  [[nodiscard]] Status OfWarninglist(const std::string& source, std::int64_t list,
                                     const std::function<Status(const Record&)>& visit);

  // The row below event or list `owner` that has the key of `key`, for kinds that have an owner;
  // for an event or a list itself, `owner` is its own id. Null if it is not there; else good until
  // the next call.
  [[nodiscard]] Result<const Record*> Find(const Record& key, std::int64_t owner);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gapferry::store
