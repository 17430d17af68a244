#include "collect/event_writer.h"

#include <algorithm>

#include "base/clock.h"

namespace gapferry::collect {

using store::RecordKind;

EventWriter::EventWriter(store::Store& store, store::SourceId source, const SourceOptions& options,
                         const std::vector<store::KnownEvent>& known, CollectReport* report)
    : store_(store), writer_(store.Writer()), source_(source), options_(options), report_(report) {
  for (const store::KnownEvent& event : known) {
    if (event.input_digest)
      by_digest_.emplace(std::string(AsText(*event.input_digest)), event.uuid);
    known_.emplace(event.uuid, event);
  }
}

void EventWriter::StartFile(std::string file, std::optional<Uuid> expected) {
  file_ = std::move(file);
  expected_ = expected;
  refused_in_file_ = 0;
  left_out_of_file_ = 0;
  ready_.clear();
  current_.reset();
}

const store::KnownEvent* EventWriter::Known(const Uuid& uuid) const {
  auto known = known_.find(uuid);
  return known == known_.end() ? nullptr : &known->second;
}

std::vector<Uuid> EventWriter::KnownFrom(const Digest256& digest) const {
  std::vector<Uuid> uuids;
  const auto [first, last] = by_digest_.equal_range(std::string(AsText(digest)));
  for (auto known = first; known != last; ++known)
    uuids.push_back(known->second);
  return uuids;
}

bool EventWriter::Claim(const Uuid& uuid, const std::string& file, std::uint64_t line) {
  const auto [seen, first] = seen_.emplace(uuid, file);
  if (first) return true;
  Refused(uuid, {Kind::kMalformed, file, line,
                 fmt::format("event {} is already in {}", uuid.ToString(), seen->second)});
  return false;
}

bool EventWriter::KeepUnchanged(const Uuid& uuid, const std::string& file) {
  if (!Claim(uuid, file, 0)) return false;
  ++report_->unchanged;
  return true;
}

void EventWriter::Refused(const Uuid& uuid, Refusal refusal) {
  ++refused_in_file_;
  report_->Refuse(std::move(refusal));
  // Without its UUID it may be any event of the mirror, unless the file's name tells.
  const Uuid named = uuid.IsNil() ? expected_.value_or(Uuid{}) : uuid;
  if (named.IsNil()) {
    report_->removals_held = true;
  } else {
    protected_.insert(named);
    if (expected_) protected_.insert(*expected_);
  }
}

Status EventWriter::BeginEvent() {
  tally_ = {};
  GF_TRY(current_, writer_.NewEventId());
  return Ok();
}

void EventWriter::Count(RecordKind kind, bool written) {
  if (written) {
    ++tally_.rows[static_cast<std::size_t>(kind)];
  } else {
    ++tally_.repeated;
  }
}

Status EventWriter::TakeObject(const intel::Object& object, const std::string& extra) {
  GF_TRY(const bool written, writer_.PutObject(*current_, object, extra));
  Count(RecordKind::kObject, written);
  return Ok();
}

Status EventWriter::TakeAttribute(const Uuid& object, const intel::Attribute& attribute,
                                  const std::string& extra) {
  GF_TRY(const bool written, writer_.PutAttribute(*current_, object, attribute, extra));
  Count(RecordKind::kAttribute, written);
  if (written) {
    TypeCount& count = tally_.types[attribute.type];
    ++count.all;
    if (attribute.to_ids) ++count.to_ids;
  }
  if (!written || !attribute.sighting.Any()) return Ok();
  GF_TRY(const bool sighted, writer_.PutSighting(*current_, attribute.uuid, attribute.sighting));
  Count(RecordKind::kSighting, sighted);
  return Ok();
}

Status EventWriter::TakeReference(const Uuid& object, const intel::Reference& reference) {
  GF_TRY(const bool written, writer_.PutReference(*current_, object, reference));
  Count(RecordKind::kReference, written);
  return Ok();
}

Status EventWriter::TakeReport(const intel::Report& report, const std::string& extra) {
  GF_TRY(const bool written, writer_.PutReport(*current_, report, extra));
  Count(RecordKind::kReport, written);
  return Ok();
}

Status EventWriter::EndEvent(const intel::Event& event, const std::string& extra,
                             std::uint64_t line) {
  if (expected_ && event.uuid != *expected_) {
    return RefuseEvent(event.uuid, {Kind::kMalformed, file_, line,
                                    fmt::format("the event's uuid is {}, its file is named {}",
                                                event.uuid.ToString(), expected_->ToString())});
  }
  if (auto older = Older(event, line)) return RefuseEvent(event.uuid, *std::move(older));
  if (!Claim(event.uuid, file_, line)) return Discard();
  Count(RecordKind::kEvent, true);
  ready_.push_back({*current_, event, extra, std::move(tally_)});
  current_.reset();
  return Ok();
}

// Of one without a timestamp nobody knows.
std::optional<Refusal> EventWriter::Older(const intel::Event& event, std::uint64_t line) const {
  const store::KnownEvent* known = Known(event.uuid);
  const bool older = known != nullptr && event.timestamp != 0 && event.timestamp < known->timestamp;
  if (!older || options_.accept_older) return std::nullopt;
  return Refusal{Kind::kMalformed, file_, line,
                 fmt::format("its state is of {}, before the one of {} that the mirror has; the "
                             "event stays as it was, unless `accept_older: true` is set",
                             FormatTime(event.timestamp), FormatTime(known->timestamp))};
}

Status EventWriter::Discard() {
  if (current_) GF_CHECK(store_.RemoveEvent(*std::exchange(current_, std::nullopt)));
  return Ok();
}

Status EventWriter::RefuseEvent(const Uuid& uuid, Refusal refusal) {
  Refused(uuid, std::move(refusal));
  return Discard();
}

Status EventWriter::LeaveOutEvent(const intel::Event& event, std::uint64_t line) {
  if (auto older = Older(event, line)) return RefuseEvent(event.uuid, *std::move(older));
  ++left_out_of_file_;
  LeaveOut(event.uuid);
  ++report_->left_out_events;
  return Discard();
}

Status EventWriter::RefuseFile(Refusal refusal) {
  GF_CHECK(Discard());
  for (const Ready& ready : ready_) {
    GF_CHECK(store_.RemoveEvent(ready.id));
    seen_.erase(ready.event.uuid);
    protected_.insert(ready.event.uuid);
  }
  Refused(Uuid{}, std::move(refusal));
  return Ok();
}

Status EventWriter::Put(const Ready& ready, const Digest256& digest) {
  const store::MirrorNote note{digest, ready.extra};
  const store::KnownEvent* known = Known(ready.event.uuid);
  if (known != nullptr) {
    GF_CHECK(store_.RemoveEvent(known->id));
    ++report_->changed;
  } else {
    ++report_->added;
  }
  return writer_.PutEvent(ready.id, source_, ready.event, &note);
}

Status EventWriter::AcceptFile(const Digest256& digest) {
  if (expected_ && ready_.empty() && refused_in_file_ + left_out_of_file_ == 0) {
    Refused(*expected_, {Kind::kMalformed, file_, 0, "holds no event"});
  }
  // A file of which something was refused is read again next time, so that this is said again.
  for (const Ready& ready : ready_) {
    GF_CHECK(Put(ready, refused_in_file_ == 0 ? digest : Digest256{}));
    Report(ready.tally);
  }
  return Ok();
}

void EventWriter::Report(const Tally& tally) {
  for (std::size_t kind = 1; kind < tally.rows.size(); ++kind) {
    if (tally.rows[kind] == 0) continue;
    const auto name = store::RecordKindName(static_cast<RecordKind>(kind));
    report_->rows[std::string(name)] += tally.rows[kind];
  }
  for (const auto& [type, count] : tally.types) {
    report_->attributes_by_type[type] += count.all;
    if (count.to_ids > 0) report_->to_ids_by_type[type] += count.to_ids;
  }
  report_->repeated_rows += tally.repeated;
}

std::vector<store::KnownEvent> EventWriter::Others() const {
  std::vector<store::KnownEvent> others;
  for (const auto& [uuid, event] : known_) {
    const bool stays = seen_.contains(uuid) || protected_.contains(uuid) || report_->removals_held;
    if (!stays) others.push_back(event);
  }
  return others;
}

Status EventWriter::RemoveOthers() {
  const std::vector<store::KnownEvent> others = Others();
  for (const store::KnownEvent& event : others)
    GF_CHECK(store_.RemoveEvent(event.id));
  const auto seen = std::count_if(known_.begin(), known_.end(),
                                  [&](const auto& known) { return seen_.contains(known.first); });
  report_->removed += others.size();
  report_->kept += known_.size() - others.size() - static_cast<std::uint64_t>(seen);
  return Ok();
}

}  // namespace gapferry::collect
