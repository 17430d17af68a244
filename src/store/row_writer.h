// store/row_writer.h: puts rows into the tables that store and payload share.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/record.h"

namespace SQLite {
class Database;
}

namespace gapferry::store {

using EventId = std::int64_t;
using SourceId = std::int64_t;

// Which columns the tables have: the payload's lack what never crosses.
enum class Flavour { kStore, kPayload };

// What only the mirror keeps of an event.
struct MirrorNote {
  Digest256 input_digest{};
  std::string extra;  // JSON object, or empty
};

// Writes within the caller's transaction. Statements are prepared once; words and tag sets are
// interned and cached. Errors of every call: what Guarded gives.
class RowWriter {
 public:
  RowWriter(SQLite::Database& database, Flavour flavour);
  RowWriter(RowWriter&&) noexcept;
  RowWriter& operator=(RowWriter&&) noexcept;
  ~RowWriter();

  // The id of the source with this name, made if needed.
  [[nodiscard]] Result<SourceId> PutSource(const std::string& name, intel::Tlp default_tlp);

  // An id that no event has yet. The rows of an event may be put before the event itself, because
  // JSON may name its header last.
  [[nodiscard]] Result<EventId> NewEventId();
  [[nodiscard]] Status PutEvent(EventId id, SourceId source, const intel::Event& event,
                                const MirrorNote* note = nullptr);
  // False, and nothing written, if this event already has a row of that kind with the same UUID.
  [[nodiscard]] Result<bool> PutObject(EventId event, const intel::Object& object,
                                       const std::string& extra = "");
  // Without its sightings: they are a row of their own.
  [[nodiscard]] Result<bool> PutAttribute(EventId event, const Uuid& object,
                                          const intel::Attribute& attribute,
                                          const std::string& extra = "");
  [[nodiscard]] Result<bool> PutReference(EventId event, const Uuid& object,
                                          const intel::Reference& reference);
  [[nodiscard]] Result<bool> PutReport(EventId event, const intel::Report& report,
                                       const std::string& extra = "");
  [[nodiscard]] Result<bool> PutSighting(EventId event, const Uuid& attribute,
                                         const intel::Sighting& sighting);

  // `id` 0: a new one.
  [[nodiscard]] Result<std::int64_t> PutWarninglist(SourceId source, const WarninglistHead& head,
                                                    const Digest256* input_digest = nullptr,
                                                    std::int64_t id = 0);
  [[nodiscard]] Result<bool> PutWarninglistEntry(std::int64_t list, const std::string& value);

  // Dispatches on the record's kind. Rows of an event must follow their event, entries their list.
  // Error: kMalformed for a row without its owner, or one that is there twice.
  [[nodiscard]] Status PutRecord(const Record& record);
  // The id that the next event or list of PutRecord gets, so that what hangs on it stays with it;
  // 0 for a new one.
  void UseId(std::int64_t id);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gapferry::store
