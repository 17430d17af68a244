#include "policy/reason.h"

#include <algorithm>
#include <array>

namespace gapferry::policy {
namespace {

constexpr std::array<ReasonInfo, kReasons> kInfos = {{
    {Reason::kAllowed, "allowed", "nothing stands in the way"},
    {Reason::kUnpublished, "unpublished", "the event is not published by its source"},
    {Reason::kDeleted, "deleted", "deleted by its source"},
    {Reason::kTlpAboveClearance, "tlp-above-clearance",
     "the strictest TLP of event and attribute is above the site's clearance"},
    {Reason::kTlpUnknown, "tlp-unknown",
     "a TLP tag names no known level, which counts as red, above the site's clearance"},
    {Reason::kTlpUntagged, "tlp-untagged-default",
     "no TLP tag, and the source's default TLP is above the site's clearance"},
    {Reason::kDistributionOwnOrganisation, "distribution-own-organisation",
     "distribution 0, the source's own organisation only"},
    {Reason::kDistributionCommunity, "distribution-community",
     "distribution 1, the source's own community only"},
    {Reason::kDistributionConnected, "distribution-connected-communities",
     "distribution 2, communities connected to the source only"},
    {Reason::kDistributionAll, "distribution-all",
     "distribution 3, which this site's configuration leaves out"},
    {Reason::kDistributionSharingGroup, "distribution-sharing-group",
     "distribution 4, a sharing group that the site is not listed for"},
    {Reason::kDistributionUnknown, "distribution-unknown",
     "a distribution that MISP does not define, or inherit where there is nothing above"},
    {Reason::kCategoryExcluded, "category-excluded",
     "the attribute's category is excluded by configuration"},
    {Reason::kTypeExcluded, "type-excluded", "the attribute's type is excluded by configuration"},
    {Reason::kHoldBackTag, "hold-back-tag", "a tag that holds back what carries it"},
    {Reason::kAttachmentData, "attachment-data", "the bytes of an attachment never cross"},
    {Reason::kUnknownField, "unknown-field", "a field that the bundle format does not name"},
    {Reason::kServerSideField, "server-side-field",
     "a field that has a meaning on the source's server only"},
    {Reason::kProposal, "proposal", "a proposal, which is nobody's statement yet"},
    {Reason::kLocalTag, "local-tag", "a local or non-exportable tag, stripped after the decision"},
    {Reason::kEventHeldBack, "event-held-back", "part of an event that does not cross"},
    {Reason::kObjectHeldBack, "object-held-back", "attribute of an object that does not cross"},
    {Reason::kNotSelected, "not-selected", "the site's selection leaves it out"},
    {Reason::kAttributeHeldBack, "attribute-held-back",
     "tells of attributes that do not cross: their sightings, or the object that holds them"},
    {Reason::kNotToIds, "not-to-ids", "not marked for detection (to_ids, or the tag misp:ids)"},
    {Reason::kTooOld, "too-old", "older than its type lives, counted from the bundle's creation"},
    {Reason::kTlpAboveDestination, "tlp-above-destination",
     "the strictest TLP of event and attribute is above the destination's clearance"},
    {Reason::kPapForbids, "pap-forbids-detection", "PAP:RED allows detection on local logs only"},
    {Reason::kPapForbidsBlocking, "pap-forbids-blocking", "PAP:AMBER allows no blocking"},
    {Reason::kTypeNotWanted, "type-not-wanted",
     "the destination's configuration leaves this type out"},
    {Reason::kFalsePositive, "false-positive", "tagged as a false positive"},
    {Reason::kSightedFalsePositive, "sighted-false-positive",
     "sighted as a false positive as often as the destination asks for"},
    {Reason::kSightingExpired, "sighting-expired",
     "a sighting says that it expired before the bundle's creation"},
    {Reason::kDecayed, "decayed",
     "its score has decayed below the destination's threshold, counted to the bundle's creation"},
    {Reason::kConfidenceTooLow, "confidence-too-low",
     "the tags say less confidence than the destination asks for"},
    {Reason::kConfidenceUnknown, "confidence-unknown",
     "no tag says the confidence, and the destination leaves such attributes out"},
    {Reason::kWarninglist, "warninglist", "on a warninglist that drops"},
    {Reason::kAllowlist, "allowlist", "on the site's allowlist"},
    {Reason::kPublicSuffix, "public-suffix",
     "a public suffix, below which anybody can have a name"},
    {Reason::kOwnNetwork, "own-network",
     "the site's own address, which a blocking artifact must not hold"},
    {Reason::kOwnDomain, "own-domain",
     "the site's own domain, which a blocking artifact must not hold"},
    {Reason::kBogon, "bogon",
     "no host on the public Internet, which a blocking artifact must not hold; loopback and "
     "multicast "
     "in no artifact"},
    {Reason::kPrefixTooWide, "prefix-too-wide", "a network wider than an artifact may hold"},
    {Reason::kTypeNotDetectable, "type-not-detectable", "no format can look for this type"},
    {Reason::kFormatCannotExpress, "format-cannot-express", "this format cannot express the value"},
    {Reason::kValueEmpty, "value-empty", "the value is empty"},
    {Reason::kValueControlCharacter, "value-control-character",
     "the value holds control characters"},
    {Reason::kValueNotUtf8, "value-not-utf8", "the value is not UTF-8"},
    {Reason::kValueTooLong, "value-too-long", "the value is longer than MISP's column"},
    {Reason::kValueBadAddress, "value-bad-address", "not an IP address or network"},
    {Reason::kValueBadPort, "value-bad-port", "not a port number"},
    {Reason::kValueBadName, "value-bad-name", "not a DNS name"},
    {Reason::kValueSingleLabel, "value-single-label",
     "a name of one label, which would match far too much"},
    {Reason::kValueBadUrl, "value-bad-url", "not a URL with a host"},
    {Reason::kValueBadEmail, "value-bad-email", "not an e-mail address"},
    {Reason::kValueBadHash, "value-bad-hash", "wrong length for its type, or not hexadecimal"},
    {Reason::kValueBadComposite, "value-bad-composite", "not exactly the parts that its type has"},
}};

}  // namespace

std::span<const ReasonInfo> AllReasons() {
  return kInfos;
}
std::string_view ReasonCode(Reason reason) {
  return kInfos[static_cast<std::size_t>(reason)].code;
}
std::string_view ExplainReason(Reason reason) {
  return kInfos[static_cast<std::size_t>(reason)].explanation;
}

std::optional<Reason> FindReason(std::string_view code) {
  const auto* found = std::find_if(kInfos.begin(), kInfos.end(),
                                   [&](const ReasonInfo& info) { return info.code == code; });
  if (found == kInfos.end()) return std::nullopt;
  return found->reason;
}

Reason ReasonOf(intel::ValueProblem problem) {
  if (problem == intel::ValueProblem::kNone) return Reason::kAllowed;
  return static_cast<Reason>(static_cast<int>(Reason::kValueEmpty) + static_cast<int>(problem) - 1);
}

void ReasonCounts::Add(Reason reason, std::string_view detail, std::uint64_t count) {
  const auto found = map_.find(KeyView{reason, detail});
  if (found != map_.end()) {
    found->second += count;
    return;
  }
  std::size_t& kept = details_[reason];
  if (kept >= kMaxDetails && detail != kOtherDetails) return Add(reason, kOtherDetails, count);
  ++kept;
  map_.emplace(Key{reason, std::string(detail)}, count);
}

void ReasonCounts::Merge(const ReasonCounts& other) {
  for (const auto& [key, count] : other.map_)
    Add(key.reason, key.detail, count);
}

std::uint64_t ReasonCounts::Count(Reason reason) const {
  std::uint64_t total = 0;
  for (auto at = map_.lower_bound(KeyView{reason, {}});
       at != map_.end() && at->first.reason == reason; ++at) {
    total += at->second;
  }
  return total;
}

std::uint64_t ReasonCounts::Count(Reason reason, std::string_view detail) const {
  const auto found = map_.find(KeyView{reason, detail});
  return found == map_.end() ? 0 : found->second;
}

std::uint64_t ReasonCounts::Total() const {
  std::uint64_t total = 0;
  for (const auto& [key, count] : map_)
    total += count;
  return total;
}

}  // namespace gapferry::policy
