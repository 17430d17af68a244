#include "collect/selecting_sink.h"

#include "policy/cross.h"

namespace gapferry::collect {
Status HeaderSink::EndEvent(const intel::Event& event, const std::string& extra, std::uint64_t) {
  Header& header = headers_.emplace_back();
  header.event = event;
  for (const std::string_view yes :
       {"\"protected\":true", "\"protected\":1", "\"protected\":\"1\""})
    header.is_protected = header.is_protected || extra.find(yes) != std::string::npos;
  return Ok();
}

Status HeaderSink::RefuseEvent(const Uuid& uuid, Refusal refusal) {
  Header& header = headers_.emplace_back();
  header.event.uuid = uuid;
  header.refused = true;
  header.reason = std::move(refusal.reason);
  return Ok();
}

const policy::EventVerdict& SelectingSink::verdict() const {
  static const policy::EventVerdict kNone;
  return event_ < verdicts_.size() ? verdicts_[event_] : kNone;
}

Status SelectingSink::BeginEvent() {
  taken_ = left_out_ = 0;
  waiting_.reset();
  given_ = {};
  return writer_.BeginEvent();
}

Status SelectingSink::GiveObject() {
  if (!waiting_) return Ok();
  given_ = waiting_->uuid;
  GF_CHECK(writer_.TakeObject(*waiting_, waiting_extra_));
  waiting_.reset();
  return Ok();
}

Status SelectingSink::TakeObject(const intel::Object& object, const std::string& extra) {
  if (!verdict().taken()) return Ok();
  waiting_ = object;
  waiting_extra_ = extra;
  return selection_.MayLeaveOutAttributes() ? Ok() : GiveObject();
}

Status SelectingSink::TakeAttribute(const Uuid& object, const intel::Attribute& attribute,
                                    const std::string& extra) {
  if (!verdict().taken()) return Ok();
  if (!policy::JudgeAttribute(selection_, verdict(), attribute, default_tlp_).empty()) {
    ++left_out_;
    writer_.CountLeftOut();
    return Ok();
  }
  ++taken_;
  if (!object.IsNil()) GF_CHECK(GiveObject());
  return writer_.TakeAttribute(object, attribute, extra);
}

Status SelectingSink::TakeReference(const Uuid& object, const intel::Reference& reference) {
  if (!verdict().taken() || given_ != object) return Ok();
  return writer_.TakeReference(object, reference);
}

Status SelectingSink::TakeReport(const intel::Report& report, const std::string& extra) {
  if (!verdict().taken()) return Ok();
  // A report has no tags of its own.
  const bool too_strict =
      selection_.max_tlp &&
      policy::EffectiveTlp(verdict().markings, {}, default_tlp_) > *selection_.max_tlp;
  return too_strict ? Ok() : writer_.TakeReport(report, extra);
}

Status SelectingSink::EndEvent(const intel::Event& event, const std::string& extra,
                               std::uint64_t line) {
  const bool emptied = taken_ == 0 && (left_out_ > 0 || selection_.JudgesAttributes());
  const bool taken = verdict().taken() && !emptied;
  ++event_;
  return taken ? writer_.EndEvent(event, extra, line) : writer_.LeaveOutEvent(event, line);
}

Status SelectingSink::RefuseEvent(const Uuid& uuid, Refusal refusal) {
  ++event_;
  return writer_.RefuseEvent(uuid, std::move(refusal));
}

}  // namespace gapferry::collect
