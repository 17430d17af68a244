#include "detect/suricata_match.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "detect/suricata_buffers.h"
#include "detect/suricata_rule.h"

namespace gapferry::detect {
namespace {

using intel::IndicatorKind;
using policy::Decision;
using policy::Reason;

// Of one header: 7.0.10 and 8.0.8 read 1,025, and take no rule whose ports have more.
constexpr std::size_t kMostPortBytes = 1000;
constexpr int kShortestRange = 3;  // of ports in a row
constexpr std::uint8_t kShortestPrefixV4 = 8;
constexpr std::uint8_t kShortestPrefixV6 = 19;

// A host may come with a trailing dot, and a request to a proxy names scheme and host before the
// path. A pcrexform in a rule of one value would be a buffer of its own with every table of the
// engine (5,000 such rules: 4.7 GB), so that these ask with pcre behind their content. startswith
// would load seven times as long.
constexpr std::string_view kBeforeTarget =
    "http.uri.raw; pcre:\"/^(?:[a-zA-Z]+:\\/\\/[^\\/?]*)?/\"; ";

std::string Text(std::string_view content, bool any_case) {
  return "content:\"" + SuricataContent(content) + (any_case ? "\"; nocase; " : "\"; ");
}

std::string Exactly(std::string_view content, bool any_case) {
  return Text(content, any_case) + "bsize:" + std::to_string(content.size()) + "; ";
}

// The pattern that only this text fits; in hexadecimal what means something to pcre or to a rule.
std::string Pattern(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    if (IsAsciiAlnum(c) || c == '-' || c == '_')
      pattern += c;
    else if (c == '.')
      pattern += "\\.";
    else
      pattern += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return pattern;
}

// This host alone, or with `below` those under it too.
std::string Host(std::string_view host, bool below) {
  if (below)
    return fmt::format("dotprefix; {}pcre:\"/\\.{}\\.?\\z/\"; ",
                       Text('.' + std::string(host), false), Pattern(host));
  return fmt::format("{}pcre:\"/^{}\\.?\\z/\"; ", Text(host, false), Pattern(host));
}

std::vector<SuricataMatch> NameMatches(const SuricataOptions& options, const Candidate& candidate) {
  const bool below = candidate.kind == IndicatorKind::kDomain;
  std::vector<SuricataMatch> matches;
  for (const SuricataName& buffer : kSuricataNames) {
    // http.host refuses nocase, even after to_lowercase.
    const bool http = buffer.protocol == "http";
    std::string text(buffer.options);
    if (http)
      text += Host(candidate.value, below);
    else
      text += below ? "dotprefix; " + Text('.' + candidate.value, true) + "endswith; "
                    : Exactly(candidate.value, true);
    matches.push_back(
        {std::string(buffer.protocol), SuricataHeader(buffer.protocol, options), std::move(text)});
  }
  return matches;
}

std::vector<SuricataMatch> UrlMatches(const SuricataOptions& options, const Candidate& candidate) {
  const std::optional<intel::Url> url = intel::ParseUrl(candidate.value);
  if (!url) return {};
  const std::string port = url->port == 0 ? "any" : std::to_string(url->port);
  return {{"http", SuricataHeader("http", options, port),
           fmt::format("{}{}{}{}within:{}; isdataat:!1,relative; ", kSuricataHost,
                       Host(HostText(*url), false), kBeforeTarget, Text(url->target, false),
                       url->target.size())}};
}

// Numbers, and ranges where there are ports in a row.
std::vector<std::string> PortWords(const Ports& ports) {
  std::vector<std::string> words;
  for (auto at = ports.mentions.begin(); at != ports.mentions.end();) {
    const int first = at->first;
    int last = first;
    for (++at; at != ports.mentions.end() && at->first == last + 1; ++at)
      ++last;
    if (last - first + 1 >= kShortestRange) {
      words.push_back(fmt::format("{}:{}", first, last));
    } else {
      for (int port = first; port <= last; ++port)
        words.push_back(std::to_string(port));
    }
  }
  return words;
}

std::string AddressHeader(const Candidate& candidate, bool from, bool to) {
  if (from && to) return fmt::format("alert ip any any <> {} any", candidate.value);
  return from ? fmt::format("alert ip {} any -> any any", candidate.value)
              : fmt::format("alert ip any any -> {} any", candidate.value);
}

// Without ports and options Suricata looks once a flow and direction; with ports it would look at
// every packet.
std::vector<SuricataMatch> AddressMatches(const SuricataOptions& options,
                                          const Candidate& candidate) {
  std::vector<SuricataMatch> matches;
  const bool from = candidate.from && candidate.from_ports.any;
  const bool to = candidate.to && candidate.to_ports.any;
  if (from || to) matches.push_back({"ip", AddressHeader(candidate, from, to), "", ""});
  const auto add = [&](std::string_view direction, const Ports& ports, std::string_view header) {
    if (ports.any) return;
    for (const PortList& list : PortListsOf(ports, kMostPortBytes)) {
      for (const std::string_view protocol : {"tcp", "udp"}) {
        matches.push_back({fmt::format("{}-{}{}", protocol, direction, list.key),
                           fmt::format(fmt::runtime(header), protocol, candidate.value, list.text),
                           OncePerFlow(options, direction, ""), ""});
      }
    }
  };
  if (candidate.from) add("from", candidate.from_ports, "alert {} {} {} -> any any");
  if (candidate.to) add("to", candidate.to_ports, "alert {} any any -> {} {}");
  return matches;
}

// A mail may quote such a command, so it is looked for only where commands stand: at the beginning
// of what a client sends at once, or behind other commands there. "MAIL FROM: <a@b>" is common
// although RFC 5321 forbids the space.
std::vector<SuricataMatch> EmailMatches(const Candidate& candidate) {
  std::vector<SuricataMatch> matches;
  const auto add = [&](std::string_view key, std::string_view command) {
    const std::string path = '<' + candidate.value + '>';
    matches.push_back(
        {std::string(key), "alert smtp any any -> any any",
         fmt::format(
             "flow:to_server,no_stream; {}pcre:\"/^(?:(?:EHLO|HELO|LHLO|AUTH|MAIL FROM:|RCPT "
             "TO:|RSET|NOOP)[^\\r\\n]*\\r?\\n)*{} ?{}/i\"; ",
             Text(path, true), command, Pattern(path))});
  };
  if (candidate.from) add("smtp-from", "MAIL FROM:");
  if (candidate.to) add("smtp-to", "RCPT TO:");
  return matches;
}

bool IsSimpleEmail(std::string_view address) {
  return address.size() <= 254 && std::all_of(address.begin(), address.end(), [](char c) {
           return IsAsciiAlnum(c) || std::string_view("@._+-=").find(c) != std::string::npos;
         });
}

Decision Cannot(std::string_view why) {
  return Decision::Refuse(Reason::kFormatCannotExpress, why);
}

Decision ExpressUrl(std::string_view value) {
  const std::optional<intel::Url> url = intel::ParseUrl(value);
  if (!url) return Decision::Refuse(Reason::kValueBadUrl);
  // Its host alone would match far more than the URL.
  if (url->scheme == "https") return Cannot("https-url-inexpressible");
  if (url->scheme != "http") return Cannot("url-scheme");
  if (url->host.size() > kMaxSuricataString || url->target.size() > kMaxSuricataString)
    return Cannot("too-long");
  return Decision::Allow();
}

Decision ExpressNetwork(std::string_view value) {
  const std::optional<intel::Network> network = intel::ParseNetwork(value);
  if (!network) return Decision::Refuse(Reason::kValueBadAddress);
  if (network->prefix < (network->v6 ? kShortestPrefixV6 : kShortestPrefixV4))
    return Decision::Refuse(Reason::kPrefixTooWide);
  return Decision::Allow();
}

}  // namespace

std::string SuricataHeader(std::string_view protocol, const SuricataOptions& options,
                           std::string_view port) {
  return fmt::format("alert {} {} any -> any {}", protocol, options.source_net, port);
}

std::string HostText(const intel::Url& url) {
  return url.host.find(':') != std::string::npos ? '[' + url.host + ']' : url.host;
}

// Once a flow and direction. Not for the rules of another destination, which one sensor may load
// too.
std::string OncePerFlow(const SuricataOptions& options, std::string_view direction,
                        std::string_view match) {
  const std::string bit = fmt::format("gapferry.{}.{}; ", options.prefix, direction);
  return "flowbits:isnotset," + bit + std::string(match) + "flowbits:set," + bit;
}

std::string Colons(std::string_view hex) {
  std::string text;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    text += (i == 0 ? "" : ":") + std::string(hex.substr(i, 2));
  return text;
}

std::vector<PortList> PortListsOf(const Ports& ports, std::size_t most) {
  if (ports.any) return {{"", "any"}};
  std::vector<PortList> lists;
  for (const std::string& word : PortWords(ports)) {
    // One comma and two brackets.
    if (lists.empty() || lists.back().text.size() + word.size() + 3 > most)
      lists.push_back({lists.empty() ? "" : fmt::format("-{}", lists.size() + 1), ""});
    std::string& text = lists.back().text;
    text += (text.empty() ? "" : ",") + word;
  }
  for (PortList& list : lists) {
    if (list.text.find(',') != std::string::npos) list.text = '[' + list.text + ']';
  }
  return lists;
}

std::vector<SuricataMatch> LiteralMatches(const SuricataOptions& options,
                                          const Candidate& candidate) {
  switch (candidate.kind) {
    case IndicatorKind::kDomain:
    case IndicatorKind::kHostname:
      return NameMatches(options, candidate);
    case IndicatorKind::kUrl:
      return UrlMatches(options, candidate);
    case IndicatorKind::kAddress:
    case IndicatorKind::kNetwork:
      return AddressMatches(options, candidate);
    case IndicatorKind::kEmail:
      return EmailMatches(candidate);
    case IndicatorKind::kUserAgent:
      return {{"http", SuricataHeader("http", options),
               "flow:to_server; http.user_agent; " + Exactly(candidate.value, false)}};
    case IndicatorKind::kJa3:
      return {{"tls", SuricataHeader("tls", options), "ja3.hash; " + Text(candidate.value, false)}};
    case IndicatorKind::kX509Sha1:
      return {{"tls", "alert tls any any -> any any",
               "tls.cert_fingerprint; " + Text(Colons(candidate.value), false)}};
    default:
      return {};
  }
}

Decision SuricataExpress(const Destination& destination, const intel::Indicator& indicator,
                         std::string_view type) {
  switch (indicator.kind) {
    case IndicatorKind::kAddress:
    case IndicatorKind::kDomain:
    case IndicatorKind::kHostname:
    case IndicatorKind::kJa3:
    case IndicatorKind::kX509Sha1:
      return Decision::Allow();
    case IndicatorKind::kNetwork:
      return ExpressNetwork(indicator.value);
    case IndicatorKind::kUrl:
      return ExpressUrl(indicator.value);
    case IndicatorKind::kUserAgent:
      return indicator.value.size() <= kMaxSuricataString ? Decision::Allow() : Cannot("too-long");
    case IndicatorKind::kEmail:
      if (type != "email-src" && type != "email-dst") return Cannot("email-not-in-envelope");
      return IsSimpleEmail(indicator.value) ? Decision::Allow() : Cannot("email-not-simple");
    case IndicatorKind::kMd5:
    case IndicatorKind::kSha1:
    case IndicatorKind::kSha256:
      // 7.0 computes one kind of hash a rule group: with several kinds loaded, matches are lost.
      return destination.suricata.hashes.contains(std::string(IndicatorKindName(indicator.kind)))
                 ? Decision::Allow()
                 : Cannot("hash-kind-off");
    case IndicatorKind::kSha224:
    case IndicatorKind::kSha384:
    case IndicatorKind::kSha512:
    case IndicatorKind::kOtherHash:
      return Cannot("hash-kind");
    case IndicatorKind::kFilename:
      return Cannot("filename");
    case IndicatorKind::kOther:
      break;
  }
  return Decision::Refuse(Reason::kTypeNotDetectable, type);
}

}  // namespace gapferry::detect
