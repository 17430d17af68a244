// policy/reason.h: why something may not cross or may not be used. The codes are stable: they are
// counted, stored in reports, asked for (`why VALUE`) and documented.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "intel/value.h"

namespace gapferry::policy {

enum class Reason : std::uint8_t {
  kAllowed,
  // Of rows, on both sides.
  kUnpublished,
  kDeleted,
  // What may cross to a site.
  kTlpAboveClearance,
  kTlpUnknown,   // a TLP tag that names no known level counts as red
  kTlpUntagged,  // no TLP at all, and the source's default is above the clearance
  kDistributionOwnOrganisation,
  kDistributionCommunity,
  kDistributionConnected,
  kDistributionAll,  // distribution 3 was switched off
  kDistributionSharingGroup,
  kDistributionUnknown,
  kCategoryExcluded,
  kTypeExcluded,
  kHoldBackTag,
  kAttachmentData,
  kUnknownField,
  kServerSideField,
  kProposal,
  kLocalTag,
  kEventHeldBack,      // a part of an event that does not cross
  kObjectHeldBack,     // an attribute of an object that does not cross
  kNotSelected,        // the site's selection; detail names the condition that is not met
  kAttributeHeldBack,  // tells of attributes that do not cross: their sightings, their object
  // What may become a rule: an occurrence of a value.
  kNotToIds,
  kTooOld,
  kTlpAboveDestination,
  kPapForbids,          // PAP:RED outside local logs
  kPapForbidsBlocking,  // PAP:AMBER
  kTypeNotWanted,       // the destination's configuration leaves the type out
  kFalsePositive,
  kSightedFalsePositive,
  kSightingExpired,
  kDecayed,
  kConfidenceTooLow,   // what the tags say is below the destination's least confidence
  kConfidenceUnknown,  // no tag says it, and the destination wants one
  // What may become a rule: a value.
  kWarninglist,
  kAllowlist,
  kPublicSuffix,
  kOwnNetwork,
  kOwnDomain,
  kBogon,
  kPrefixTooWide,
  kTypeNotDetectable,    // no format can look for it
  kFormatCannotExpress,  // this format cannot; detail says what stands in the way
  // The value is no indicator (intel::ValueProblem, in its order).
  kValueEmpty,
  kValueControlCharacter,
  kValueNotUtf8,
  kValueTooLong,
  kValueBadAddress,
  kValueBadPort,
  kValueBadName,
  kValueSingleLabel,
  kValueBadUrl,
  kValueBadEmail,
  kValueBadHash,
  kValueBadComposite,
};
constexpr std::size_t kReasons = static_cast<std::size_t>(Reason::kValueBadComposite) + 1;

struct ReasonInfo {
  Reason reason;
  std::string_view code;         // kebab-case, stable
  std::string_view explanation;  // one line
};

[[nodiscard]] std::span<const ReasonInfo> AllReasons();  // in the order of the enumeration
[[nodiscard]] std::string_view ReasonCode(Reason reason);
[[nodiscard]] std::string_view ExplainReason(Reason reason);
[[nodiscard]] std::optional<Reason> FindReason(std::string_view code);
// kAllowed for ValueProblem::kNone.
[[nodiscard]] Reason ReasonOf(intel::ValueProblem problem);

// How often each reason was given, by detail. Iterates by reason, then by detail bytewise, whatever
// the order of the calls. Details come from outside: at most kMaxDetails distinct ones are kept a
// reason, and further ones are counted as kOtherDetails.
class ReasonCounts {
 public:
  static constexpr std::size_t kMaxDetails = 1000;
  static constexpr std::string_view kOtherDetails = "(others)";

  struct Key {
    Reason reason = Reason::kAllowed;
    std::string detail;
  };
  struct KeyView {
    Reason reason;
    std::string_view detail;
  };
  struct Less {
    using is_transparent = void;
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      if (a.reason != b.reason) return a.reason < b.reason;
      return std::string_view(a.detail) < std::string_view(b.detail);
    }
  };
  using Map = std::map<Key, std::uint64_t, Less>;

  void Add(Reason reason, std::string_view detail = {}, std::uint64_t count = 1);
  void Merge(const ReasonCounts& other);
  [[nodiscard]] std::uint64_t Count(Reason reason) const;  // over all details
  [[nodiscard]] std::uint64_t Count(Reason reason, std::string_view detail) const;
  [[nodiscard]] std::uint64_t Total() const;
  [[nodiscard]] const Map& map() const { return map_; }
  [[nodiscard]] bool empty() const { return map_.empty(); }

 private:
  Map map_;
  std::map<Reason, std::size_t> details_;  // distinct ones kept
};

}  // namespace gapferry::policy
