#include "detect/snort_match.h"

#include "base/bytes.h"
#include "detect/format.h"
#include "detect/suricata_rule.h"

namespace gapferry::detect {
namespace {

using intel::IndicatorKind;
using policy::Decision;

constexpr std::size_t kUdpName = 12;  // where the name of a query begins: after the header of DNS,
constexpr std::size_t kTcpName = 14;  // over TCP also after its length
constexpr std::size_t kMaxPortBytes = 600;  // of one header
constexpr std::string_view kRequest = "flow:to_server,established; ";

// Both versions read hexadecimal alike; Snort 3 also undoes C escapes, so no backslash is written.
class Options {
 public:
  explicit Options(SnortVersion version) : version_(version) {}

  // A pattern with its modifiers, such as {"nocase", "offset 12"}.
  Options& Content(std::string_view bytes, const std::vector<std::string>& modifiers) {
    text_ += "content:\"" + SuricataContent(bytes) + '"';
    for (std::string modifier : modifiers) {
      if (version_ == SnortVersion::k2) {
        if (const std::size_t space = modifier.find(' '); space != std::string::npos)
          modifier[space] = ':';
        text_ += "; " + modifier;
      } else {
        text_ += ", " + modifier;
      }
    }
    text_ += "; ";
    return *this;
  }
  Options& Raw(std::string_view text) {
    text_ += text;
    return *this;
  }
  [[nodiscard]] std::string Take() { return std::move(text_); }
  [[nodiscard]] bool v3() const { return version_ == SnortVersion::k3; }

 private:
  SnortVersion version_;
  std::string text_;
};

std::string Number(std::string_view word, std::size_t number) {
  return std::string(word) + ' ' + std::to_string(number);
}

// evil.example → "\4evil\7example\0"
std::string WireName(std::string_view name) {
  std::string wire;
  while (!name.empty()) {
    const std::size_t dot = std::min(name.find('.'), name.size());
    wire += static_cast<char>(dot);
    wire += name.substr(0, dot);
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  return wire + '\0';
}

// A name as a regular expression without a backslash.
std::string NamePattern(std::string_view name) {
  std::string pattern;
  for (const char c : name)
    pattern += c == '.' ? std::string("[.]") : std::string(1, c);
  return pattern;
}

// The whole value of Host, with or without a port; `below`: or a name below it.
void AddHost(std::string_view host, bool below, Options* options) {
  const bool v6 = host.find(':') != std::string_view::npos;
  const std::string shown = v6 ? '[' + std::string(host) + ']' : std::string(host);
  const std::string pattern = v6 ? "[[]" + std::string(host) + "[]]" : NamePattern(host);
  if (options->v3()) {
    options->Raw("service:http; http_header:field host; ").Content(shown, {"nocase"});
    options->Raw(fmt::format("pcre:\"/^{}{}(:[0-9]+)?$/i\"; ", below ? "(.*[.])?" : "", pattern));
    return;
  }
  options->Content(shown, {"nocase", "http_header"});
  std::string escaped = pattern;
  for (std::size_t at = escaped.find(':'); at != std::string::npos; at = escaped.find(':', at + 4))
    escaped.replace(at, 1, "\\x3a");
  options->Raw(fmt::format("pcre:\"/^Host\\x3a[ \\t]*{}{}(\\x3a[0-9]+)?[ \\t]*\\r?$/Hmi\"; ",
                           below ? "([^\\r\\n]*[.])?" : "", escaped));
}

std::vector<SuricataMatch> NameMatches(SnortVersion version, const SnortOptions& options,
                                       const Candidate& candidate) {
  const bool below = candidate.kind == IndicatorKind::kDomain;
  const std::string wire = WireName(candidate.value);
  std::vector<SuricataMatch> matches;
  const auto query = [&](std::string_view protocol, std::size_t offset, std::string_view flow) {
    std::vector<std::string> modifiers = {"nocase", Number("offset", offset)};
    if (!below) modifiers.push_back(Number("depth", wire.size()));
    matches.push_back({protocol == "udp" ? "dns-udp" : "dns-tcp",
                       fmt::format("alert {} {} any -> any 53", protocol, options.source_net),
                       Options(version).Raw(flow).Content(wire, modifiers).Take()});
  };
  query("udp", kUdpName, "");
  query("tcp", kTcpName, kRequest);
  Options http(version);
  http.Raw(kRequest);
  AddHost(candidate.value, below, &http);
  const std::string header = fmt::format("alert tcp {} any -> any any", options.source_net);
  matches.push_back({"http", header, http.Take()});
  // Server name of a ClientHello: kind 0, length, name. The length pins the name, so names below a
  // domain cannot be said.
  std::string server(1, '\0');
  server += static_cast<char>(candidate.value.size() >> 8);
  server += static_cast<char>(candidate.value.size() & 0xFF);
  matches.push_back({"tls", header,
                     Options(version)
                         .Raw(kRequest)
                         .Content("\x16\x03", {"depth 2"})
                         .Content(server + candidate.value, {"nocase"})
                         .Take()});
  return matches;
}

std::vector<SuricataMatch> UrlMatches(SnortVersion version, const SnortOptions& options,
                                      const Candidate& candidate) {
  const std::optional<intel::Url> url = intel::ParseUrl(candidate.value);
  if (!url) return {};
  const std::string port = url->port == 0 ? "any" : std::to_string(url->port);
  const std::size_t length = url->target.size();
  Options text(version);
  text.Raw(kRequest);
  AddHost(url->host, false, &text);
  if (version == SnortVersion::k3) {
    text.Raw(fmt::format("http_raw_uri; bufferlen:{}; ", length))
        .Content(url->target, {Number("depth", length)});
  } else {
    text.Raw(fmt::format("urilen:{},raw; ", length))
        .Content(url->target, {"http_raw_uri", Number("depth", length)});
  }
  return {
      {"http", fmt::format("alert tcp {} any -> any {}", options.source_net, port), text.Take()}};
}

std::vector<SuricataMatch> AgentMatches(SnortVersion version, const SnortOptions& options,
                                        const Candidate& candidate) {
  const std::string& agent = candidate.value;
  Options text(version);
  text.Raw(kRequest);
  if (version == SnortVersion::k3) {
    text.Raw(
            fmt::format("service:http; http_header:field user-agent; bufferlen:{}; ", agent.size()))
        .Content(agent, {Number("depth", agent.size())});
  } else {
    text.Content("User-Agent: " + agent + "\r\n", {"http_header"});
  }
  return {{"http", fmt::format("alert tcp {} any -> any any", options.source_net), text.Take()}};
}

// `alert ip` would fire on every packet; the first packet of a connection comes once.
std::vector<SuricataMatch> SnortAddresses(const Candidate& candidate) {
  constexpr std::string_view kFirst = "flags:S,12; ";
  std::vector<SuricataMatch> matches;
  const auto add = [&](const std::string& key, const Ports& ports, std::string_view header) {
    for (const PortList& list : PortListsOf(ports, kMaxPortBytes)) {
      matches.push_back({key + list.key,
                         fmt::format(fmt::runtime(header), candidate.value, list.text),
                         std::string(kFirst)});
    }
  };
  if (candidate.from) add("from", candidate.from_ports, "alert tcp {} {} -> any any");
  if (candidate.to) add("to", candidate.to_ports, "alert tcp any any -> {} {}");
  return matches;
}

// Where commands stand only, as Suricata's rules: a mail may quote one.
std::vector<SuricataMatch> EmailMatches(SnortVersion version, const Candidate& candidate) {
  std::vector<SuricataMatch> matches;
  std::string pattern;
  for (const char c : '<' + candidate.value + '>')
    pattern += c == '.' || c == '+' ? std::string{'[', c, ']'} : std::string(1, c);
  const std::string_view colon = version == SnortVersion::k2 ? "\\x3a" : ":";
  const auto add = [&](std::string_view key, std::string_view command) {
    matches.push_back(
        {std::string(key), "alert tcp any any -> any [25,465,587]",
         Options(version)
             .Raw("flow:to_server,established,no_stream; ")
             .Content('<' + candidate.value + '>', {"nocase"})
             .Raw(fmt::format("pcre:\"/^((EHLO|HELO|LHLO|AUTH|MAIL FROM{0}|RCPT TO{0}|RSET|NOOP)"
                              "[ -~]*[^ -~]{{1,2}})*{1}{0} ?{2}/i\"; ",
                              colon, command, pattern))
             .Take()});
  };
  if (candidate.from) add("smtp-from", "MAIL FROM");
  if (candidate.to) add("smtp-to", "RCPT TO");
  return matches;
}

}  // namespace

std::vector<SuricataMatch> SnortMatches(SnortVersion version, const SnortOptions& options,
                                        const Candidate& candidate) {
  switch (candidate.kind) {
    case IndicatorKind::kDomain:
    case IndicatorKind::kHostname:
      return NameMatches(version, options, candidate);
    case IndicatorKind::kUrl:
      return UrlMatches(version, options, candidate);
    case IndicatorKind::kUserAgent:
      return AgentMatches(version, options, candidate);
    case IndicatorKind::kAddress:
    case IndicatorKind::kNetwork:
      return SnortAddresses(candidate);
    case IndicatorKind::kEmail:
      return EmailMatches(version, candidate);
    default:
      return {};
  }
}

Decision SnortExpress(const Destination& destination, const intel::Indicator& indicator,
                      std::string_view type) {
  switch (indicator.kind) {
    // What Suricata's rules cannot say of these, Snort's cannot either.
    case IndicatorKind::kAddress:
    case IndicatorKind::kNetwork:
    case IndicatorKind::kDomain:
    case IndicatorKind::kHostname:
    case IndicatorKind::kUrl:
    case IndicatorKind::kUserAgent:
    case IndicatorKind::kEmail:
      return SuricataExpress(destination, indicator, type);
    default:
      return CannotExpressKind(indicator, type);
  }
}

}  // namespace gapferry::detect
