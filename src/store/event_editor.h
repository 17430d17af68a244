// store/event_editor.h: edits the attributes of one event in place, for a source that is one long
// list. Works within the caller's transaction. Errors of every call: what Guarded gives.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "store/store.h"

namespace gapferry::store {

class EventEditor {
 public:
  EventEditor(Store* store, EventId event);
  EventEditor(EventEditor&&) noexcept;
  ~EventEditor();

  // By UUID. `extra`: what only the mirror keeps of it.
  using Visit =
      std::function<void(const Uuid& attribute, Time timestamp, const std::string& extra)>;
  [[nodiscard]] Status ForEachAttribute(const Visit& visit);
  [[nodiscard]] Status SetTimestamp(const Uuid& attribute, Time timestamp);
  // Does not change what crosses. Empty: none.
  [[nodiscard]] Status SetExtra(const Uuid& attribute, const std::string& extra);
  // With its sightings.
  [[nodiscard]] Status Remove(const Uuid& attribute);

  // What only the mirror keeps of the event.
  [[nodiscard]] Result<std::string> HeadExtra();
  [[nodiscard]] Status SetHeadExtra(const std::string& extra);
  // The rows below it stay, for the head that is put in its place under the same id.
  [[nodiscard]] Status RemoveHead();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gapferry::store
