#include "policy/cross_walk.h"

#include <utility>

namespace gapferry::policy {
namespace {

constexpr std::string_view kNoneSelected = "none of its attributes is selected";
constexpr std::string_view kNoneCrosses = "none of its attributes crosses";

}  // namespace

RowDecision CrossWalk::Judge(const intel::Markings& part, Decision full) const {
  RowDecision row;
  row.tlp = EffectiveTlp(context_.markings, part, context_.default_tlp);
  if (question_ == Question::kEverything) {
    row.decision = full;
  } else if (row.tlp > policy_.clearance) {
    const bool unknown = context_.markings.unknown_tlp || part.unknown_tlp;
    row.decision = Decision::Refuse(unknown ? Reason::kTlpUnknown : Reason::kTlpAboveClearance,
                                    intel::TlpName(row.tlp));
  }
  return row;
}

void CrossWalk::Begin(const intel::Event& event, std::string_view source, intel::Tlp default_tlp) {
  event_ = event;
  objects_.clear();
  held_back_.clear();
  policy_.default_tlp = default_tlp;
  context_ = DecideEvent(policy_, event_, source);
}

void CrossWalk::LookAhead(const Uuid& attribute, const intel::Sighting& sighting) {
  sightings_[attribute] = sighting;
}

intel::Attribute CrossWalk::Sighted(intel::Attribute attribute) const {
  const auto found = sightings_.find(attribute.uuid);
  if (found != sightings_.end()) attribute.sighting = found->second;
  return attribute;
}

void CrossWalk::LookAhead(const intel::Event& event, std::string_view source,
                          intel::Tlp default_tlp) {
  Begin(event, source, default_tlp);
  selected_.Event(selection_, event_, now_);
  looked_ahead_ = true;
  sightings_.clear();
  without_crossing_.clear();
  with_crossing_.clear();
}

void CrossWalk::LookAhead(const intel::Object& object) {
  objects_.emplace(object.uuid, object);
}

void CrossWalk::LookAhead(const intel::Attribute& attribute, const Uuid& object) {
  if (LooksForSightings()) {
    selected_.Attribute(selection_, Sighted(attribute), object);
  } else if (LooksAhead()) {
    selected_.Attribute(selection_, attribute, object);
  }
  if (object.IsNil() || with_crossing_.contains(object)) return;
  if (JudgeAttribute(attribute, object).decision.allowed) {
    with_crossing_.insert(object);
    without_crossing_.erase(object);
  } else {
    without_crossing_.insert(object);
  }
}

Decision CrossWalk::SelectEvent() const {
  const std::string_view unmet = selected_.event().unmet;
  if (!unmet.empty()) return Decision::Refuse(Reason::kNotSelected, unmet);
  if (selected_.Emptied(selection_)) return Decision::Refuse(Reason::kNotSelected, kNoneSelected);
  return Decision::Allow();
}

Decision CrossWalk::SelectAttribute(const intel::Attribute& attribute) const {
  // The clearance has judged the TLP.
  const std::string_view unmet =
      policy::JudgeAttribute(selection_, selected_.event(), attribute, intel::Tlp::kClear);
  return unmet.empty() ? Decision::Allow() : Decision::Refuse(Reason::kNotSelected, unmet);
}

RowDecision CrossWalk::Event(const intel::Event& event, std::string_view source,
                             intel::Tlp default_tlp) {
  Begin(event, source, default_tlp);
  if (!std::exchange(looked_ahead_, false)) {
    if (!selection_.Empty()) selected_.Event(selection_, event_, now_);
    without_crossing_.clear();
  }
  if (!selection_.Empty() && context_.decision.allowed) context_.decision = SelectEvent();
  return Judge({}, context_.decision);
}

RowDecision CrossWalk::Object(const intel::Object& object) {
  RowDecision row = Judge({}, DecideObject(policy_, context_, object));
  if (row.decision.allowed && LooksAhead() && !selected_.HasAttributesOf(object.uuid))
    row.decision = Decision::Refuse(Reason::kNotSelected, kNoneSelected);
  if (row.decision.allowed && without_crossing_.contains(object.uuid))
    row.decision = Decision::Refuse(Reason::kAttributeHeldBack, kNoneCrosses);
  if (row.decision.allowed) {
    objects_.emplace(object.uuid, object);
  } else {
    held_back_.insert(object.uuid);
  }
  return row;
}

RowDecision CrossWalk::JudgeAttribute(const intel::Attribute& attribute, const Uuid& object) const {
  const auto owner = objects_.find(object);
  const intel::Object* inside = owner == objects_.end() ? nullptr : &owner->second;
  RowDecision row =
      Judge(ReadMarkings(attribute.tags), DecideAttribute(policy_, context_, inside, attribute));
  // Where the event stays because none of its attributes is selected, each has a condition of its
  // own that says why.
  const bool emptied = context_.decision.detail == kNoneSelected;
  if (emptied || (row.decision.allowed && LooksAhead())) {
    const Decision own = SelectAttribute(LooksForSightings() ? Sighted(attribute) : attribute);
    if (!own.allowed) row.decision = own;
  }
  return row;
}

RowDecision CrossWalk::Attribute(const intel::Attribute& attribute, const Uuid& object) {
  RowDecision row = JudgeAttribute(attribute, object);
  if (row.decision.allowed && held_back_.contains(object)) {
    row.decision = Decision::Refuse(Reason::kObjectHeldBack);
  }
  if (!row.decision.allowed) held_back_.insert(attribute.uuid);
  return row;
}

RowDecision CrossWalk::Reference(const intel::Reference& reference, const Uuid& object) {
  RowDecision row = Judge({}, context_.decision);
  if (!row.decision.allowed) return row;
  if (reference.deleted) row.decision = Decision::Refuse(Reason::kDeleted);
  if (held_back_.contains(object) || held_back_.contains(reference.referenced)) {
    row.decision = Decision::Refuse(Reason::kObjectHeldBack);
  }
  return row;
}

RowDecision CrossWalk::Report(const intel::Report& report) {
  return Judge({}, DecideReport(policy_, context_, report));
}

RowDecision CrossWalk::Sighting(const Uuid& attribute) {
  RowDecision row = Judge({}, context_.decision);
  if (row.decision.allowed && held_back_.contains(attribute))
    row.decision = Decision::Refuse(Reason::kAttributeHeldBack);
  return row;
}

}  // namespace gapferry::policy
