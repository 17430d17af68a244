#include "policy/cross_walk.h"

namespace gapferry::policy {

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

RowDecision CrossWalk::Event(const intel::Event& event, std::string_view source,
                             intel::Tlp default_tlp) {
  event_ = event;
  objects_.clear();
  held_back_.clear();
  policy_.default_tlp = default_tlp;
  context_ = DecideEvent(policy_, event_, source);
  return Judge({}, context_.decision);
}

RowDecision CrossWalk::Object(const intel::Object& object) {
  const RowDecision row = Judge({}, DecideObject(policy_, context_, object));
  if (row.decision.allowed) {
    objects_.emplace(object.uuid, object);
  } else {
    held_back_.insert(object.uuid);
  }
  return row;
}

RowDecision CrossWalk::Attribute(const intel::Attribute& attribute, const Uuid& object) {
  RowDecision row;
  const auto owner = objects_.find(object);
  const intel::Object* inside = owner == objects_.end() ? nullptr : &owner->second;
  row = Judge(ReadMarkings(attribute.tags), DecideAttribute(policy_, context_, inside, attribute));
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
