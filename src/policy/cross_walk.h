// policy/cross_walk.h: the crossing decision for every row of a state, in the order in which rows
// travel: an event, then its objects, attributes, references, reports and sightings. Keeps what a
// row needs to know of the rows before it.
#pragma once

#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/uuid.h"
#include "policy/cross.h"
#include "policy/selection.h"

namespace gapferry::policy {

struct RowDecision {
  Decision decision;
  intel::Tlp tlp = intel::Tlp::kRed;  // effective
};

class CrossWalk {
 public:
  // What is asked of each row. The connected side asks everything; the isolated side, which cannot
  // know what the publisher's distribution meant, only whether the TLP exceeds its clearance.
  enum class Question { kEverything, kTlpOnly };

  // `selection`: the site's, judged at `now`; for kEverything only.
  CrossWalk(CrossPolicy policy, Question question, Selection selection = {}, Time now = 0)
      : policy_(std::move(policy)),
        question_(question),
        selection_(std::move(selection)),
        now_(now) {}
  // Decisions point into the walk.
  CrossWalk(const CrossWalk&) = delete;
  CrossWalk& operator=(const CrossWalk&) = delete;

  // The rows of an event that has objects are shown to LookAhead, in order, before it is walked:
  // an object tells of its attributes, so it stays where all of them stay. So are those of any
  // event if this is true.
  [[nodiscard]] bool LooksAhead() const { return selection_.MayLeaveOutAttributes(); }
  // Where this is true, the sightings come right after the event, although they travel last: they
  // are signs of life of the attributes.
  [[nodiscard]] bool LooksForSightings() const { return selection_.decay.has_value(); }
  void LookAhead(const Uuid& attribute, const intel::Sighting& sighting);
  void LookAhead(const intel::Event& event, std::string_view source, intel::Tlp default_tlp);
  void LookAhead(const intel::Object& object);
  void LookAhead(const intel::Attribute& attribute, const Uuid& object);

  // `default_tlp` is the source's, for rows that name no TLP.
  [[nodiscard]] RowDecision Event(const intel::Event& event, std::string_view source,
                                  intel::Tlp default_tlp);
  [[nodiscard]] RowDecision Object(const intel::Object& object);
  // `object`: uuid of its object, nil outside objects.
  [[nodiscard]] RowDecision Attribute(const intel::Attribute& attribute, const Uuid& object);
  // A reference goes where both its object and, if it lies in this event, what it points to go.
  [[nodiscard]] RowDecision Reference(const intel::Reference& reference, const Uuid& object);
  [[nodiscard]] RowDecision Report(const intel::Report& report);
  // Sightings go where their attribute goes.
  [[nodiscard]] RowDecision Sighting(const Uuid& attribute);

 private:
  void Begin(const intel::Event& event, std::string_view source, intel::Tlp default_tlp);
  [[nodiscard]] RowDecision Judge(const intel::Markings& part, Decision full) const;
  [[nodiscard]] RowDecision JudgeAttribute(const intel::Attribute& attribute,
                                           const Uuid& object) const;
  [[nodiscard]] Decision SelectEvent() const;
  [[nodiscard]] Decision SelectAttribute(const intel::Attribute& attribute) const;
  [[nodiscard]] intel::Attribute Sighted(intel::Attribute attribute) const;

  CrossPolicy policy_;
  Question question_;
  Selection selection_;
  Time now_;
  SelectedRows selected_;  // of the event
  bool looked_ahead_ = false;
  std::unordered_map<Uuid, intel::Sighting> sightings_;  // of the event's attributes
  std::unordered_set<Uuid>
      without_crossing_;                    // objects of the event with attributes, all held back
  std::unordered_set<Uuid> with_crossing_;  // with one that is not
  intel::Event event_;                      // the context's views point into it
  EventContext context_;
  std::unordered_map<Uuid, intel::Object> objects_;  // of the event, those that go
  std::unordered_set<Uuid> held_back_;  // objects and attributes of the event that do not
};

}  // namespace gapferry::policy
