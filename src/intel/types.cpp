#include "intel/types.h"

#include <algorithm>
#include <array>

namespace gapferry::intel {
namespace {

// Sorted by name. Category and to_ids are describeTypes.json of PyMISP 2.5.34; lengths are
// reference/misp.md §3.4.
constexpr auto kTypes = std::to_array<TypeInfo>({
    {"AS", Category::kNetworkActivity, false, Shape::kAutonomousSystem, 0},
    {"aba-rtn", Category::kFinancialFraud, true, Shape::kText, 0},
    {"anonymised", Category::kOther, false, Shape::kText, 0},
    {"attachment", Category::kExternalAnalysis, false, Shape::kText, 0},
    {"authentihash", Category::kPayloadDelivery, true, Shape::kHex, 64},
    {"azure-application-id", Category::kPayloadDelivery, true, Shape::kText, 0},
    {"bank-account-nr", Category::kFinancialFraud, true, Shape::kText, 0},
    {"bic", Category::kFinancialFraud, true, Shape::kText, 0},
    {"bin", Category::kFinancialFraud, true, Shape::kText, 0},
    {"boolean", Category::kOther, false, Shape::kText, 0},
    {"bro", Category::kNetworkActivity, true, Shape::kText, 0},
    {"btc", Category::kFinancialFraud, true, Shape::kText, 0},
    {"campaign-id", Category::kAttribution, false, Shape::kText, 0},
    {"campaign-name", Category::kAttribution, false, Shape::kText, 0},
    {"cc-number", Category::kFinancialFraud, true, Shape::kText, 0},
    {"cdhash", Category::kPayloadDelivery, true, Shape::kHex, 40},
    {"chrome-extension-id", Category::kPayloadDelivery, true, Shape::kText, 0},
    {"comment", Category::kOther, false, Shape::kText, 0},
    {"community-id", Category::kNetworkActivity, true, Shape::kText, 0},
    {"cookie", Category::kNetworkActivity, false, Shape::kText, 0},
    {"cortex", Category::kExternalAnalysis, false, Shape::kText, 0},
    {"counter", Category::kOther, false, Shape::kText, 0},
    {"country-of-residence", Category::kPerson, false, Shape::kText, 0},
    {"cpe", Category::kExternalAnalysis, false, Shape::kText, 0},
    {"dash", Category::kFinancialFraud, true, Shape::kText, 0},
    {"date-of-birth", Category::kPerson, false, Shape::kText, 0},
    {"datetime", Category::kOther, false, Shape::kText, 0},
    {"dkim", Category::kNetworkActivity, false, Shape::kText, 0},
    {"dkim-signature", Category::kNetworkActivity, false, Shape::kText, 0},
    {"dns-soa-email", Category::kAttribution, false, Shape::kEmail, 0},
    {"dom-hash", Category::kNetworkActivity, true, Shape::kHex, 32},
    {"domain", Category::kNetworkActivity, true, Shape::kDomain, 0},
    {"domain|ip", Category::kNetworkActivity, true, Shape::kDomainIp, 0},
    {"edge-extension-id", Category::kPayloadDelivery, true, Shape::kText, 0},
    {"email", Category::kSocialNetwork, true, Shape::kEmail, 0},
    {"email-attachment", Category::kPayloadDelivery, true, Shape::kText, 0},
    {"email-body", Category::kPayloadDelivery, false, Shape::kText, 0},
    {"email-dst", Category::kNetworkActivity, true, Shape::kEmail, 0},
    {"email-dst-display-name", Category::kPayloadDelivery, false, Shape::kText, 0},
    {"email-header", Category::kPayloadDelivery, false, Shape::kText, 0},
    {"email-message-id", Category::kPayloadDelivery, false, Shape::kText, 0},
    {"email-mime-boundary", Category::kPayloadDelivery, false, Shape::kText, 0},
    {"email-reply-to", Category::kPayloadDelivery, false, Shape::kEmail, 0},
    {"email-src", Category::kPayloadDelivery, true, Shape::kEmail, 0},
    {"email-src-display-name", Category::kPayloadDelivery, false, Shape::kText, 0},
    {"email-subject", Category::kPayloadDelivery, false, Shape::kText, 0},
    {"email-thread-index", Category::kPayloadDelivery, false, Shape::kText, 0},
    {"email-x-mailer", Category::kPayloadDelivery, false, Shape::kText, 0},
    {"eppn", Category::kNetworkActivity, true, Shape::kText, 0},
    {"favicon-mmh3", Category::kNetworkActivity, true, Shape::kText, 0},
    {"filename", Category::kPayloadDelivery, true, Shape::kText, 0},
    {"filename-pattern", Category::kPayloadInstallation, true, Shape::kText, 0},
    {"filename|authentihash", Category::kPayloadDelivery, true, Shape::kFilenameHash, 64},
    {"filename|impfuzzy", Category::kPayloadDelivery, true, Shape::kFilenameHash, 0},
    {"filename|imphash", Category::kPayloadDelivery, true, Shape::kFilenameHash, 32},
    {"filename|md5", Category::kPayloadDelivery, true, Shape::kFilenameHash, 32},
    {"filename|pehash", Category::kPayloadDelivery, true, Shape::kFilenameHash, 40},
    {"filename|sha1", Category::kPayloadDelivery, true, Shape::kFilenameHash, 40},
    {"filename|sha224", Category::kPayloadDelivery, true, Shape::kFilenameHash, 56},
    {"filename|sha256", Category::kPayloadDelivery, true, Shape::kFilenameHash, 64},
    {"filename|sha3-224", Category::kPayloadDelivery, true, Shape::kFilenameHash, 56},
    {"filename|sha3-256", Category::kPayloadDelivery, true, Shape::kFilenameHash, 64},
    {"filename|sha3-384", Category::kPayloadDelivery, true, Shape::kFilenameHash, 96},
    {"filename|sha3-512", Category::kPayloadDelivery, true, Shape::kFilenameHash, 128},
    {"filename|sha384", Category::kPayloadDelivery, true, Shape::kFilenameHash, 96},
    {"filename|sha512", Category::kPayloadDelivery, true, Shape::kFilenameHash, 128},
    {"filename|sha512/224", Category::kPayloadDelivery, true, Shape::kFilenameHash, 56},
    {"filename|sha512/256", Category::kPayloadDelivery, true, Shape::kFilenameHash, 64},
    {"filename|ssdeep", Category::kPayloadDelivery, true, Shape::kFilenameHash, 0},
    {"filename|tlsh", Category::kPayloadDelivery, true, Shape::kFilenameHash, 0},
    {"filename|vhash", Category::kPayloadDelivery, true, Shape::kFilenameHash, 0},
    {"first-name", Category::kPerson, false, Shape::kText, 0},
    {"float", Category::kOther, false, Shape::kText, 0},
    {"frequent-flyer-number", Category::kPerson, false, Shape::kText, 0},
    {"full-name", Category::kPerson, false, Shape::kText, 0},
    {"gender", Category::kPerson, false, Shape::kText, 0},
    {"gene", Category::kArtifactsDropped, false, Shape::kText, 0},
    {"git-commit-id", Category::kInternalReference, false, Shape::kText, 0},
    {"github-organisation", Category::kSocialNetwork, false, Shape::kText, 0},
    {"github-repository", Category::kSocialNetwork, false, Shape::kText, 0},
    {"github-username", Category::kSocialNetwork, false, Shape::kText, 0},
    {"hassh-md5", Category::kNetworkActivity, true, Shape::kHex, 32},
    {"hasshserver-md5", Category::kNetworkActivity, true, Shape::kHex, 32},
    {"hex", Category::kOther, false, Shape::kText, 0},
    {"hostname", Category::kNetworkActivity, true, Shape::kHostname, 0},
    {"hostname|port", Category::kNetworkActivity, true, Shape::kHostPort, 0},
    {"http-method", Category::kNetworkActivity, false, Shape::kText, 0},
    {"iban", Category::kFinancialFraud, true, Shape::kText, 0},
    {"identity-card-number", Category::kPerson, false, Shape::kText, 0},
    {"impfuzzy", Category::kPayloadDelivery, true, Shape::kText, 0},
    {"imphash", Category::kPayloadDelivery, true, Shape::kHex, 32},
    {"integer", Category::kOther, false, Shape::kText, 0},
    {"ip-dst", Category::kNetworkActivity, true, Shape::kAddress, 0},
    {"ip-dst|port", Category::kNetworkActivity, true, Shape::kAddressPort, 0},
    {"ip-src", Category::kNetworkActivity, true, Shape::kAddress, 0},
    {"ip-src|port", Category::kNetworkActivity, true, Shape::kAddressPort, 0},
    {"issue-date-of-the-visa", Category::kPerson, false, Shape::kText, 0},
    {"ja3-fingerprint-md5", Category::kNetworkActivity, true, Shape::kHex, 32},
    {"jabber-id", Category::kSocialNetwork, false, Shape::kText, 0},
    {"jarm-fingerprint", Category::kNetworkActivity, true, Shape::kHex, 62},
    {"kusto-query", Category::kArtifactsDropped, false, Shape::kText, 0},
    {"last-name", Category::kPerson, false, Shape::kText, 0},
    {"link", Category::kExternalAnalysis, false, Shape::kUrl, 0},
    {"mac-address", Category::kNetworkActivity, false, Shape::kMac, 0},
    {"mac-eui-64", Category::kNetworkActivity, false, Shape::kText, 0},
    {"malware-sample", Category::kPayloadDelivery, true, Shape::kFilenameHash, 32},
    {"malware-type", Category::kPayloadDelivery, false, Shape::kText, 0},
    {"md5", Category::kPayloadDelivery, true, Shape::kHex, 32},
    {"middle-name", Category::kPerson, false, Shape::kText, 0},
    {"mime-type", Category::kArtifactsDropped, false, Shape::kText, 0},
    {"mobile-application-id", Category::kPayloadDelivery, true, Shape::kText, 0},
    {"mutex", Category::kArtifactsDropped, true, Shape::kText, 0},
    {"named pipe", Category::kArtifactsDropped, false, Shape::kText, 0},
    {"nationality", Category::kPerson, false, Shape::kText, 0},
    {"onion-address", Category::kNetworkActivity, true, Shape::kOnion, 0},
    {"other", Category::kOther, false, Shape::kText, 0},
    {"passenger-name-record-locator-number", Category::kPerson, false, Shape::kText, 0},
    {"passport-country", Category::kPerson, false, Shape::kText, 0},
    {"passport-expiration", Category::kPerson, false, Shape::kText, 0},
    {"passport-number", Category::kPerson, false, Shape::kText, 0},
    {"pattern-in-file", Category::kPayloadInstallation, true, Shape::kText, 0},
    {"pattern-in-memory", Category::kPayloadInstallation, true, Shape::kText, 0},
    {"pattern-in-traffic", Category::kNetworkActivity, true, Shape::kText, 0},
    {"payment-details", Category::kPerson, false, Shape::kText, 0},
    {"pdb", Category::kArtifactsDropped, false, Shape::kText, 0},
    {"pehash", Category::kPayloadDelivery, true, Shape::kHex, 40},
    {"pgp-private-key", Category::kPerson, false, Shape::kText, 0},
    {"pgp-public-key", Category::kPerson, false, Shape::kText, 0},
    {"phone-number", Category::kPerson, false, Shape::kText, 0},
    {"place-of-birth", Category::kPerson, false, Shape::kText, 0},
    {"place-port-of-clearance", Category::kPerson, false, Shape::kText, 0},
    {"place-port-of-onward-foreign-destination", Category::kPerson, false, Shape::kText, 0},
    {"place-port-of-original-embarkation", Category::kPerson, false, Shape::kText, 0},
    {"port", Category::kNetworkActivity, false, Shape::kPort, 0},
    {"primary-residence", Category::kPerson, false, Shape::kText, 0},
    {"process-state", Category::kArtifactsDropped, false, Shape::kText, 0},
    {"prtn", Category::kFinancialFraud, true, Shape::kText, 0},
    {"redress-number", Category::kPerson, false, Shape::kText, 0},
    {"regkey", Category::kPersistenceMechanism, true, Shape::kText, 0},
    {"regkey|value", Category::kPersistenceMechanism, true, Shape::kText, 0},
    {"sha1", Category::kPayloadDelivery, true, Shape::kHex, 40},
    {"sha224", Category::kPayloadDelivery, true, Shape::kHex, 56},
    {"sha256", Category::kPayloadDelivery, true, Shape::kHex, 64},
    {"sha3-224", Category::kPayloadDelivery, true, Shape::kHex, 56},
    {"sha3-256", Category::kPayloadDelivery, true, Shape::kHex, 64},
    {"sha3-384", Category::kPayloadDelivery, true, Shape::kHex, 96},
    {"sha3-512", Category::kPayloadDelivery, true, Shape::kHex, 128},
    {"sha384", Category::kPayloadDelivery, true, Shape::kHex, 96},
    {"sha512", Category::kPayloadDelivery, true, Shape::kHex, 128},
    {"sha512/224", Category::kPayloadDelivery, true, Shape::kHex, 56},
    {"sha512/256", Category::kPayloadDelivery, true, Shape::kHex, 64},
    {"sigma", Category::kPayloadInstallation, true, Shape::kText, 0},
    {"size-in-bytes", Category::kOther, false, Shape::kText, 0},
    {"snort", Category::kNetworkActivity, true, Shape::kText, 0},
    {"special-service-request", Category::kPerson, false, Shape::kText, 0},
    {"ssdeep", Category::kPayloadDelivery, true, Shape::kText, 0},
    {"ssh-fingerprint", Category::kNetworkActivity, false, Shape::kText, 0},
    {"stix2-pattern", Category::kPayloadInstallation, true, Shape::kText, 0},
    {"suricata", Category::kNetworkActivity, true, Shape::kText, 0},
    {"target-email", Category::kTargetingData, false, Shape::kEmail, 0},
    {"target-external", Category::kTargetingData, false, Shape::kText, 0},
    {"target-location", Category::kTargetingData, false, Shape::kText, 0},
    {"target-machine", Category::kTargetingData, false, Shape::kText, 0},
    {"target-org", Category::kTargetingData, false, Shape::kText, 0},
    {"target-user", Category::kTargetingData, false, Shape::kText, 0},
    {"telfhash", Category::kPayloadDelivery, true, Shape::kLower, 0},
    {"text", Category::kOther, false, Shape::kText, 0},
    {"threat-actor", Category::kAttribution, false, Shape::kText, 0},
    {"tlsh", Category::kPayloadDelivery, true, Shape::kLower, 0},
    {"travel-details", Category::kPerson, false, Shape::kText, 0},
    {"twitter-id", Category::kSocialNetwork, false, Shape::kText, 0},
    {"uri", Category::kNetworkActivity, true, Shape::kText, 0},
    {"url", Category::kNetworkActivity, true, Shape::kUrl, 0},
    {"user-agent", Category::kNetworkActivity, false, Shape::kText, 0},
    {"uuid", Category::kOther, false, Shape::kText, 0},
    {"vhash", Category::kPayloadDelivery, true, Shape::kText, 0},
    {"visa-number", Category::kPerson, false, Shape::kText, 0},
    {"vulnerability", Category::kExternalAnalysis, false, Shape::kUpper, 0},
    {"weakness", Category::kExternalAnalysis, false, Shape::kUpper, 0},
    {"whois-creation-date", Category::kAttribution, false, Shape::kText, 0},
    {"whois-registrant-email", Category::kAttribution, false, Shape::kEmail, 0},
    {"whois-registrant-name", Category::kAttribution, false, Shape::kText, 0},
    {"whois-registrant-org", Category::kAttribution, false, Shape::kText, 0},
    {"whois-registrant-phone", Category::kAttribution, false, Shape::kText, 0},
    {"whois-registrar", Category::kAttribution, false, Shape::kText, 0},
    {"windows-scheduled-task", Category::kArtifactsDropped, false, Shape::kText, 0},
    {"windows-service-displayname", Category::kArtifactsDropped, false, Shape::kText, 0},
    {"windows-service-name", Category::kArtifactsDropped, false, Shape::kText, 0},
    {"x509-fingerprint-md5", Category::kNetworkActivity, true, Shape::kHex, 32},
    {"x509-fingerprint-sha1", Category::kNetworkActivity, true, Shape::kHex, 40},
    {"x509-fingerprint-sha256", Category::kNetworkActivity, true, Shape::kHex, 64},
    {"xmr", Category::kFinancialFraud, true, Shape::kText, 0},
    {"yara", Category::kPayloadInstallation, true, Shape::kText, 0},
    {"zeek", Category::kNetworkActivity, true, Shape::kText, 0},
});

constexpr std::array<std::string_view, 16> kCategoryNames = {
    "Internal reference",
    "Targeting data",
    "Antivirus detection",
    "Payload delivery",
    "Artifacts dropped",
    "Payload installation",
    "Persistence mechanism",
    "Network activity",
    "Payload type",
    "Attribution",
    "External analysis",
    "Financial fraud",
    "Support Tool",
    "Social network",
    "Person",
    "Other",
};

// Types are looked up for every attribute, more than once: a hash table (FNV-1a) with the place of
// each type in kTypes, four slots a type.
constexpr std::uint8_t kFreeSlot = 0xFF;
constexpr std::size_t kSlots = 1024;
static_assert(kTypes.size() < kFreeSlot && kTypes.size() * 4 < kSlots);

constexpr std::size_t FirstSlot(std::string_view name) {
  std::uint32_t hash = 0x811C9DC5;
  for (const char c : name)
    hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x01000193;
  return (hash ^ hash >> 16) % kSlots;
}

constexpr std::array<std::uint8_t, kSlots> MakeSlots() {
  std::array<std::uint8_t, kSlots> slots{};
  slots.fill(kFreeSlot);
  for (std::size_t i = 0; i < kTypes.size(); ++i) {
    std::size_t slot = FirstSlot(kTypes[i].name);
    while (slots[slot] != kFreeSlot)
      slot = (slot + 1) % kSlots;
    slots[slot] = static_cast<std::uint8_t>(i);
  }
  return slots;
}
constexpr std::array<std::uint8_t, kSlots> kTypeSlots = MakeSlots();

}  // namespace

std::span<const TypeInfo> AllTypes() {
  return kTypes;
}

const TypeInfo* FindType(std::string_view name) {
  for (std::size_t slot = FirstSlot(name); kTypeSlots[slot] != kFreeSlot;
       slot = (slot + 1) % kTypeSlots.size()) {
    const TypeInfo& type = kTypes[kTypeSlots[slot]];
    if (type.name == name) return &type;
  }
  return nullptr;
}

std::string_view CategoryName(Category category) {
  return kCategoryNames[static_cast<std::size_t>(category)];
}

std::optional<Category> FindCategory(std::string_view name) {
  const auto* found = std::find(kCategoryNames.begin(), kCategoryNames.end(), name);
  if (found == kCategoryNames.end()) return std::nullopt;
  return static_cast<Category>(found - kCategoryNames.begin());
}

}  // namespace gapferry::intel
