// detect/suricata_buffers.h: where Suricata sees things, for rules of one value and for sets alike.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "detect/destination.h"
#include "intel/value.h"

namespace gapferry::detect {

// 7.0 does not lower a host if a port follows.
constexpr std::string_view kSuricataHost = "flow:to_server; http.host; to_lowercase; ";

struct SuricataName {
  std::string_view protocol;
  std::string_view options;
};
constexpr auto kSuricataNames = std::to_array<SuricataName>({
    {"dns", "dns.query; "},
    {"http", kSuricataHost},
    {"quic", "quic.sni; "},
    {"tls", "flow:to_server; tls.sni; "},
});

[[nodiscard]] std::string SuricataHeader(std::string_view protocol, const SuricataOptions& options,
                                         std::string_view port = "any");
// The host of a URL as http.host has it: an IPv6 address in brackets.
[[nodiscard]] std::string HostText(const intel::Url& url);
// `match` once a flow and direction. What another destination's rules saw does not count: one
// sensor may load both.
[[nodiscard]] std::string OncePerFlow(const SuricataOptions& options, std::string_view direction,
                                      std::string_view match);
// A fingerprint as tls.cert_fingerprint has it.
[[nodiscard]] std::string Colons(std::string_view hex);

}  // namespace gapferry::detect
