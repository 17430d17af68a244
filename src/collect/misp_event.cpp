#include "collect/misp_event.h"

#include "collect/event_builder.h"
#include "collect/extra.h"
#include "collect/looks_like.h"
#include "collect/misp_fields.h"
#include "collect/misp_places.h"
#include "collect/unknown_fields.h"

namespace gapferry::collect {
namespace {

struct Frame {
  Place place = Place::kSkipped;
  FieldPath* path = nullptr;
  std::uint64_t line = 0;
  bool own = false;       // kTop: has a field of an event
  bool wraps = false;     // kTop: wraps events
  bool has_rows = false;  // kTop, kEvent: has the key of attributes or objects
};

class EventReader : public StrictSax {
 public:
  EventReader(EventSink& sink, std::string_view file)
      : sink_(sink), file_(file), builder_(sink, std::string(file)) {}

  [[nodiscard]] UnknownFields& unknown_fields() { return unknown_; }

 protected:
  bool OnKey(const std::string& key) override;
  bool OnScalar(const Scalar& value) override;
  bool OnOpen(bool object) override;
  bool OnClose() override;

 private:
  // What the last key announced.
  enum class Next : std::uint8_t { kField, kChild, kUnlisted };

  bool OnTopKey(Frame* frame, const Child* wrapper, const std::string& key);
  void OnListedKey(Frame* frame, const std::string& key);
  void OnUnlistedKey(const Frame& frame, const std::string& key);
  void AssignField(const Frame& frame, const Scalar& value);
  std::string_view AssignTo(const Frame& frame, const Scalar& value);
  [[nodiscard]] std::size_t FieldIn(Place place, std::string_view key) const;
  void StartHeader();
  bool Enter(Place place, FieldPath* path);
  bool OpenChild(bool object);
  bool OpenElement(const Frame& list, bool object);
  bool LeaveRow(const Frame& frame);
  bool LeaveTop(const Frame& frame);
  bool LeaveEvent(const Frame& frame);
  [[nodiscard]] std::string* ExtraOf(Place place);
  [[nodiscard]] std::vector<intel::Tag>* TagHolder();
  [[nodiscard]] std::string* SharingGroupHolder();
  bool Check(Status status);
  bool RefuseShape(const Frame& frame, std::string_view problem);
  [[nodiscard]] std::string Here(const Frame& frame) const;

  EventSink& sink_;
  std::string file_;
  EventBuilder builder_;
  UnknownFields unknown_;
  std::vector<Frame> frames_;
  Next next_ = Next::kUnlisted;
  std::size_t field_ = 0;
  const Child* child_ = nullptr;
  std::string key_;
  ExtraWriter extra_;
  std::size_t skipped_from_ = 0;  // frames below the unlisted value that is being passed over
  bool counts_attributes_ = false;
  std::int64_t attribute_count_ = 0;
  KeySketch keys_;
};

std::string EventReader::Here(const Frame& frame) const {
  const std::string& path = frame.path->name;
  return path.empty() ? "the document" : path;
}

bool EventReader::Check(Status status) {
  if (status.ok()) return true;
  return Fail(std::move(status).error());
}

bool EventReader::RefuseShape(const Frame& frame, std::string_view problem) {
  builder_.Refuse(Kind::kMalformed, Line(), fmt::format("{} {}", Here(frame), problem));
  return true;
}

std::size_t EventReader::FieldIn(Place place, std::string_view key) const {
  switch (place) {
    case Place::kTop:
    case Place::kEvent:
      return FindField(builder_.event, key);
    case Place::kAttribute:
      return FindField(builder_.attribute, key);
    case Place::kObject:
      return FindField(builder_.object, key);
    case Place::kReference:
      return FindField(builder_.reference, key);
    case Place::kReport:
      return FindField(builder_.report, key);
    case Place::kTag:
      return FindField(builder_.tag, key);
    case Place::kSighting:
      return FindField(builder_.sighting, key);
    case Place::kOrgc:
      return key == "uuid" ? 0 : key == "name" ? 1 : kNoField;
    case Place::kSharingGroup:
      return key == "uuid" ? 0 : kNoField;
    default:
      return kNoField;
  }
}

bool EventReader::OnKey(const std::string& key) {
  Frame& frame = frames_.back();
  if (frame.place == Place::kSkipped) {
    extra_.Key(key);
    return true;
  }
  if (frame.place == Place::kTop) {
    const Child* wrapper = FindChild(kTopChildren, key);
    if (wrapper != nullptr && frame.own) {
      return Refuse(Kind::kMalformed,
                    fmt::format("an event that holds \"{}\" beside its own fields", key));
    }
    if (!OnTopKey(&frame, wrapper, key)) return true;
  }
  OnListedKey(&frame, key);
  return true;
}

// False if the key is dealt with: it wraps events, or stands beside them.
bool EventReader::OnTopKey(Frame* frame, const Child* wrapper, const std::string& key) {
  keys_.Add(key);
  if (wrapper != nullptr) {
    frame->wraps = true;
    frame->path = unknown_.Root("");
    next_ = Next::kChild;
    child_ = wrapper;
    return false;
  }
  if (frame->wraps) {
    OnUnlistedKey(*frame, key);
    return false;
  }
  if (!frame->own && (FieldIn(Place::kEvent, key) != kNoField ||
                      FindChild(ChildrenOf(Place::kEvent), key) != nullptr)) {
    frame->own = true;
    builder_.StartEvent(frame->line);
  }
  return true;
}

void EventReader::OnListedKey(Frame* frame, const std::string& key) {
  field_ = FieldIn(frame->place, key);
  if (field_ != kNoField) {
    next_ = Next::kField;
    key_ = key;
    return;
  }
  child_ = FindChild(ChildrenOf(frame->place), key);
  if (child_ != nullptr) {
    next_ = Next::kChild;
    if (child_->place == Place::kAttributes || child_->place == Place::kObjects)
      frame->has_rows = true;
    return;
  }
  OnUnlistedKey(*frame, key);
}

void EventReader::OnUnlistedKey(const Frame& frame, const std::string& key) {
  next_ = Next::kUnlisted;
  key_ = key;
  unknown_.Count(frame.path, key);
  std::string* extra = key == "data" ? nullptr : ExtraOf(frame.place);
  extra_.Begin(extra, key);
}

std::string* EventReader::ExtraOf(Place place) {
  switch (place) {
    case Place::kTop:
    case Place::kEvent:
      return &builder_.event_extra;
    case Place::kAttribute:
      return &builder_.attribute_extra;
    case Place::kObject:
      return &builder_.object_extra;
    case Place::kReport:
      return &builder_.report_extra;
    default:
      return nullptr;
  }
}

std::vector<intel::Tag>* EventReader::TagHolder() {
  // … holder, its list of tags, the tag. Rows of objects and reports carry none, so theirs count
  // for the event: what one of them forbids is held back with all of it.
  const Place holder = frames_[frames_.size() - 2].place;
  return holder == Place::kAttribute ? &builder_.attribute.tags : &builder_.event.tags;
}

std::string* EventReader::SharingGroupHolder() {
  switch (frames_[frames_.size() - 2].place) {
    case Place::kAttribute:
      return &builder_.attribute.sharing_group;
    case Place::kObject:
      return &builder_.object.sharing_group;
    case Place::kReport:
      return &builder_.report.sharing_group;
    default:
      return &builder_.event.sharing_group;
  }
}

std::string_view EventReader::AssignTo(const Frame& frame, const Scalar& value) {
  switch (frame.place) {
    case Place::kTop:
    case Place::kEvent:
      return Assign(field_, value, &builder_.event);
    case Place::kAttribute:
      return Assign(field_, value, &builder_.attribute);
    case Place::kObject:
      return Assign(field_, value, &builder_.object);
    case Place::kReference:
      return Assign(field_, value, &builder_.reference);
    case Place::kReport:
      return Assign(field_, value, &builder_.report);
    case Place::kTag:
      return Assign(field_, value, &builder_.tag);
    case Place::kSighting:
      return Assign(field_, value, &builder_.sighting);
    case Place::kOrgc:
      return ReadText(value, field_ == 0 ? &builder_.event.orgc_uuid : &builder_.event.orgc_name)
                 ? ""
                 : "text without the character NUL";
    default:
      return ReadText(value, SharingGroupHolder()) ? "" : "text without the character NUL";
  }
}

void EventReader::AssignField(const Frame& frame, const Scalar& value) {
  const std::string_view expected = AssignTo(frame, value);
  if (expected.empty()) return;
  builder_.Refuse(Kind::kMalformed, Line(),
                  fmt::format("{}.{} is {}, not {}", Here(frame), key_, Shown(value), expected));
}

bool EventReader::OnScalar(const Scalar& value) {
  if (frames_.empty()) return Refuse(Kind::kMalformed, "a single value, no MISP event");
  const Frame& frame = frames_.back();
  if (frame.place == Place::kSkipped) {
    extra_.Value(value);
    return true;
  }
  if (IsList(frame.place)) {
    if (frame.place == Place::kTopList)
      return Refuse(Kind::kMalformed, "a list of values, no MISP events");
    return RefuseShape(frame, fmt::format("holds {}, not an object", Shown(value)));
  }
  switch (next_) {
    case Next::kField:
      AssignField(frame, value);
      return true;
    case Next::kUnlisted:
      if (key_ == "attribute_count" &&
          (frame.place == Place::kEvent || frame.place == Place::kTop)) {
        attribute_count_ = 0;
        counts_attributes_ = ReadInteger(value, 0, INT64_MAX, &attribute_count_);
      }
      extra_.Value(value);
      extra_.End();
      return true;
    case Next::kChild:
      // PHP writes null, false or "" for what is not there.
      if (value.text.empty() && !value.flag) return true;
      return RefuseShape(frame, fmt::format("has a \"{}\" that is {}", child_->key, Shown(value)));
  }
  return true;
}

// What may come of an event before it is known to be one.
void EventReader::StartHeader() {
  counts_attributes_ = false;
  builder_.event_extra.clear();
}

bool EventReader::Enter(Place place, FieldPath* path) {
  Frame& frame = frames_.emplace_back();
  frame.place = place;
  frame.path = path;
  // Every row knows where it began, for messages about what it lacks.
  if (place != Place::kSkipped && !IsList(place)) frame.line = Line();
  switch (place) {
    case Place::kTop:
      keys_ = {};
      frame.path = unknown_.Root("Event");
      StartHeader();
      break;
    case Place::kEvent:
      StartHeader();
      builder_.StartEvent(frame.line);
      break;
    case Place::kAttribute:
      builder_.StartAttribute(frame.line);
      break;
    case Place::kObject:
      builder_.StartObject(frame.line);
      break;
    case Place::kReference:
      builder_.StartReference(frame.line);
      break;
    case Place::kReport:
      builder_.StartReport(frame.line);
      break;
    case Place::kTag:
      builder_.StartTag();
      break;
    case Place::kSighting:
      builder_.StartSighting();
      break;
    default:
      break;
  }
  return true;
}

bool EventReader::OpenElement(const Frame& list, bool object) {
  if (object) return Enter(ElementOf(list.place), list.path);
  if (list.place == Place::kTopList)
    return Refuse(Kind::kMalformed, "a list in a list, no MISP events");
  RefuseShape(list, "holds a list, not an object");
  return Enter(Place::kSkipped, list.path);
}

bool EventReader::OpenChild(bool object) {
  const Frame& frame = frames_.back();
  if (child_->place == Place::kTopList) {
    // {"response": {"Event": …}} is a list of one.
    return Enter(object ? Place::kTop : Place::kTopList, unknown_.Root(""));
  }
  FieldPath* path = child_->place == Place::kEvent ? unknown_.Root("Event")
                                                   : unknown_.Below(frame.path, child_->key);
  if (object != child_->list) return Enter(child_->place, path);
  // PHP writes an empty map as an empty list.
  if (child_->list || child_->place == Place::kEvent) {
    RefuseShape(frame, fmt::format("has a \"{}\" that is {}", child_->key,
                                   object ? "an object, not a list" : "a list, not an object"));
  }
  extra_.Begin(nullptr, "");
  return Enter(Place::kSkipped, path);
}

bool EventReader::OnOpen(bool object) {
  if (frames_.empty()) return Enter(object ? Place::kTop : Place::kTopList, unknown_.Root(""));
  const Frame& frame = frames_.back();
  if (frame.place == Place::kSkipped) {
    extra_.Open(object);
    return Enter(Place::kSkipped, frame.path);
  }
  if (IsList(frame.place)) return OpenElement(frame, object);
  if (next_ == Next::kChild) return OpenChild(object);
  if (next_ == Next::kField) {
    RefuseShape(frame, fmt::format("has a \"{}\" that is no single value", key_));
    extra_.Begin(nullptr, "");
  }
  skipped_from_ = frames_.size();
  extra_.Open(object);
  return Enter(Place::kSkipped, frame.path);
}

bool EventReader::OnClose() {
  const Frame frame = frames_.back();
  frames_.pop_back();
  switch (frame.place) {
    case Place::kSkipped:
      extra_.Close();
      if (frames_.size() == skipped_from_) extra_.End();
      return true;
    case Place::kTop:
      return LeaveTop(frame);
    case Place::kEvent:
      return LeaveEvent(frame);
    default:
      return LeaveRow(frame);
  }
}

bool EventReader::LeaveRow(const Frame& frame) {
  switch (frame.place) {
    case Place::kTag:
      builder_.FinishTag(frame.line, TagHolder());
      return true;
    case Place::kSighting:
      builder_.FinishSighting();
      return true;
    case Place::kAttribute:
      return Check(builder_.FinishAttribute(frames_[frames_.size() - 2].place == Place::kObject));
    case Place::kReference:
      builder_.FinishReference();
      return true;
    case Place::kObject:
      return Check(builder_.FinishObject());
    case Place::kReport:
      return Check(builder_.FinishReport());
    default:
      return true;
  }
}

bool EventReader::LeaveEvent(const Frame& frame) {
  // An index, or a search for headers only: to take it would empty the event.
  if (counts_attributes_ && attribute_count_ > 0 && !frame.has_rows) {
    builder_.Refuse(Kind::kMalformed, frame.line,
                    fmt::format("the event says that it has {} attributes, but lists none: an "
                                "index of events, no events",
                                attribute_count_));
  }
  return Check(builder_.FinishEvent());
}

bool EventReader::LeaveTop(const Frame& frame) {
  if (frame.wraps) return true;
  if (frame.own && (keys_.Has("info") || frame.has_rows)) return LeaveEvent(frame);
  return Check(sink_.RefuseEvent(
      Uuid{}, Refusal{Kind::kMalformed, file_, frame.line,
                      fmt::format("no MISP event; this looks like {}", keys_.LooksLike())}));
}

}  // namespace

Result<ReadOutcome> ReadMispEvents(ByteSource source, std::string_view file, EventSink& sink,
                                   std::uint64_t max_bytes) {
  ByteStream stream(std::move(source), max_bytes, kMaxJsonValueBytes);
  EventReader reader(sink, file);
  ReadOutcome outcome;
  GF_TRY(outcome.refused, reader.Run(stream, file));
  outcome.unknown_fields = reader.unknown_fields().All();
  if (!outcome.refused) outcome.digest = stream.FinishDigest();
  return outcome;
}

}  // namespace gapferry::collect
