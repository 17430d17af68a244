// detect/format.h: what a format is. A format is one table entry and one writer.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "detect/candidate.h"
#include "detect/destination.h"
#include "detect/late_refusals.h"
#include "detect/output.h"
#include "detect/registry.h"
#include "policy/decision.h"
#include "policy/reason.h"

namespace gapferry::detect {

// Takes the values of one destination and leaves files in its folder.
class Writer {
 public:
  virtual ~Writer() = default;
  // Values by kind, then bytewise; by event first where the format reads by event (`event` is then
  // the event of all mentions).
  [[nodiscard]] virtual Status Add(EventNumber event, const Candidate& candidate) = 0;
  [[nodiscard]] virtual Status Finish() = 0;
  // Attributes whose value turned out to be one too many, by reason. Only kinds that are the whole
  // of their attribute may be refused here.
  [[nodiscard]] const LateRefusals& late_refusals() const { return late_refusals_; }

 protected:
  LateRefusals late_refusals_;
};

// Takes whole events, as far as one destination may see them, and leaves files in its folder. The
// parts of an event come as the store has them: objects, attributes, references, reports, each by
// UUID. No two events have the same UUID.
class EventWriter {
 public:
  virtual ~EventWriter() = default;
  [[nodiscard]] virtual Status Begin(const intel::Event& event, intel::Tlp tlp) = 0;
  [[nodiscard]] virtual Status AddObject(const intel::Object&) { return Ok(); }
  // `object` is nil outside objects, else that of one which was added.
  [[nodiscard]] virtual Status AddAttribute(const Uuid& object,
                                            const intel::Attribute& attribute) = 0;
  [[nodiscard]] virtual Status AddReference(const Uuid&, const intel::Reference&) { return Ok(); }
  [[nodiscard]] virtual Status AddReport(const intel::Report&) { return Ok(); }
  // `hidden`, sorted: objects that were added before it was known that nothing of them may be seen.
  // They must be left out.
  [[nodiscard]] virtual Status End(const std::vector<Uuid>& hidden) = 0;
  [[nodiscard]] virtual Status Finish() = 0;
};

struct WriterContext {
  const Destination& destination;
  OutputFolder& output;
  std::filesystem::path previous;  // the generation in use; empty if there is none
  Time created;                    // of the bundle
  CandidateSorter& events;         // for FindEvent only
  // Formats that read by value take ids in Finish only: what is registered before belongs to no
  // savepoint.
  Registry& registry;
  const FencedRunner& fenced;  // for the consumer's own compiler or engine
};

// How a format keeps to an alert rate.
enum class RateLimits : std::uint8_t {
  kNone,             // it raises no alerts
  kOfRules,          // in the rules
  kOfSuricataRules,  // in those of its rules that are Suricata's and have no limit of their own
  kBesideRules,      // in a file beside them, by host only
  kIgnore,           // a rule is ignored for a time after it fired
  kElsewhere,        // it raises alerts, but has no words for this
};

struct Format {
  std::string_view name;
  std::string_view summary;
  bool by_event;             // else by value; see ReadsByEvent
  std::string_view checker;  // the consumer's own check, as a person would run it
  // Whether the format can look for one part of an attribute's value; a reason if not. Pure.
  policy::Decision (*express)(const Destination& destination, const intel::Indicator& indicator,
                              std::string_view type);
  std::unique_ptr<Writer> (*make)(const WriterContext& context);
  // What the consumer does with a value at the least; a destination may say more, never less.
  policy::Power power = policy::Power::kDetects;
  // Instead of `make`, for a format that copies whole events: what may be copied is decided by
  // policy::DecideCopy, and no value is suppressed.
  std::unique_ptr<EventWriter> (*make_for_events)(const WriterContext& context) = nullptr;
  // Also asked for values that are plain text, of kind kOther: a mutex, a registry key, a rule.
  bool takes_text = false;
  RateLimits rate_limits = RateLimits::kNone;
  // Whether it can say the port of an address; else such addresses are refused, unless the
  // destination ignores ports.
  bool says_ports = false;
  // Where `by_event` is so for some destinations only.
  bool (*by_event_if)(const Destination& destination) = nullptr;
};

[[nodiscard]] std::span<const Format> AllFormats();
[[nodiscard]] const Format* FindFormat(std::string_view name);
// Whether its writer takes values by event.
[[nodiscard]] bool ReadsByEvent(const Destination& destination);
// Whether its entries for an address with a port match at that port only.
[[nodiscard]] bool ComparesPorts(const Destination& destination);
// What a hit does there: the higher of what the destination and its format say.
[[nodiscard]] policy::Power PowerOf(const Destination& destination);

// What a destination's format answers for one part of a value with this port (0: none).
[[nodiscard]] policy::Decision Express(const Destination& destination, const Format& format,
                                       const intel::Indicator& indicator, std::uint16_t port,
                                       std::string_view type);

// The answers of `express` that all formats share. `why` is static text.
[[nodiscard]] policy::Decision CannotExpress(std::string_view why);
// For a kind that the consumer has nothing to compare with.
[[nodiscard]] policy::Decision CannotExpressKind(const intel::Indicator& indicator,
                                                 std::string_view type);

extern const Format kCsv;
extern const Format kDnsmasq;
extern const Format kEcs;
extern const Format kEdl;
extern const Format kHosts;
extern const Format kIpset;
extern const Format kMispCsv;
extern const Format kMispFeed;
extern const Format kNavigator;
extern const Format kNftables;
extern const Format kRpz;
extern const Format kSigma;
extern const Format kSnort2;
extern const Format kSnort3;
extern const Format kSnortReputation;
extern const Format kSplunk;
extern const Format kSquid;
extern const Format kStix;
extern const Format kStoredRules;
extern const Format kSuricata;
extern const Format kUnbound;
extern const Format kWazuh;
extern const Format kYara;
extern const Format kZeek;

}  // namespace gapferry::detect
