// detect/explain.h: why a value is, or is not, in the artifacts of each destination.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/uuid.h"
#include "detect/decide.h"
#include "detect/destination.h"
#include "intel/tlp.h"
#include "policy/reason.h"
#include "store/store.h"

namespace gapferry::detect {

struct WhyDecision {
  std::string destination;
  bool allowed = false;
  policy::Reason reason = policy::Reason::kAllowed;
  std::string detail;       // the warninglist, tag, type, … behind the reason
  std::string warninglist;  // one that marks the value but does not drop it, or empty
  // Used, unless it is one of so many that the generation in use has left out without naming them.
  std::uint64_t unless_unnamed = 0;
};

// One attribute that holds the value, whole or as a part of a composite.
struct WhyOccurrence {
  std::string source;
  Uuid event_uuid;
  std::string event_info;
  std::string event_date;                   // YYYY-MM-DD, or empty
  intel::Tlp event_tlp = intel::Tlp::kRed;  // of the event itself
  Uuid attribute_uuid;
  std::string type;
  std::string value;
  std::uint16_t port = 0;  // of ip|port, hostname|port
  std::string comment;
  std::string first_seen;  // as the source wrote it, or empty
  std::string last_seen;
  Time timestamp = 0;  // 0: the source gave none
  intel::Tlp tlp = intel::Tlp::kRed;
  intel::Sighting sighting;
  std::string added_at;                // "file:line" where the site added it itself, or empty
  std::vector<WhyDecision> decisions;  // in the order of the site's destinations
};

struct Why {
  static constexpr std::size_t kMaxOccurrences = 1000;
  std::vector<std::string> looked_for;  // the forms of the value, sorted
  std::vector<WhyOccurrence> occurrences;
  std::uint64_t more = 0;  // occurrences beyond kMaxOccurrences
};

// How one destination decides on the attributes of an event, as one source has it.
struct WhyEvent {
  std::string source;
  std::string info;
  std::string date;  // YYYY-MM-DD, or empty
  intel::Tlp tlp = intel::Tlp::kRed;
  bool added = false;  // by the site itself
  std::uint64_t used = 0;
  policy::ReasonCounts left_out;
};

// An attribute that `reader` has just read into `subject`, without decisions on it.
[[nodiscard]] WhyOccurrence DescribeOccurrence(const store::Record& record,
                                               const SubjectReader& reader, const Subject& subject);
// The verdict on one part of the value, or on the whole.
[[nodiscard]] WhyDecision DescribeDecision(const std::string& destination,
                                           const policy::Decision& decision,
                                           std::string_view warninglist);

// Reads the value as every kind of indicator it can be, and walks over what the site adds and over
// the whole store. The decisions are those of Generate; only what a format refuses at the very end,
// one value too many for literal rules, is not known here: see AddLateRefusals.
// Errors: kUsage for an empty value, those of Decider::Create.
[[nodiscard]] Result<Why> WhyValue(store::Store& store, const Site& site, std::string_view value);
// The same of one attribute, whose value is taken as a whole: a rule that it carries, for example.
[[nodiscard]] Result<Why> WhyAttribute(store::Store& store, const Site& site,
                                       const Uuid& attribute);
// The event in each source that has it. Of a destination that the site does not have (any more)
// nothing is counted.
[[nodiscard]] Result<std::vector<WhyEvent>> WhyEventOf(store::Store& store, const Site& site,
                                                       const Uuid& event,
                                                       std::string_view destination);

// What the generations in use below `folder` say of it, where they were made from the state that
// the site has now. Error: kIo.
[[nodiscard]] Status AddLateRefusals(const Site& site, const std::filesystem::path& folder,
                                     Why* why);

}  // namespace gapferry::detect
