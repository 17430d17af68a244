#include "collect/resolver_line.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "collect/line_form.h"
#include "intel/value.h"

namespace gapferry::collect {
namespace {

using Rule = std::optional<BlockLine>;

constexpr std::size_t kNoMark = std::string_view::npos;
constexpr std::string_view kGap = " \t";

// "key=value", "--key = value", "key: value"
struct Setting {
  std::string_view key;
  std::string_view value;  // without a comment
};

std::string_view WithoutHash(std::string_view text) {
  for (std::size_t at = text.find('#'); at != kNoMark; at = text.find('#', at + 1)) {
    if (at > 0 && kGap.find(text[at - 1]) != kNoMark) return AsciiTrim(text.substr(0, at));
  }
  return text;
}

std::optional<Setting> ReadSetting(std::string_view line, char mark) {
  if (mark == '=' && line.starts_with("--")) line.remove_prefix(2);
  const std::size_t at = line.find(mark);
  if (at == kNoMark) return std::nullopt;
  const Setting setting{AsciiTrim(line.substr(0, at)), WithoutHash(AsciiTrim(line.substr(at + 1)))};
  const bool is_key =
      !setting.key.empty() && std::all_of(setting.key.begin(), setting.key.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || IsAsciiDigit(c) || c == '-';
      });
  return is_key ? std::optional(setting) : std::nullopt;
}

template <std::size_t kSize>
bool IsOneOfKeys(const std::array<std::string_view, kSize>& keys, std::string_view key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

// Options that nothing but dnsmasq has.
constexpr auto kDnsmasqKeys = std::to_array<std::string_view>({"add-mac",
                                                               "add-subnet",
                                                               "addn-hosts",
                                                               "auth-server",
                                                               "auth-zone",
                                                               "bogus-nxdomain",
                                                               "bogus-priv",
                                                               "bind-interfaces",
                                                               "cache-size",
                                                               "caa-record",
                                                               "conf-dir",
                                                               "conf-file",
                                                               "dhcp-authoritative",
                                                               "dhcp-boot",
                                                               "dhcp-host",
                                                               "dhcp-hostsfile",
                                                               "dhcp-leasefile",
                                                               "dhcp-option",
                                                               "dhcp-range",
                                                               "dns-rr",
                                                               "dnssec",
                                                               "domain-needed",
                                                               "edns-packet-max",
                                                               "except-interface",
                                                               "expand-hosts",
                                                               "filterwin2k",
                                                               "host-record",
                                                               "ignore-address",
                                                               "interface-name",
                                                               "ipset",
                                                               "listen-address",
                                                               "local-service",
                                                               "local-ttl",
                                                               "localise-queries",
                                                               "log-facility",
                                                               "log-queries",
                                                               "mx-host",
                                                               "mx-target",
                                                               "naptr-record",
                                                               "neg-ttl",
                                                               "nftset",
                                                               "no-dhcp-interface",
                                                               "no-hosts",
                                                               "no-negcache",
                                                               "no-poll",
                                                               "no-resolv",
                                                               "ptr-record",
                                                               "rebind-domain-ok",
                                                               "resolv-file",
                                                               "rev-server",
                                                               "servers-file",
                                                               "srv-host",
                                                               "stop-dns-rebind",
                                                               "strict-order",
                                                               "synth-domain",
                                                               "trust-anchor",
                                                               "txt-record"});

// "/evil.example/other.example/192.0.2.1"
Rule ByPath(std::string_view key, std::string_view value) {
  value = value.substr(1, value.find_first_of(kGap) - 1);
  const std::size_t end = value.rfind('/');
  if (end == kNoMark) return std::nullopt;
  // "#" stands for the usual servers; a server that is named is asked, and blocks nothing.
  const std::string_view answer = value.substr(end + 1);
  const bool asks = answer.starts_with('#') || (key != "address" && !answer.empty());
  return asks ? BlockLine() : BlockLine{SplitAt(value.substr(0, end), "/")};
}

// "evil.example,0.0.0.0": names and their addresses.
BlockLine ByHostRecord(std::string_view value) {
  BlockLine line;
  bool blocks = false;
  for (std::string& part : SplitAt(value, ",")) {
    const bool is_address = intel::ParseNetwork(part).has_value();
    blocks = blocks || (is_address && IsNobodysAddress(part));
    if (!is_address) line.values.push_back(std::move(part));
  }
  return blocks ? line : BlockLine();
}

bool IsPathKey(std::string_view key) {
  return key == "address" || key == "local" || key == "server";
}

// Nothing, if it is no line that only dnsmasq has.
Rule ByDnsmasq(const Setting& setting) {
  if (IsPathKey(setting.key) && setting.value.starts_with('/'))
    return ByPath(setting.key, setting.value);
  if (setting.key == "host-record") return ByHostRecord(setting.value);
  // The first names get the last one's answer, and may be one's own as well as somebody else's.
  if (setting.key == "cname" && setting.value.find(',') != kNoMark) return BlockLine{{}, true};
  if (IsOneOfKeys(kDnsmasqKeys, setting.key)) return BlockLine();
  return std::nullopt;
}

constexpr auto kUnboundKeys = std::to_array<std::string_view>({"access-control",
                                                               "control-enable",
                                                               "control-interface",
                                                               "do-not-query-address",
                                                               "domain-insecure",
                                                               "forward-addr",
                                                               "forward-host",
                                                               "forward-first",
                                                               "forward-tls-upstream",
                                                               "forward-zone",
                                                               "local-data-ptr",
                                                               "local-zone-override",
                                                               "local-zone-tag",
                                                               "private-address",
                                                               "private-domain",
                                                               "root-hints",
                                                               "stub-addr",
                                                               "stub-host",
                                                               "stub-zone",
                                                               "so-reuseport",
                                                               "harden-glue",
                                                               "hide-identity",
                                                               "hide-version",
                                                               "num-threads",
                                                               "outgoing-interface",
                                                               "rpz-action-override",
                                                               "tls-cert-bundle"});

// Without quotes, and with no more than one dot at the end less.
std::string_view Unquoted(std::string_view word) {
  while (!word.empty() && (word.front() == '"' || word.front() == '\''))
    word.remove_prefix(1);
  while (!word.empty() && (word.back() == '"' || word.back() == '\''))
    word.remove_suffix(1);
  return word.ends_with('.') ? word.substr(0, word.size() - 1) : word;
}

Rule ByUnbound(const Setting& setting) {
  const bool has_action = setting.key == "local-zone" || setting.key == "response-ip";
  if (!has_action && setting.key != "local-data")
    return IsOneOfKeys(kUnboundKeys, setting.key) ? Rule(BlockLine()) : std::nullopt;
  const std::vector<std::string> words = SplitAt(setting.value, kGap);
  if (words.empty()) return std::nullopt;
  const std::string_view name = Unquoted(words.front());
  if (has_action) {
    constexpr auto kBlocking = std::to_array<std::string_view>(
        {"static", "deny", "refuse", "redirect", "inform_deny", "inform_redirect", "always_deny",
         "always_nodata", "always_null", "always_nxdomain", "always_refuse"});
    const bool blocks = words.size() > 1 && IsOneOfKeys(kBlocking, Unquoted(words[1]));
    return blocks ? BlockLine{{std::string(name)}} : BlockLine();
  }
  return name.empty() ? BlockLine() : BlockLine{{std::string(name)}};
}

// A zone that holds nothing stands for the name; one that others answer for does not.
Rule ByBind(std::string_view line) {
  if (!line.starts_with("zone \"") || line.find('{') == kNoMark || line.find('}') == kNoMark)
    return std::nullopt;
  const std::string_view name = line.substr(6, line.find('"', 6) - 6);
  const std::vector<std::string> words = SplitAt(line, " \t{};\"");
  const auto type = std::find(words.begin(), words.end(), "type");
  const bool holds = type != words.end() && type + 1 != words.end() &&
                     (*(type + 1) == "master" || *(type + 1) == "primary");
  return holds ? BlockLine{{std::string(Unquoted(name))}} : BlockLine();
}

}  // namespace

std::optional<BlockLine> ReadResolverLine(std::string_view line, ListForm form) {
  if (auto bind = ByBind(line)) return bind;
  if (const auto setting = ReadSetting(line, '=')) {
    if (auto rule = ByDnsmasq(*setting)) return rule;
    if (form == ListForm::kDnsmasq) return BlockLine();
  }
  if (const auto setting = ReadSetting(line, ':')) {
    if (auto rule = ByUnbound(*setting)) return rule;
    const bool is_setting = !setting->value.starts_with("//") && form == ListForm::kUnbound;
    if (is_setting) return BlockLine();
  }
  return std::nullopt;
}

LikeList LikeDnsmasq(std::string_view line) {
  if (IsOneOfKeys(kDnsmasqKeys, line)) return LikeList::kLike;
  const auto setting = ReadSetting(line, '=');
  if (!setting) return LikeList::kNo;
  const bool sure = (IsPathKey(setting->key) && setting->value.starts_with('/')) ||
                    IsOneOfKeys(kDnsmasqKeys, setting->key);
  return sure ? LikeList::kSure : LikeList::kLike;
}

LikeList LikeUnbound(std::string_view line) {
  const auto setting = ReadSetting(line, ':');
  if (!setting || setting->value.starts_with("//")) return LikeList::kNo;
  const bool sure = setting->key == "local-zone" || setting->key == "local-data";
  return sure ? LikeList::kSure : LikeList::kLike;
}

}  // namespace gapferry::collect
