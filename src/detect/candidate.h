// detect/candidate.h: every value that may become a rule, sorted. One walk over the store decides
// for all destinations at once; what remains is sorted on disk, so that memory does not grow with
// the number of attributes.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/uuid.h"
#include "intel/event.h"
#include "intel/tlp.h"
#include "intel/value.h"

namespace gapferry::detect {

// What a rule shows of an event.
struct EventHead {
  Uuid uuid;
  std::string info;
  std::string date;                     // YYYY-MM-DD, or empty
  std::vector<std::string> techniques;  // ATT&CK ids that its galaxy tags name, such as T1071.004
  std::vector<std::string> actors;      // ATT&CK ids of groups and software, such as G0007, S0154
  std::uint8_t threat_level = 4;        // 1 high … 4 undefined
  intel::Tlp tlp =
      intel::Tlp::kClear;  // of the event itself; an attribute's tags may open it wider
  bool canary = false;
};

using EventNumber = std::uint32_t;

// One attribute that names a value.
struct Mention {
  EventNumber event = 0;
  Uuid event_uuid;
  Uuid attribute_uuid;
  std::string_view type;  // of the attribute; static text
  intel::Tlp tlp = intel::Tlp::kRed;
  std::uint8_t threat_level = 4;
  std::uint16_t port = 0;
  Time timestamp = 0;
};

// Ports of an address in one direction.
struct Ports {
  bool any = false;  // some mention has no port
  std::map<std::uint16_t, std::uint64_t> mentions;
};

// One value as one destination may see it: only of the mentions that the destination may name.
struct Candidate {
  static constexpr std::size_t kMaxMentions = 8;

  intel::IndicatorKind kind = intel::IndicatorKind::kOther;
  std::string value;
  intel::Network network;               // of an address or network, where values come by value
  std::vector<Mention> mentions;        // the first kMaxMentions, by event and attribute
  std::uint64_t mention_count = 0;      // all of them
  intel::Tlp tlp = intel::Tlp::kClear;  // the strictest of all of them
  std::uint8_t threat_level = 4;        // the highest threat of all of them
  bool from = false;                    // named as the source of traffic (ip-src)
  bool to = false;                      // named otherwise
  Ports from_ports;
  Ports to_ports;
  std::string warninglist;  // a list that marks it, or empty
};

// A set of destinations, by their place in the site.
using DestinationMask = std::uint64_t;

// The sorter. Rows lie in files without a name in `folder`, events in a private temporary database.
class CandidateSorter {
 public:
  // Only `with_events` allows ForEachEvent. Errors of every call: kIo, kNoSpace.
  [[nodiscard]] static Result<CandidateSorter> Create(const std::filesystem::path& folder,
                                                      bool with_events);
  CandidateSorter(CandidateSorter&&) noexcept;
  ~CandidateSorter();

  // What these destinations see has no ports.
  void IgnorePorts(DestinationMask destinations);
  [[nodiscard]] Result<EventNumber> AddEvent(const EventHead& head);
  // `warninglist` is the number that AddWarninglist gave, or 0 for none.
  [[nodiscard]] Status Add(const intel::Indicator& indicator, const Mention& mention,
                           DestinationMask mask, std::uint32_t warninglist);
  [[nodiscard]] std::uint32_t AddWarninglist(const std::string& name);

  // Values in the order of ValueOrder::kNested (candidate_row.h); each with the destinations that
  // may have it, in turn. `candidate` lives until the visit ends.
  using ValueVisit = std::function<Status(std::size_t destination, const Candidate& candidate)>;
  [[nodiscard]] Status ForEachValue(std::size_t destinations, const ValueVisit& visit);
  // The values of one destination by event, then by kind, then bytewise. A value is given once an
  // event.
  using EventVisit = std::function<Status(EventNumber event, const Candidate& candidate)>;
  [[nodiscard]] Status ForEachEvent(std::size_t destination, const EventVisit& visit);

  // Of an event above the clearance, its UUID only.
  [[nodiscard]] Result<EventHead> FindEvent(EventNumber event, intel::Tlp clearance);

 private:
  struct State;
  explicit CandidateSorter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace gapferry::detect
