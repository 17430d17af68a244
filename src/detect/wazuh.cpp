// Wazuh 4: CDB lists, and the rules that look into them, in the layout of the manager's own
// 0999-malicious-ioc-rules.xml. The list compiler has no comments, no trimming and no escapes; keys
// compare as bytes.
#include <algorithm>
#include <array>
#include <map>

#include "detect/alert_rate.h"
#include "detect/format.h"

namespace gapferry::detect {
namespace {

using intel::IndicatorKind;
using policy::Decision;
using policy::Reason;

constexpr std::size_t kMaxKeyBytes = 4096;  // far below the compiler's line of 65,536
constexpr std::uint8_t kShortestListedPrefix = 8;

struct ListInfo {
  IndicatorKind kind;
  std::string_view name;
};
constexpr auto kLists = std::to_array<ListInfo>({
    {IndicatorKind::kAddress, "misp-ips"},
    {IndicatorKind::kNetwork, "misp-networks"},
    {IndicatorKind::kDomain, "misp-domains"},
    {IndicatorKind::kHostname, "misp-hostnames"},
    {IndicatorKind::kUrl, "misp-urls"},
    {IndicatorKind::kEmail, "misp-emails"},
    {IndicatorKind::kMd5, "misp-md5"},
    {IndicatorKind::kSha1, "misp-sha1"},
    {IndicatorKind::kSha256, "misp-sha256"},
    {IndicatorKind::kJa3, "misp-ja3"},
});

// One rule: where a log line that `parents` decoded has `field`, look it up in the list.
struct RuleInfo {
  std::string_view key;  // of its id in the registry: never changes
  std::string_view list;
  std::string_view parents;
  std::string_view field;
  std::string_view lookup;
  std::string_view what;
  std::string_view group;
};
constexpr std::string_view kSuricataParents = "86601,86602,86603";
// The transaction itself has no rule of its own in the manager's rule set, only that of all EVE.
constexpr std::string_view kMailParents = "86600,86601";
constexpr std::string_view kFimParents = "554,550";
constexpr std::string_view kSshParents = "5715,5716";
constexpr std::string_view kKey = "match_key";
constexpr std::string_view kAddressKey = "address_match_key";
constexpr auto kRules = std::to_array<RuleInfo>({
    {"suricata-dns-domain", "misp-domains", kSuricataParents, "dns.rrname", kKey, "DNS query",
     "dns"},
    {"suricata-dns-host", "misp-hostnames", kSuricataParents, "dns.rrname", kKey, "DNS query",
     "dns"},
    {"suricata-tls-domain", "misp-domains", kSuricataParents, "tls.sni", kKey, "TLS server", "web"},
    {"suricata-tls-host", "misp-hostnames", kSuricataParents, "tls.sni", kKey, "TLS server", "web"},
    {"suricata-http-domain", "misp-domains", kSuricataParents, "http.hostname", kKey, "HTTP host",
     "web"},
    {"suricata-http-host", "misp-hostnames", kSuricataParents, "http.hostname", kKey, "HTTP host",
     "web"},
    {"suricata-ja3", "misp-ja3", kSuricataParents, "tls.ja3.hash", kKey, "TLS client JA3", "web"},
    {"suricata-dest-ip", "misp-ips", kSuricataParents, "dest_ip", kKey, "connection to address",
     "network"},
    {"suricata-dest-network", "misp-networks", kSuricataParents, "dest_ip", kAddressKey,
     "connection to network", "network"},
    {"suricata-src-ip", "misp-ips", kSuricataParents, "src_ip", kKey, "connection from address",
     "network"},
    {"suricata-src-network", "misp-networks", kSuricataParents, "src_ip", kAddressKey,
     "connection from network", "network"},
    {"sysmon-dns-domain", "misp-domains", "61650", "win.eventdata.queryName", kKey, "DNS query",
     "dns"},
    {"sysmon-dns-host", "misp-hostnames", "61650", "win.eventdata.queryName", kKey, "DNS query",
     "dns"},
    {"sysmon-ip", "misp-ips", "61605", "win.eventdata.destinationIp", kKey, "connection to address",
     "network"},
    {"sysmon-network", "misp-networks", "61605", "win.eventdata.destinationIp", kAddressKey,
     "connection to network", "network"},
    {"fim-md5", "misp-md5", kFimParents, "md5", kKey, "file with MD5", "syscheck"},
    {"fim-sha1", "misp-sha1", kFimParents, "sha1", kKey, "file with SHA-1", "syscheck"},
    {"fim-sha256", "misp-sha256", kFimParents, "sha256", kKey, "file with SHA-256", "syscheck"},
    {"ssh-ip", "misp-ips", kSshParents, "srcip", kKey, "SSH login from address", "sshd"},
    {"ssh-network", "misp-networks", kSshParents, "srcip", kAddressKey, "SSH login from network",
     "sshd"},
    {"web-ip", "misp-ips", "31100", "srcip", kKey, "web request from address", "web"},
    {"web-network", "misp-networks", "31100", "srcip", kAddressKey, "web request from network",
     "web"},
    {"proxy-url", "misp-urls", "35000", "url", kKey, "request for URL", "web"},
    {"suricata-mail-from", "misp-emails", kMailParents, "smtp.mail_from", kKey, "mail from",
     "mail"},
});

std::string_view ListOf(IndicatorKind kind) {
  const auto* found = std::find_if(kLists.begin(), kLists.end(),
                                   [&](const ListInfo& list) { return list.kind == kind; });
  return found == kLists.end() ? "" : found->name;
}

// A key with a colon must stand in quotes, or it ends there.
std::string KeyText(std::string_view key) {
  if (key.find(':') == std::string_view::npos && !key.starts_with('"')) return std::string(key);
  return '"' + std::string(key) + '"';
}

std::string Octets(const intel::Network& network, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i)
    text += (i == 0 ? "" : ".") + std::to_string(network.bytes[i]);
  return text;
}

std::uint64_t KeysOf(const intel::Network& network) {
  const unsigned spare = network.prefix % 8 == 0 ? 0U : 8U - network.prefix % 8U;
  return std::uint64_t{1} << spare;
}

// A lookup cuts an address at its dots only: a /20 is sixteen keys "a.b.c.", a /30 four addresses.
std::vector<std::string> NetworkKeys(intel::Network network) {
  std::vector<std::string> keys;
  const std::uint64_t count = KeysOf(network);
  const std::size_t octets = (network.prefix + std::size_t{7}) / 8;
  for (std::uint64_t i = 0; i < count; ++i) {
    keys.push_back(Octets(network, octets) + (octets < 4 ? "." : ""));
    ++network.bytes[octets - 1];
  }
  return keys;
}

std::string XmlText(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '&') {
      escaped += "&amp;";
    } else if (c == '<') {
      escaped += "&lt;";
    } else if (c == '>') {
      escaped += "&gt;";
    } else if (c == '"') {
      escaped += "&quot;";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

class WazuhWriter : public Writer {
 public:
  explicit WazuhWriter(const WriterContext& context)
      : context_(context), options_(context.destination.wazuh) {}

  Status Add(EventNumber, const Candidate& candidate) override {
    // EVE has the path as SMTP has it, between angle brackets.
    if (candidate.kind == IndicatorKind::kEmail)
      GF_CHECK(Put(candidate, '<' + candidate.value + '>'));
    if (candidate.kind != IndicatorKind::kNetwork) return Put(candidate, candidate.value);
    const std::optional<intel::Network> network = intel::ParseNetwork(candidate.value);
    if (!network) return Ok();
    for (const std::string& key : NetworkKeys(*network))
      GF_CHECK(Put(candidate, key));
    return Ok();
  }

  Status Finish() override {
    for (auto& [name, file] : lists_)
      GF_CHECK(file.Close());
    GF_CHECK(WriteRules());
    return WriteSnippet();
  }

 private:
  Status Put(const Candidate& candidate, const std::string& key) {
    OutputFile*& list = list_of_[static_cast<std::size_t>(candidate.kind)];
    if (list == nullptr) {
      const std::string name(ListOf(candidate.kind));
      GF_TRY(OutputFile file, context_.output.Open(name));
      list = &lists_.emplace(name, std::move(file)).first->second;
    }
    // Networks may hold one another; of equal keys only the first would count.
    if (candidate.kind == IndicatorKind::kNetwork && !network_keys_.insert(key).second) return Ok();
    line_ = KeyText(key);
    line_ += ':';
    candidate.mentions[0].event_uuid.AppendTo(&line_);
    line_ += '\n';
    return list->Write(line_);
  }

  Status WriteRules() {
    std::string text = fmt::format(
        "<!-- gapferry: {}, up to tlp:{}. Put it into etc/rules of the manager. -->\n"
        "<group name=\"misp,ioc,\">\n",
        context_.destination.name, intel::TlpName(context_.destination.use.clearance));
    const std::string ignore = WazuhIgnore(context_.destination);
    for (const RuleInfo& rule : kRules) {
      if (!lists_.contains(std::string(rule.list))) continue;
      const std::string body = RuleBody(rule);
      GF_TRY(const StableId id,
             context_.registry.Assign(
                 context_.destination.name + "/rule", std::string(rule.key), body + ignore,
                 {options_.rule_id_base, options_.rule_id_base + options_.rule_id_count - 1}));
      text += fmt::format("  <rule id=\"{}\" level=\"{}\"{}>\n{}  </rule>\n", id.id, options_.level,
                          ignore, body);
    }
    text += "</group>\n";
    return context_.output.WriteFile("misp_rules.xml", text);
  }

  [[nodiscard]] std::string RuleBody(const RuleInfo& rule) const {
    return fmt::format(
        "    <if_sid>{}</if_sid>\n"
        "    <list field=\"{}\" lookup=\"{}\">{}/{}</list>\n"
        "    <description>MISP: {} $({})</description>\n"
        "    <group>misp,{},</group>\n",
        rule.parents, rule.field, rule.lookup, XmlText(options_.list_folder), rule.list, rule.what,
        rule.field, rule.group);
  }

  // A list that is not declared is a warning to Wazuh, and its rules are skipped.
  Status WriteSnippet() {
    std::string text = "<!-- For ossec.conf, within <ossec_config>. -->\n<ruleset>\n";
    for (const auto& [name, file] : lists_)
      text += fmt::format("  <list>{}/{}</list>\n", XmlText(options_.list_folder), name);
    text += "  <rule_dir>etc/rules</rule_dir>\n</ruleset>\n";
    return context_.output.WriteFile("ossec-snippet.xml", text);
  }

  WriterContext context_;
  const WazuhOptions& options_;
  std::map<std::string, OutputFile> lists_;
  std::array<OutputFile*, intel::kIndicatorKinds> list_of_{};
  std::set<std::string> network_keys_;
  std::string line_;
};

Decision WazuhCannot(std::string_view why) {
  return Decision::Refuse(Reason::kFormatCannotExpress, why);
}

Decision ExpressNetwork(const WazuhOptions& options, std::string_view value) {
  const std::optional<intel::Network> network = intel::ParseNetwork(value);
  if (!network) return Decision::Refuse(Reason::kValueBadAddress);
  if (network->v6) return WazuhCannot("ipv6-network");
  if (network->prefix < kShortestListedPrefix) return Decision::Refuse(Reason::kPrefixTooWide);
  if (KeysOf(*network) > options.network_limit) return WazuhCannot("network-needs-too-many-keys");
  return Decision::Allow();
}

Decision ExpressWazuh(const Destination& destination, const intel::Indicator& indicator,
                      std::string_view type) {
  if (indicator.kind == IndicatorKind::kNetwork)
    return ExpressNetwork(destination.wazuh, indicator.value);
  if (indicator.kind == IndicatorKind::kOther)
    return Decision::Refuse(Reason::kTypeNotDetectable, type);
  if (ListOf(indicator.kind).empty()) return WazuhCannot(IndicatorKindName(indicator.kind));
  // Within quotes nothing can be escaped.
  if (indicator.value.find('"') != std::string::npos) return WazuhCannot("quote-in-value");
  if (indicator.value.size() > kMaxKeyBytes) return WazuhCannot("too-long");
  return Decision::Allow();
}

}  // namespace

constinit const Format kWazuh{
    .name = "wazuh",
    .summary = "CDB lists and rules for the manager of Wazuh 4",
    .by_event = false,
    .checker = "/var/ossec/bin/wazuh-analysisd -t",
    .express = ExpressWazuh,
    .make = [](const WriterContext& context) -> std::unique_ptr<Writer> {
      return std::make_unique<WazuhWriter>(context);
    },
    .power = policy::Power::kReadsLogs,
    .rate_limits = RateLimits::kIgnore,
};

}  // namespace gapferry::detect
