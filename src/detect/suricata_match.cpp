#include "detect/suricata_match.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/bytes.h"
#include "base/json.h"
#include "detect/suricata_rule.h"

namespace gapferry::detect {
namespace {

using intel::IndicatorKind;
using policy::Decision;
using policy::Reason;

constexpr std::string_view kHashSize = "hashsize 65536";  // 8 refuses more, the default is slow
constexpr std::size_t kMostPorts = 500;
constexpr std::uint8_t kShortestPrefixV4 = 8;
constexpr std::uint8_t kShortestPrefixV6 = 19;

// A host may come with a trailing dot, and 7.0 does not lower it if a port follows. A request to a
// proxy names scheme and host before the path. Sets look up what a pcrexform leaves; in a rule of
// one value it would be a buffer of its own with every table of the engine (5,000 such rules: 4.7
// GB), so that these ask with pcre behind their content. startswith would load seven times as long.
constexpr std::string_view kHost = "flow:to_server; http.host; to_lowercase; ";
constexpr std::string_view kUndotted = "pcrexform:\"^(.+?)\\.?$\"; ";
constexpr std::string_view kTarget = "http.uri.raw; pcrexform:\"^(?:[a-zA-Z]+://[^/?]*)?(.+)$\"; ";
constexpr std::string_view kBeforeTarget =
    "http.uri.raw; pcre:\"/^(?:[a-zA-Z]+:\\/\\/[^\\/?]*)?/\"; ";

// Where names are seen.
struct NameBuffer {
  std::string_view protocol;
  std::string_view options;
};
constexpr auto kNameBuffers = std::to_array<NameBuffer>({
    {"dns", "dns.query; "},
    {"http", kHost},
    {"quic", "quic.sni; "},
    {"tls", "flow:to_server; tls.sni; "},
});

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

std::string Header(std::string_view protocol, const SuricataOptions& options,
                   std::string_view port = "any") {
  return fmt::format("alert {} {} any -> any {}", protocol, options.source_net, port);
}

std::vector<SuricataMatch> NameMatches(const SuricataOptions& options, const Candidate& candidate) {
  const bool below = candidate.kind == IndicatorKind::kDomain;
  std::vector<SuricataMatch> matches;
  for (const NameBuffer& buffer : kNameBuffers) {
    // http.host refuses nocase, even after to_lowercase.
    const bool http = buffer.protocol == "http";
    std::string text(buffer.options);
    if (http)
      text += Host(candidate.value, below);
    else
      text += below ? "dotprefix; " + Text('.' + candidate.value, true) + "endswith; "
                    : Exactly(candidate.value, true);
    matches.push_back({buffer.protocol, Header(buffer.protocol, options), std::move(text)});
  }
  return matches;
}

std::string HostText(const intel::Url& url) {
  return url.host.find(':') != std::string::npos ? '[' + url.host + ']' : url.host;
}

std::vector<SuricataMatch> UrlMatches(const SuricataOptions& options, const Candidate& candidate) {
  const std::optional<intel::Url> url = intel::ParseUrl(candidate.value);
  if (!url) return {};
  const std::string port = url->port == 0 ? "any" : std::to_string(url->port);
  return {
      {"http", Header("http", options, port),
       fmt::format("{}{}{}{}within:{}; isdataat:!1,relative; ", kHost, Host(HostText(*url), false),
                   kBeforeTarget, Text(url->target, false), url->target.size())}};
}

std::string PortList(const Candidate& candidate) {
  if (candidate.any_port || candidate.ports.size() > kMostPorts) return "any";
  if (candidate.ports.size() == 1) return std::to_string(*candidate.ports.begin());
  std::string list;
  for (const std::uint16_t port : candidate.ports)
    list += (list.empty() ? '[' : ',') + std::to_string(port);
  return list + ']';
}

std::string AddressHeader(std::string_view protocol, const Candidate& candidate,
                          std::string_view port) {
  if (candidate.from && candidate.to)
    return fmt::format("alert {} any any <> {} {}", protocol, candidate.value, port);
  if (candidate.from)
    return fmt::format("alert {} {} {} -> any any", protocol, candidate.value, port);
  return fmt::format("alert {} any any -> {} {}", protocol, candidate.value, port);
}

std::vector<SuricataMatch> AddressMatches(const Candidate& candidate) {
  const std::string port = PortList(candidate);
  // Without ports and options Suricata looks once a flow and direction; with ports it would look at
  // every packet.
  if (port == "any") return {{"ip", AddressHeader("ip", candidate, port), ""}};
  constexpr std::string_view kOnce =
      "flowbits:isnotset,gapferry.port; flowbits:set,gapferry.port; ";
  return {{"tcp", AddressHeader("tcp", candidate, port), std::string(kOnce)},
          {"udp", AddressHeader("udp", candidate, port), std::string(kOnce)}};
}

// A mail may quote such a command, so it is looked for only where commands stand: at the beginning
// of what a client sends at once, or behind other commands there. "MAIL FROM: <a@b>" is common
// although RFC 5321 forbids the space.
std::vector<SuricataMatch> EmailMatches(const Candidate& candidate) {
  std::vector<SuricataMatch> matches;
  const auto add = [&](std::string_view key, std::string_view command) {
    const std::string path = '<' + candidate.value + '>';
    matches.push_back(
        {key, "alert smtp any any -> any any",
         fmt::format(
             "flow:to_server,no_stream; {}pcre:\"/^(?:(?:EHLO|HELO|LHLO|AUTH|MAIL FROM:|RCPT "
             "TO:|RSET|NOOP)[^\\r\\n]*\\r?\\n)*{} ?{}/i\"; ",
             Text(path, true), command, Pattern(path))});
  };
  if (candidate.from) add("smtp-from", "MAIL FROM:");
  if (candidate.to) add("smtp-to", "RCPT TO:");
  return matches;
}

std::string Colons(std::string_view hex) {
  std::string text;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    text += (i == 0 ? "" : ":") + std::string(hex.substr(i, 2));
  return text;
}

// Sets whose entries may say where they are from. Of a URL the path does, since one rule asks for
// both; addresses and hashes have forms of their own.
bool HasContext(const SuricataOptions& options, std::string_view list) {
  return options.context && !list.starts_with("ip-") && list != "url-host" && list != "md5" &&
         list != "sha1" && list != "sha256";
}

std::string TextLine(const SuricataOptions& options, const Candidate& candidate,
                     std::string_view list, std::string_view text) {
  if (!HasContext(options, list)) return Base64Encode(AsBytes(text)) + '\n';
  const Mention& mention = candidate.mentions[0];
  const Json entry = {{"value", text},
                      {"event", mention.event_uuid.ToString()},
                      {"attribute", mention.attribute_uuid.ToString()},
                      {"events", candidate.mention_count},
                      {"tlp", intel::TlpName(candidate.tlp)}};
  return DumpJson(entry) + '\n';
}

std::string DataSet(const SuricataOptions& options, std::string_view list, std::string_view set,
                    std::string_view type = "string") {
  const bool context = HasContext(options, list);
  return fmt::format("dataset:isset,{},type {},load {}{},{}{}; ", set, type, set,
                     ListEnding(options, list), kHashSize,
                     context ? ",format ndjson,context_key misp,value_key value" : "");
}

// "domain-3": names of three labels and all below them: the last three labels are looked up.
std::vector<SuricataMatch> NameSetMatches(const SuricataOptions& options, std::string_view list,
                                          std::string_view set) {
  std::string form(kUndotted);
  if (list != "hostname") {
    int labels = 0;
    const std::string_view digits = list.substr(list.rfind('-') + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), labels);
    form = fmt::format("pcrexform:\"((?:[^.]+\\.){{{}}}[^.]+)\\.?$\"; ", labels - 1);
  }
  std::vector<SuricataMatch> matches;
  for (const NameBuffer& buffer : kNameBuffers) {
    std::string text(buffer.options);
    if (buffer.protocol != "http") text += "to_lowercase; ";
    if (buffer.protocol == "http" || list != "hostname") text += form;
    matches.push_back(
        {buffer.protocol, Header(buffer.protocol, options), text + DataSet(options, list, set)});
  }
  return matches;
}

std::vector<SuricataMatch> AddressSetMatches(const SuricataOptions& options, std::string_view list,
                                             std::string_view set) {
  const bool to = list.starts_with("ip-to");
  const std::string bit = to ? "gapferry.to" : "gapferry.from";
  return {{"ip", "alert ip any any -> any any",
           "flowbits:isnotset," + bit + "; " + (to ? "ip.dst; " : "ip.src; ") +
               DataSet(options, list, set, list.ends_with("v6") ? "ip" : "ipv4") + "flowbits:set," +
               bit + "; "}};
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
      return AddressMatches(candidate);
    case IndicatorKind::kEmail:
      return EmailMatches(candidate);
    case IndicatorKind::kUserAgent:
      return {{"http", Header("http", options),
               "flow:to_server; http.user_agent; " + Exactly(candidate.value, false)}};
    case IndicatorKind::kJa3:
      return {{"tls", Header("tls", options), "ja3.hash; " + Text(candidate.value, false)}};
    case IndicatorKind::kX509Sha1:
      return {{"tls", "alert tls any any -> any any",
               "tls.cert_fingerprint; " + Text(Colons(candidate.value), false)}};
    default:
      return {};
  }
}

bool HasListForm(IndicatorKind kind) {
  return kind != IndicatorKind::kEmail;
}

bool AlwaysListed(IndicatorKind kind) {
  return kind == IndicatorKind::kMd5 || kind == IndicatorKind::kSha1 ||
         kind == IndicatorKind::kSha256;
}

std::string_view ListEnding(const SuricataOptions& options, std::string_view list) {
  return HasContext(options, list) ? ".ndjson" : ".lst";
}

std::vector<ListEntry> ListEntries(const SuricataOptions& options, const Candidate& candidate) {
  const auto text = [&](const std::string& list, std::string_view entry) {
    return ListEntry{list, TextLine(options, candidate, list, entry)};
  };
  const std::string& value = candidate.value;
  switch (candidate.kind) {
    case IndicatorKind::kDomain:
      return {
          text(fmt::format("domain-{}", std::count(value.begin(), value.end(), '.') + 1), value)};
    case IndicatorKind::kHostname:
      return {text("hostname", value)};
    case IndicatorKind::kUrl: {
      const std::optional<intel::Url> url = intel::ParseUrl(value);
      if (!url) return {};
      return {text("url-host", HostText(*url)), text("url-path", url->target)};
    }
    case IndicatorKind::kAddress: {
      const std::string suffix = value.find(':') == std::string::npos ? "-v4" : "-v6";
      std::vector<ListEntry> entries;
      if (candidate.from) entries.push_back({"ip-from" + suffix, value + '\n'});
      if (candidate.to) entries.push_back({"ip-to" + suffix, value + '\n'});
      return entries;
    }
    case IndicatorKind::kUserAgent:
      return {text("user-agent", value)};
    case IndicatorKind::kJa3:
      return {text("ja3", value)};
    case IndicatorKind::kX509Sha1:
      return {text("x509-sha1", Colons(value))};
    case IndicatorKind::kMd5:
      return {{"md5", value + '\n'}};
    case IndicatorKind::kSha1:
      return {{"sha1", value + '\n'}};
    case IndicatorKind::kSha256:
      return {{"sha256", value + '\n'}};
    default:
      return {};
  }
}

std::vector<SuricataMatch> ListMatches(const SuricataOptions& options, std::string_view list,
                                       std::string_view set) {
  if (list == "hostname" || list.starts_with("domain-")) return NameSetMatches(options, list, set);
  if (list.starts_with("ip-")) return AddressSetMatches(options, list, set);
  if (list == "url-path") return {};  // looked up by the rules of its hosts
  if (list == "url-host") {
    std::string paths(set);
    paths.replace(paths.find("url-host"), 8, "url-path");
    return {{"http", Header("http", options),
             std::string(kHost) + std::string(kUndotted) + DataSet(options, "url-host", set) +
                 std::string(kTarget) + DataSet(options, "url-path", paths)}};
  }
  if (list == "user-agent")
    return {{"http", Header("http", options),
             "flow:to_server; http.user_agent; " + DataSet(options, list, set)}};
  // Both are text to Suricata: `type md5` loads and never matches.
  if (list == "ja3")
    return {{"tls", Header("tls", options), "ja3.hash; " + DataSet(options, list, set)}};
  if (list == "x509-sha1")
    return {{"tls", "alert tls any any -> any any",
             "tls.cert_fingerprint; " + DataSet(options, list, set)}};
  // One rule serves files of all protocols.
  return {{"file", "alert tcp any any -> any any", fmt::format("file{}:{}.lst; ", list, set)}};
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
