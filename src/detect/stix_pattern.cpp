#include "detect/stix_pattern.h"

#include <array>
#include <vector>

#include <fmt/format.h>

#include "base/bytes.h"

namespace gapferry::detect {
namespace {

using intel::IndicatorKind;

struct Property {
  IndicatorKind kind;
  std::string_view type;  // of the attribute, where the kind does not say it all
  std::string_view path;
};
constexpr auto kProperties = std::to_array<Property>({
    {IndicatorKind::kDomain, "", "domain-name:value"},
    {IndicatorKind::kHostname, "", "domain-name:value"},
    {IndicatorKind::kUrl, "", "url:value"},
    {IndicatorKind::kEmail, "", "email-addr:value"},
    {IndicatorKind::kMd5, "", "file:hashes.MD5"},
    {IndicatorKind::kSha1, "", "file:hashes.'SHA-1'"},
    {IndicatorKind::kSha256, "", "file:hashes.'SHA-256'"},
    {IndicatorKind::kSha512, "", "file:hashes.'SHA-512'"},
    {IndicatorKind::kOtherHash, "sha3-256", "file:hashes.'SHA3-256'"},
    {IndicatorKind::kOtherHash, "filename|sha3-256", "file:hashes.'SHA3-256'"},
    {IndicatorKind::kOtherHash, "sha3-512", "file:hashes.'SHA3-512'"},
    {IndicatorKind::kOtherHash, "filename|sha3-512", "file:hashes.'SHA3-512'"},
    {IndicatorKind::kOtherHash, "ssdeep", "file:hashes.SSDEEP"},
    {IndicatorKind::kOtherHash, "filename|ssdeep", "file:hashes.SSDEEP"},
    {IndicatorKind::kOtherHash, "tlsh", "file:hashes.TLSH"},
    {IndicatorKind::kOtherHash, "filename|tlsh", "file:hashes.TLSH"},
    {IndicatorKind::kOtherHash, "x509-fingerprint-md5", "x509-certificate:hashes.MD5"},
    {IndicatorKind::kOtherHash, "x509-fingerprint-sha256", "x509-certificate:hashes.'SHA-256'"},
    {IndicatorKind::kX509Sha1, "", "x509-certificate:hashes.'SHA-1'"},
    {IndicatorKind::kFilename, "", "file:name"},
    {IndicatorKind::kUserAgent, "",
     "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'"},
    {IndicatorKind::kOther, "mutex", "mutex:name"},
    {IndicatorKind::kOther, "regkey", "windows-registry-key:key"},
    {IndicatorKind::kOther, "mac-address", "mac-addr:value"},
    {IndicatorKind::kOther, "email-subject", "email-message:subject"},
});

std::string_view PathOf(IndicatorKind kind, std::string_view type) {
  for (const Property& property : kProperties) {
    if (property.kind == kind && (property.type.empty() || property.type == type))
      return property.path;
  }
  return "";
}

std::string Endpoint(std::string_view end, std::string_view address, const Ports& ports) {
  std::vector<std::uint16_t> numbers;
  for (const auto& [port, mentions] : ports.mentions)
    numbers.push_back(port);
  const std::string among = numbers.size() == 1 ? fmt::format("= {}", numbers[0])
                                                : fmt::format("IN ({})", fmt::join(numbers, ", "));
  return fmt::format(
      "[network-traffic:{0}_ref.type = '{1}' AND network-traffic:{0}_ref.value = '{2}' AND "
      "network-traffic:{0}_port {3}]",
      end, address.find(':') == std::string_view::npos ? "ipv4-addr" : "ipv6-addr", address, among);
}

std::string_view AddressPath(std::string_view value) {
  return value.find(':') == std::string_view::npos ? "ipv4-addr:value" : "ipv6-addr:value";
}

}  // namespace

std::string StixQuoted(std::string_view value) {
  std::string text = "'";
  std::size_t plain = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] != '\'' && value[i] != '\\') continue;
    text += value.substr(plain, i - plain);
    text += '\\';
    plain = i;
  }
  text += value.substr(plain);
  text += '\'';
  return text;
}

bool HasStixPattern(const intel::Indicator& indicator, std::string_view type) {
  return indicator.kind == IndicatorKind::kAddress || indicator.kind == IndicatorKind::kNetwork ||
         (indicator.kind == IndicatorKind::kOther && type == "AS") ||
         !PathOf(indicator.kind, type).empty();
}

std::string StixPattern(const intel::Indicator& indicator, std::string_view type) {
  const std::string value = StixQuoted(indicator.value);
  if (indicator.kind == IndicatorKind::kAddress)
    return "[" + std::string(AddressPath(indicator.value)) + " = " + value + "]";
  if (indicator.kind == IndicatorKind::kNetwork)
    return "[" + std::string(AddressPath(indicator.value)) + " ISSUBSET " + value + "]";
  if (indicator.kind == IndicatorKind::kOther && type == "AS")
    return "[autonomous-system:number = " + indicator.value + "]";
  const std::string_view path = PathOf(indicator.kind, type);
  return path.empty() ? "" : "[" + std::string(path) + " = " + value + "]";
}

std::string StixAddressPattern(const Candidate& candidate) {
  if (candidate.from_ports.any || candidate.to_ports.any)
    return StixPattern({candidate.kind, candidate.value}, "");
  std::string pattern;
  if (candidate.to) pattern = Endpoint("dst", candidate.value, candidate.to_ports);
  if (candidate.from)
    pattern +=
        (pattern.empty() ? "" : " OR ") + Endpoint("src", candidate.value, candidate.from_ports);
  return pattern;
}

}  // namespace gapferry::detect
