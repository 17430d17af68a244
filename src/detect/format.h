// detect/format.h: what a format is. A format is one table entry and one writer.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "detect/candidate.h"
#include "detect/destination.h"
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
  [[nodiscard]] const policy::ReasonCounts& late_refusals() const { return late_refusals_; }

 protected:
  policy::ReasonCounts late_refusals_;
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
};

struct Format {
  std::string_view name;
  std::string_view summary;
  bool by_event;             // else by value
  std::string_view checker;  // the consumer's own check, as a person would run it
  // Whether the format can look for one part of an attribute's value; a reason if not. Pure.
  policy::Decision (*express)(const Destination& destination, const intel::Indicator& indicator,
                              std::string_view type);
  std::unique_ptr<Writer> (*make)(const WriterContext& context);
  // What the consumer does with a value at the least; a destination may say more, never less.
  policy::Power power = policy::Power::kDetects;
};

[[nodiscard]] std::span<const Format> AllFormats();
[[nodiscard]] const Format* FindFormat(std::string_view name);
// What a hit does there: the higher of what the destination and its format say.
[[nodiscard]] policy::Power PowerOf(const Destination& destination);

// The answers of `express` that all formats share. `why` is static text.
[[nodiscard]] policy::Decision CannotExpress(std::string_view why);
// For a kind that the consumer has nothing to compare with.
[[nodiscard]] policy::Decision CannotExpressKind(const intel::Indicator& indicator,
                                                 std::string_view type);

extern const Format kDnsmasq;
extern const Format kEdl;
extern const Format kHosts;
extern const Format kIpset;
extern const Format kNftables;
extern const Format kRpz;
extern const Format kSigma;
extern const Format kSnort2;
extern const Format kSnort3;
extern const Format kSnortReputation;
extern const Format kSquid;
extern const Format kSuricata;
extern const Format kUnbound;
extern const Format kWazuh;
extern const Format kZeek;

}  // namespace gapferry::detect
