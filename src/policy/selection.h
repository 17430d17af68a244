// policy/selection.h: which events and attributes are wanted, of a source or for a site, as
// PyMISP's search says it. Judged here, by what the rows themselves say: a server that ignores a
// filter, or fills one with another's rows, changes nothing.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "base/uuid.h"
#include "intel/event.h"
#include "intel/tlp.h"
#include "policy/sightings.h"

namespace gapferry::policy {

// Every condition that is set must hold. Names of tags are patterns as TagMatches takes
// them; organisations are names (compared without case) or UUIDs of who created the event.
struct Selection {
  // Of the event:
  bool published_only = false;               // one that does not say counts as published
  std::string from;                          // YYYY-MM-DD, first and last day of the event's date
  std::string to;                            //
  std::optional<std::chrono::seconds> last;  // published within this time before now
  std::vector<std::string> orgs;
  std::vector<std::string> not_orgs;
  std::set<std::int64_t> threat_levels;  // 1 high … 4 undefined
  std::set<std::int64_t> distributions;  // 0 … 4
  // Of the event or the attribute:
  std::vector<std::string> tags;      // one of them, on the attribute or its event
  std::vector<std::string> not_tags;  // on the event: all of it; on an attribute: only that
  std::optional<intel::Tlp> max_tlp;  // likewise; what names no TLP has the source's default
  // Of the attribute:
  std::set<std::string> types;
  std::optional<bool> to_ids;
  std::optional<Decay> decay;  // what scores less than its threshold by now is not taken

  [[nodiscard]] bool Empty() const;
  // An event none of whose attributes fits is left out as a whole, if any of these is set.
  [[nodiscard]] bool JudgesAttributes() const;
  // Attributes of an event that is taken. An object tells of its attributes, so it comes only with
  // one that is taken; so does the event, if there was one to leave out.
  [[nodiscard]] bool MayLeaveOutAttributes() const;
  // Changes when an unchanged file has to be read anew.
  [[nodiscard]] Digest256 Fingerprint() const;
  // What is taken now may not be later, though nothing of it changes.
  [[nodiscard]] bool Ages() const { return last || decay; }
  // Of an event that was taken before: whether it is not too old by now.
  [[nodiscard]] bool StillRecent(Time publish_timestamp, Time now) const;
};

// "90d", "12h" or "30m", as MISP writes it.
[[nodiscard]] std::optional<std::chrono::seconds> ParseSpan(std::string_view text);

// What the header of one event decides for its rows, which come before it in the file.
struct EventVerdict {
  std::string_view unmet = "published";  // the condition that rules it out; empty: none does
  bool has_tag = false;                  // one of `tags`
  intel::Markings markings;
  Time now = 0;  // when it was judged
  [[nodiscard]] bool taken() const { return unmet.empty(); }
};

[[nodiscard]] EventVerdict JudgeEvent(const Selection& selection, const intel::Event& event,
                                      Time now);
// Of an event that is taken: the first condition that the attribute does not meet, by its name in
// configurations; empty if it is taken. Sightings that it carries count as signs of life.
[[nodiscard]] std::string_view JudgeAttribute(const Selection& selection, const EventVerdict& event,
                                              const intel::Attribute& attribute,
                                              intel::Tlp default_tlp);

// What a selection takes of one event, found out before its rows are judged one by one.
class SelectedRows {
 public:
  // The event, before its attributes.
  void Event(const Selection& selection, const intel::Event& event, Time now);
  // `object`: uuid of its object, nil outside objects.
  void Attribute(const Selection& selection, const intel::Attribute& attribute, const Uuid& object);

  [[nodiscard]] const EventVerdict& event() const { return event_; }
  // Nothing is left to be taken of it.
  [[nodiscard]] bool Emptied(const Selection& selection) const;
  [[nodiscard]] bool HasAttributesOf(const Uuid& object) const { return objects_.contains(object); }

 private:
  EventVerdict event_;
  std::uint64_t taken_ = 0;
  std::uint64_t left_out_ = 0;
  std::unordered_set<Uuid> objects_;
};

}  // namespace gapferry::policy
