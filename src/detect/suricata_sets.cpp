// Suricata's sets: what a value is in them, and the rules that look into them.
#include <algorithm>
#include <charconv>

#include "base/bytes.h"
#include "base/json.h"
#include "detect/suricata_buffers.h"
#include "detect/suricata_match.h"

namespace gapferry::detect {
namespace {

using intel::IndicatorKind;

constexpr std::string_view kHashSize = "hashsize 65536";  // 8 refuses more, the default is slow
// There may be hundreds of lists for one port each, and these have less to hold.
constexpr std::string_view kPortHashSize = "hashsize 4096";
constexpr std::string_view kPortMark = "-port-";

// Sets look up what a pcrexform leaves: a host without its trailing dot, a path without the scheme
// and host that a request to a proxy names before it.
constexpr std::string_view kUndotted = "pcrexform:\"^(.+?)\\.?$\"; ";
constexpr std::string_view kTarget = "http.uri.raw; pcrexform:\"^(?:[a-zA-Z]+://[^/?]*)?(.+)$\"; ";

// Sets whose entries may say where they are from. Of a URL the path does, since one rule asks for
// both; addresses and hashes have forms of their own.
bool HasContext(const SuricataOptions& options, std::string_view list) {
  return options.context && !list.starts_with("ip-") && !list.starts_with("url-host") &&
         list != "md5" && list != "sha1" && list != "sha256";
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
                     ListEnding(options, list),
                     list.find(kPortMark) == std::string_view::npos ? kHashSize : kPortHashSize,
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
  for (const SuricataName& buffer : kSuricataNames) {
    std::string text(buffer.options);
    if (buffer.protocol != "http") text += "to_lowercase; ";
    if (buffer.protocol == "http" || list != "hostname") text += form;
    matches.push_back({std::string(buffer.protocol), SuricataHeader(buffer.protocol, options),
                       text + DataSet(options, list, set)});
  }
  return matches;
}

// "any" for a list without one.
std::string_view PortOfList(std::string_view list) {
  const std::size_t mark = list.find(kPortMark);
  return mark == std::string_view::npos ? "any" : list.substr(mark + kPortMark.size());
}

// Flows, and packets of protocols that Suricata keeps no flows of, such as GRE. ICMP is left out
// there: most of it has flows.
std::vector<SuricataMatch> AddressSetMatches(const SuricataOptions& options, std::string_view list,
                                             std::string_view set) {
  const std::string_view direction = list.starts_with("ip-to") ? "to" : "from";
  const bool v6 = list.find("-v6") != std::string_view::npos;
  const std::string look = (direction == "to" ? "ip.dst; " : "ip.src; ") +
                           DataSet(options, list, set, v6 ? "ip" : "ipv4");
  const std::string in_flow = OncePerFlow(options, direction, look);
  const std::string_view port = PortOfList(list);
  std::vector<SuricataMatch> matches;
  if (port == "any") {
    matches.push_back({"ip", "alert ip any any -> any any", in_flow, ""});
    std::string others;
    for (const int flowing : {1, 6, 17, 50, 58, 132})
      others += fmt::format("ip_proto:!{}; ", flowing);
    matches.push_back({"no-flow", "alert ip any any -> any any", others + look,
                       "threshold:type limit, track by_both, count 1, seconds 3600; "});
    return matches;
  }
  for (const std::string_view protocol : {"tcp", "udp"}) {
    matches.push_back({std::string(protocol),
                       direction == "to"
                           ? fmt::format("alert {} any any -> any {}", protocol, port)
                           : fmt::format("alert {} any {} -> any any", protocol, port),
                       in_flow, ""});
  }
  return matches;
}

std::vector<SuricataMatch> UrlSetMatches(const SuricataOptions& options, std::string_view list,
                                         std::string_view set) {
  const auto paths = [](std::string_view hosts) {
    std::string name(hosts);
    return name.replace(name.find("url-host"), 8, "url-path");
  };
  return {{"http", SuricataHeader("http", options, PortOfList(list)),
           std::string(kSuricataHost) + std::string(kUndotted) + DataSet(options, list, set) +
               std::string(kTarget) + DataSet(options, paths(list), paths(set)),
           ""}};
}

void AddAddressEntries(const Candidate& candidate, std::string_view direction, const Ports& ports,
                       std::vector<ListEntry>* entries) {
  std::string list = "ip-";
  list += direction;
  list += candidate.value.find(':') == std::string::npos ? "-v4" : "-v6";
  if (ports.any) {
    entries->push_back({std::move(list), candidate.value + '\n'});
    return;
  }
  for (const auto& [port, mentions] : ports.mentions) {
    entries->push_back(
        {fmt::format("{}{}{}", list, kPortMark, port), candidate.value + '\n', port, mentions});
  }
}

}  // namespace

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
  const auto text = [&](std::string list, std::string_view entry) {
    std::string line = TextLine(options, candidate, list, entry);
    return ListEntry{std::move(list), std::move(line)};
  };
  // An initialiser list would copy it.
  const auto only = [](ListEntry entry) {
    std::vector<ListEntry> entries;
    entries.push_back(std::move(entry));
    return entries;
  };
  const std::string& value = candidate.value;
  switch (candidate.kind) {
    case IndicatorKind::kDomain:
      return only(
          text("domain-" + std::to_string(std::count(value.begin(), value.end(), '.') + 1), value));
    case IndicatorKind::kHostname:
      return only(text("hostname", value));
    case IndicatorKind::kUrl: {
      const std::optional<intel::Url> url = intel::ParseUrl(value);
      if (!url) return {};
      const std::string end =
          url->port == 0 ? "" : std::string(kPortMark) + std::to_string(url->port);
      ListEntry host = text("url-host" + end, HostText(*url));
      ListEntry path = text("url-path" + end, url->target);
      host.port = path.port = url->port;
      host.mentions = candidate.mention_count;
      path.mentions = 0;
      return {std::move(host), std::move(path)};
    }
    case IndicatorKind::kAddress: {
      std::vector<ListEntry> entries;
      if (candidate.from) AddAddressEntries(candidate, "from", candidate.from_ports, &entries);
      if (candidate.to) AddAddressEntries(candidate, "to", candidate.to_ports, &entries);
      return entries;
    }
    case IndicatorKind::kUserAgent:
      return {text("user-agent", value)};
    case IndicatorKind::kJa3:
      return {text("ja3", value)};
    case IndicatorKind::kX509Sha1:
      return {text("x509-sha1", Colons(value))};
    case IndicatorKind::kMd5:
      return only({"md5", value + '\n'});
    case IndicatorKind::kSha1:
      return only({"sha1", value + '\n'});
    case IndicatorKind::kSha256:
      return only({"sha256", value + '\n'});
    default:
      return {};
  }
}

std::vector<SuricataMatch> ListMatches(const SuricataOptions& options, std::string_view list,
                                       std::string_view set) {
  if (list == "hostname" || list.starts_with("domain-")) return NameSetMatches(options, list, set);
  if (list.starts_with("ip-")) return AddressSetMatches(options, list, set);
  if (list.starts_with("url-path")) return {};  // looked up by the rules of its hosts
  if (list.starts_with("url-host")) return UrlSetMatches(options, list, set);
  if (list == "user-agent")
    return {{"http", SuricataHeader("http", options),
             "flow:to_server; http.user_agent; " + DataSet(options, list, set)}};
  // Both are text to Suricata: `type md5` loads and never matches.
  if (list == "ja3")
    return {{"tls", SuricataHeader("tls", options), "ja3.hash; " + DataSet(options, list, set)}};
  if (list == "x509-sha1")
    return {{"tls", "alert tls any any -> any any",
             "tls.cert_fingerprint; " + DataSet(options, list, set)}};
  // One rule serves files of all protocols.
  return {{"file", "alert tcp any any -> any any", fmt::format("file{}:{}.lst; ", list, set)}};
}

}  // namespace gapferry::detect
