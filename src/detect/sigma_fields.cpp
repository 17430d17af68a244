#include "detect/sigma_fields.h"

#include <algorithm>
#include <array>

namespace gapferry::detect {
namespace {

using intel::IndicatorKind;

constexpr auto kSources = std::to_array<SigmaSource>({
    {"dns", "net_dns_", "", "dns", "DNS Queries", "DNS queries for names"},
    {"dns_query_win", "dns_query_win_", "windows", "dns_query", "Windows DNS Queries",
     "DNS queries of Windows hosts for names"},
    {"firewall", "net_firewall_", "", "firewall", "Firewall Connections",
     "connections with addresses"},
    {"image_load_win", "image_load_win_", "windows", "image_load", "Loaded Images",
     "loaded images with hashes"},
    {"net_connection_win", "net_connection_win_", "windows", "network_connection",
     "Windows Network Connections", "connections of Windows hosts to names or addresses"},
    {"proc_creation_win", "proc_creation_win_", "windows", "process_creation", "Created Processes",
     "created processes with hashes"},
    {"proxy", "proxy_", "", "proxy", "Proxy Requests", "proxy requests for names, URLs or agents"},
    {"file_event_win", "file_event_win_", "windows", "file_event", "Created Files",
     "created files with names"},
});

constexpr auto kFields = std::to_array<SigmaField>({
    {"dns", IndicatorKind::kDomain, SigmaSide::kEither, "query", "", SigmaForm::kBelow},
    {"dns", IndicatorKind::kHostname, SigmaSide::kEither, "query", "", SigmaForm::kExact},
    {"dns_query_win", IndicatorKind::kDomain, SigmaSide::kEither, "QueryName", "",
     SigmaForm::kBelow},
    {"dns_query_win", IndicatorKind::kHostname, SigmaSide::kEither, "QueryName", "",
     SigmaForm::kExact},
    {"firewall", IndicatorKind::kAddress, SigmaSide::kTo, "dst_ip", "", SigmaForm::kExact},
    {"firewall", IndicatorKind::kAddress, SigmaSide::kFrom, "src_ip", "", SigmaForm::kExact},
    {"firewall", IndicatorKind::kNetwork, SigmaSide::kTo, "dst_ip", "|cidr", SigmaForm::kExact},
    {"firewall", IndicatorKind::kNetwork, SigmaSide::kFrom, "src_ip", "|cidr", SigmaForm::kExact},
    {"image_load_win", IndicatorKind::kMd5, SigmaSide::kEither, "Hashes", "|contains",
     SigmaForm::kHash},
    {"image_load_win", IndicatorKind::kSha1, SigmaSide::kEither, "Hashes", "|contains",
     SigmaForm::kHash},
    {"image_load_win", IndicatorKind::kSha256, SigmaSide::kEither, "Hashes", "|contains",
     SigmaForm::kHash},
    {"net_connection_win", IndicatorKind::kDomain, SigmaSide::kEither, "DestinationHostname", "",
     SigmaForm::kBelow},
    {"net_connection_win", IndicatorKind::kHostname, SigmaSide::kEither, "DestinationHostname", "",
     SigmaForm::kExact},
    {"net_connection_win", IndicatorKind::kAddress, SigmaSide::kTo, "DestinationIp", "",
     SigmaForm::kExact},
    {"net_connection_win", IndicatorKind::kNetwork, SigmaSide::kTo, "DestinationIp", "|cidr",
     SigmaForm::kExact},
    {"proc_creation_win", IndicatorKind::kMd5, SigmaSide::kEither, "Hashes", "|contains",
     SigmaForm::kHash},
    {"proc_creation_win", IndicatorKind::kSha1, SigmaSide::kEither, "Hashes", "|contains",
     SigmaForm::kHash},
    {"proc_creation_win", IndicatorKind::kSha256, SigmaSide::kEither, "Hashes", "|contains",
     SigmaForm::kHash},
    {"proxy", IndicatorKind::kDomain, SigmaSide::kEither, "cs-host", "", SigmaForm::kBelow},
    {"proxy", IndicatorKind::kHostname, SigmaSide::kEither, "cs-host", "", SigmaForm::kExact},
    {"proxy", IndicatorKind::kUrl, SigmaSide::kEither, "c-uri", "", SigmaForm::kExact},
    {"proxy", IndicatorKind::kUserAgent, SigmaSide::kEither, "c-useragent", "", SigmaForm::kExact},
    {"file_event_win", IndicatorKind::kFilename, SigmaSide::kEither, "TargetFilename", "|endswith",
     SigmaForm::kFileName},
});

std::string HashText(IndicatorKind kind, std::string_view hex) {
  std::string text = kind == IndicatorKind::kMd5    ? "MD5="
                     : kind == IndicatorKind::kSha1 ? "SHA1="
                                                    : "SHA256=";
  for (const char c : hex)
    text += c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

// A path may stand before a name or the end of a path, but no further letters of another name.
std::string FileNameText(std::string_view name) {
  const bool whole = name.starts_with('\\') || name.substr(1, 2) == ":\\";
  return whole ? std::string(name) : '\\' + std::string(name);
}

}  // namespace

std::span<const SigmaSource> SigmaSources() {
  return kSources;
}

// The table lists the fields of a source together.
std::span<const SigmaField> FieldsOf(const SigmaSource& source) {
  const auto is_of = [&](const SigmaField& field) { return field.source == source.key; };
  const auto first = std::find_if(kFields.begin(), kFields.end(), is_of);
  return {first, std::find_if_not(first, kFields.end(), is_of)};
}

bool HasSigmaField(IndicatorKind kind) {
  return std::any_of(kFields.begin(), kFields.end(),
                     [&](const SigmaField& field) { return field.kind == kind; });
}

std::string SigmaText(SigmaForm form, IndicatorKind kind, std::string_view value) {
  switch (form) {
    case SigmaForm::kHash:
      return HashText(kind, value);
    case SigmaForm::kFileName:
      return FileNameText(value);
    case SigmaForm::kExact:
    case SigmaForm::kBelow:
      break;
  }
  return std::string(value);
}

// Tags know no plus sign.
std::string SigmaTlpTag(intel::Tlp tlp) {
  return tlp == intel::Tlp::kAmberStrict ? "tlp.amber-strict"
                                         : "tlp." + std::string(intel::TlpName(tlp));
}

}  // namespace gapferry::detect
