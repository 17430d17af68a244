// store/row_editor.h: takes single rows out of a store and puts others in their place: what a delta
// does. Works within the caller's transaction.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "store/record.h"
#include "store/store.h"

namespace gapferry::store {

// Rows come in the order in which they travel, each below its source and its event or list, which
// come too. Errors of every call: what Guarded gives; kMalformed for a row without its owner.
class RowEditor {
 public:
  // `digest_key`: of the stream's state digest.
  RowEditor(Store* store, ByteView digest_key);
  RowEditor(RowEditor&&) noexcept;
  ~RowEditor();

  // Removes the row with the key of `key`, be it stored or refused, and returns its digest; nothing
  // if it was not there. What is below it stays, and belongs to the row that is put in its place.
  [[nodiscard]] Result<std::optional<Digest256>> Take(const Record& key);
  [[nodiscard]] Status Put(const Record& record);
  [[nodiscard]] Status PutRefused(const Record& record, const Digest256& digest,
                                  const std::string& reason);
  [[nodiscard]] Result<bool> IsRefused(const Record& key);

  // Removes a source, an event or a list with all below it, and tells the digest of each row.
  using Gone = std::function<void(const Record& row, const Digest256& digest)>;
  [[nodiscard]] Status TakeAll(const Record& head, const Gone& gone);
  // How many rows more (or fewer) of each kind are stored than when this began, by RecordKindName.
  [[nodiscard]] std::map<std::string, std::int64_t> Balance() const;
  // The stored rows below an event become refused ones; `gone` is told of each.
  [[nodiscard]] Status RefuseBelow(const Record& event, const std::string& reason,
                                   const Gone& gone);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gapferry::store
