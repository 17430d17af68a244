#include "store/event_editor.h"

#include "store/database.h"

namespace gapferry::store {
namespace {

constexpr std::string_view kEditing = "cannot edit an event";

}  // namespace

struct EventEditor::State {
  State(SQLite::Database& db, EventId id)
      : event(id),
        list(db, "SELECT uuid, timestamp, extra FROM attribute WHERE event = ? ORDER BY uuid"),
        set_timestamp(db, "UPDATE attribute SET timestamp = ? WHERE event = ? AND uuid = ?"),
        set_extra(db, "UPDATE attribute SET extra = ? WHERE event = ? AND uuid = ?"),
        remove(db, "DELETE FROM attribute WHERE event = ? AND uuid = ?"),
        remove_sighting(db, "DELETE FROM sighting WHERE event = ? AND uuid = ?"),
        head_extra(db, "SELECT extra FROM event WHERE id = ?"),
        set_head_extra(db, "UPDATE event SET extra = ? WHERE id = ?"),
        remove_head(db, "DELETE FROM event WHERE id = ?") {}

  static void Run(SQLite::Statement& statement) {
    statement.exec();
    statement.reset();
  }

  EventId event;
  SQLite::Statement list, set_timestamp, set_extra, remove, remove_sighting, head_extra,
      set_head_extra, remove_head;
};

EventEditor::EventEditor(Store* store, EventId event)
    : state_(std::make_unique<State>(store->database(), event)) {}
EventEditor::EventEditor(EventEditor&&) noexcept = default;
EventEditor::~EventEditor() = default;

Status EventEditor::ForEachAttribute(const Visit& visit) {
  return Guarded(kEditing, [&] {
    Uuid uuid;
    std::string extra;
    state_->list.bind(1, state_->event);
    while (state_->list.executeStep()) {
      uuid.bytes = ReadDigest<16>(state_->list.getColumn(0)).value_or(Uuid{}.bytes);
      ReadText(state_->list.getColumn(2), &extra);
      visit(uuid, state_->list.getColumn(1).getInt64(), extra);
    }
    state_->list.reset();
  });
}

Status EventEditor::SetTimestamp(const Uuid& attribute, Time timestamp) {
  return Guarded(kEditing, [&] {
    state_->set_timestamp.bind(1, timestamp);
    state_->set_timestamp.bind(2, state_->event);
    BindBlob(state_->set_timestamp, 3, attribute.bytes);
    State::Run(state_->set_timestamp);
  });
}

Status EventEditor::SetExtra(const Uuid& attribute, const std::string& extra) {
  return Guarded(kEditing, [&] {
    if (extra.empty()) {
      state_->set_extra.bind(1);
    } else {
      BindText(state_->set_extra, 1, extra);
    }
    state_->set_extra.bind(2, state_->event);
    BindBlob(state_->set_extra, 3, attribute.bytes);
    State::Run(state_->set_extra);
  });
}

Status EventEditor::Remove(const Uuid& attribute) {
  return Guarded(kEditing, [&] {
    for (SQLite::Statement* remove : {&state_->remove, &state_->remove_sighting}) {
      remove->bind(1, state_->event);
      BindBlob(*remove, 2, attribute.bytes);
      State::Run(*remove);
    }
  });
}

Result<std::string> EventEditor::HeadExtra() {
  return Guarded(kEditing, [&]() -> Result<std::string> {
    std::string extra;
    state_->head_extra.bind(1, state_->event);
    if (state_->head_extra.executeStep()) ReadText(state_->head_extra.getColumn(0), &extra);
    state_->head_extra.reset();
    return extra;
  });
}

Status EventEditor::SetHeadExtra(const std::string& extra) {
  return Guarded(kEditing, [&] {
    BindText(state_->set_head_extra, 1, extra);
    state_->set_head_extra.bind(2, state_->event);
    State::Run(state_->set_head_extra);
  });
}

Status EventEditor::RemoveHead() {
  return Guarded(kEditing, [&] {
    state_->remove_head.bind(1, state_->event);
    State::Run(state_->remove_head);
  });
}

}  // namespace gapferry::store
