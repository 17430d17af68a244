// intel/types.h: MISP's attribute types and categories (describeTypes.json, 194 types, 16
// categories).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace gapferry::intel {

enum class Category : std::uint8_t {
  kInternalReference,
  kTargetingData,
  kAntivirusDetection,
  kPayloadDelivery,
  kArtifactsDropped,
  kPayloadInstallation,
  kPersistenceMechanism,
  kNetworkActivity,
  kPayloadType,
  kAttribution,
  kExternalAnalysis,
  kFinancialFraud,
  kSupportTool,
  kSocialNetwork,
  kPerson,
  kOther,
};

// How the value of a type is built, and so how it is normalised (intel/value.h).
enum class Shape : std::uint8_t {
  kText,         // kept as it is
  kLower,        // compared without case
  kUpper,        // CVE-…, CWE-…
  kHex,          // a digest of fixed length
  kAddress,      // IPv4 or IPv6, with or without prefix length
  kAddressPort,  // address|port
  kDomain,       // a name and all below it
  kHostname,     // that name only
  kHostPort,     // hostname|port
  kDomainIp,     // domain|address
  kUrl,
  kEmail,
  kFilenameHash,  // filename|digest, and malware-sample, which has no bar in its name
  kOnion,
  kMac,
  kAutonomousSystem,
  kPort,
};

struct TypeInfo {
  std::string_view name;
  Category default_category;
  bool to_ids;  // MISP's default; the flag of an attribute decides
  Shape shape;
  std::uint16_t hex_length;  // of the digest part; 0 where the length varies or there is none
};

[[nodiscard]] std::span<const TypeInfo> AllTypes();
// nullptr for a type that this table does not know: such attributes are carried, never used.
[[nodiscard]] const TypeInfo* FindType(std::string_view name);

[[nodiscard]] std::string_view CategoryName(Category category);
[[nodiscard]] std::optional<Category> FindCategory(std::string_view name);

}  // namespace gapferry::intel
