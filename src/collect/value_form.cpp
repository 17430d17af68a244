#include "collect/value_form.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/bytes.h"
#include "collect/file_form.h"
#include "collect/line_form.h"
#include "collect/words.h"
#include "intel/tld.h"
#include "intel/value.h"

namespace gapferry::collect {
namespace {

// Schemes of what malware calls or is fetched from. Without such a list "note://" and "std::" pass.
constexpr auto kSchemes = std::to_array<std::string_view>(
    {"http", "https", "ftp",    "ftps",   "sftp",        "tcp",        "udp", "ws",
     "wss",  "ssh",   "telnet", "smb",    "ldap",        "ldaps",      "rmi", "dns",
     "irc",  "ircs",  "tftp",   "socks5", "stratum+tcp", "stratum+ssl"});

// What reads as a name of the Internet and is a product.
constexpr auto kProducts = std::to_array<std::string_view>(
    {"asp.net", "vb.net", "ado.net", "ml.net", "paint.net", "quest.net", "node.js", "vue.js",
     "next.js", "react.js", "express.js", "d3.js", "three.js"});

std::string_view HashType(std::size_t length) {
  switch (length) {
    case 32:
      return "md5";
    case 40:
      return "sha1";
    case 56:
      return "sha224";
    case 64:
      return "sha256";
    case 96:
      return "sha384";
    case 128:
      return "sha512";
    default:
      return "";
  }
}

bool IsHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), IsAsciiHex);
}

bool Is(FormedValue* out, std::string_view type, std::string value) {
  out->type = type;
  out->value = std::move(value);
  return true;
}

bool FindHash(std::string_view text, FormedValue* out) {
  const std::string_view type = HashType(text.size());
  return !type.empty() && IsHex(text) && Is(out, type, AsciiLower(text));
}

bool IsPort(std::string_view text) {
  unsigned port = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && stop == text.data() + text.size() && text.size() <= 5 &&
         port > 0 && port <= 65535 && text[0] != '0';
}

// "add::fab" is a word of C++ and an address too; one that is meant has a digit.
bool BelievableV6(std::string_view text) {
  return std::count(text.begin(), text.end(), ':') >= 2 &&
         std::any_of(text.begin(), text.end(), IsAsciiDigit);
}

bool FindAddress(std::string_view text, FormedValue* out) {
  if (text.size() < 3 || !IsAsciiHex(text[0])) {
    if (!text.starts_with("::")) return false;
  }
  const std::optional<intel::Network> network = intel::ParseNetwork(text);
  if (!network) return false;
  if (text.find(':') != kNowhere && !BelievableV6(text)) return false;
  if (IsNobodysAddress(text)) return false;
  // Nothing, and everything: what a routing table has.
  const bool zero = std::all_of(network->bytes.begin(), network->bytes.end(),
                                [](std::uint8_t byte) { return byte == 0; });
  return !zero && network->prefix != 0 && Is(out, "ip-dst", network->ToString());
}

// A name that can be on the Internet, in lower case as A-labels.
std::optional<std::string> HostName(std::string_view text) {
  if (text.find('.') == kNowhere || text.size() > 1024) return std::nullopt;
  std::optional<std::string> name = intel::NormaliseName(text);
  if (!name || name->find('.') == kNowhere || !intel::HasKnownTld(*name) ||
      intel::IsRegistrySuffix(*name)) {
    return std::nullopt;
  }
  std::string_view rest = *name;
  while (!rest.empty()) {
    const std::string_view label = rest.substr(0, rest.find('.'));
    if (label.front() == '-' || (label.back() == '-' && label.size() == rest.size()))
      return std::nullopt;
    rest.remove_prefix(std::min(rest.size(), label.size() + 1));
  }
  // The registered name and its ending have neither underscores nor a hyphen at the end.
  const std::size_t dot = name->rfind('.');
  const std::size_t before = name->rfind('.', dot - 1);
  const std::string_view registered =
      std::string_view(*name).substr(before == kNowhere ? 0 : before + 1);
  if (registered.find('_') != kNowhere ||
      registered[dot - (before == kNowhere ? 0 : before + 1) - 1] == '-')
    return std::nullopt;
  return name;
}

std::string_view NameType(std::string_view name) {
  return std::count(name.begin(), name.end(), '.') == 1 ? "domain" : "hostname";
}

// host:port, host|port, [v6]:port
bool FindHostPort(std::string_view text, FormedValue* out) {
  const std::size_t split = text.find_last_of(":|");
  if (split == kNowhere || split == 0 || !IsPort(text.substr(split + 1))) return false;
  const std::string port = '|' + std::string(text.substr(split + 1));
  std::string_view host = text.substr(0, split);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != kNowhere && text[split] == ':') {
    return false;  // the end of an IPv6 address
  }
  if (FindAddress(host, out)) {
    if (out->value.find('/') != kNowhere) return false;
    return Is(out, "ip-dst|port", out->value + port);
  }
  const std::optional<std::string> name = HostName(host);
  return name && Is(out, "hostname|port", *name + port);
}

// The part of a URL before its path, split into what is before the host, the host, and the port.
struct Authority {
  std::string_view user;  // with its @
  std::string_view host;
  std::string_view port;  // with its colon
};

Authority SplitAuthority(std::string_view text) {
  Authority parts;
  const std::size_t at = text.rfind('@');
  if (at != kNowhere) parts.user = text.substr(0, at + 1);
  text.remove_prefix(parts.user.size());
  const std::size_t colon = text.rfind(':');
  const std::size_t bracket = text.rfind(']');
  if (colon != kNowhere && (bracket == kNowhere || colon > bracket)) {
    parts.port = text.substr(colon);
    text = text.substr(0, colon);
  }
  parts.host = text;
  return parts;
}

// The host of a URL in its normal form, with the brackets of IPv6; empty if it is none.
std::string UrlHost(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) {
    const auto address = intel::NormaliseAddress(host.substr(1, host.size() - 2));
    return address && address->find(':') != kNowhere ? '[' + *address + ']' : "";
  }
  if (const auto address = intel::NormaliseAddress(host)) {
    if (IsNobodysAddress(*address)) return "";
    return address->find(':') == kNowhere ? *address : "";
  }
  return HostName(host).value_or("");
}

bool HasNoBlank(std::string_view text) {
  return text.find_first_of(" \t\n") == kNowhere;
}

// `rest`: what comes after "scheme://", or the whole of a URL that has no scheme.
bool BuildUrl(std::string_view scheme, std::string_view rest, FormedValue* out) {
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  const Authority authority = SplitAuthority(rest.substr(0, end));
  if (!authority.port.empty() && authority.port != ":" && !IsPort(authority.port.substr(1)))
    return false;
  const std::string host = UrlHost(authority.host);
  if (host.empty() || !HasNoBlank(authority.user)) return false;
  std::string url;
  if (!scheme.empty()) url = std::string(scheme) + "://";
  url += authority.user;
  url += host;
  url += authority.port;
  url += rest.substr(end);
  return Is(out, "url", std::move(url));
}

bool FindUrl(std::string_view text, FormedValue* out) {
  const std::size_t separator = text.find("://");
  if (separator == kNowhere || separator == 0 || separator > 16) return false;
  const std::string scheme = AsciiLower(text.substr(0, separator));
  if (std::find(kSchemes.begin(), kSchemes.end(), scheme) == kSchemes.end()) return false;
  return BuildUrl(scheme, text.substr(separator + 3), out);
}

// "host/path" and "host:port/path". A network is none, nor is "and/or".
bool FindBareUrl(std::string_view text, FormedValue* out) {
  const std::size_t end = text.find_first_of("/?");
  if (end == kNowhere || end == 0 || text.substr(0, end).find('@') != kNowhere) return false;
  // "1.2.3.4/33": a network with a slip of the pen.
  const std::string_view behind = text.substr(end + 1);
  if (!behind.empty() && std::all_of(behind.begin(), behind.end(), IsAsciiDigit) &&
      intel::NormaliseAddress(text.substr(0, end))) {
    return false;
  }
  return BuildUrl("", text, out);
}

bool FindEmail(std::string_view text, FormedValue* out) {
  if (AsciiLower(text.substr(0, 7)) == "mailto:") text.remove_prefix(7);
  const std::size_t at = text.find('@');
  if (at == kNowhere || at == 0 || at > 64 || text.find('@', at + 1) != kNowhere) return false;
  const auto is_local = [](char c) {
    return IsAsciiAlnum(c) || std::string_view("._%+-=&~'!#$*").find(c) != kNowhere ||
           static_cast<std::uint8_t>(c) >= 0x80;
  };
  const std::string_view local = text.substr(0, at);
  if (!std::all_of(local.begin(), local.end(), is_local) || local.front() == '.') return false;
  const std::optional<std::string> host = HostName(text.substr(at + 1));
  return host && Is(out, "email-src", AsciiLower(local) + '@' + *host);
}

// CVE-YYYY-NNNN…, also with the dashes of word processors.
bool FindVulnerability(std::string_view text, FormedValue* out) {
  if (text.size() < 13 || text.size() > 24 || AsciiLower(text.substr(0, 4)) != "cve-") return false;
  const std::string_view year = text.substr(4, 4);
  const std::string_view number = text.substr(9);
  if (text[8] != '-' || number.size() < 4) return false;
  if (!std::all_of(year.begin(), year.end(), IsAsciiDigit)) return false;
  if (!std::all_of(number.begin(), number.end(), IsAsciiDigit)) return false;
  return Is(out, "vulnerability", "CVE-" + std::string(text.substr(4)));
}

bool FindAutonomousSystem(std::string_view text, FormedValue* out) {
  if (text.size() < 4 || text.size() > 12 || AsciiLower(text.substr(0, 2)) != "as") return false;
  const std::string_view number = text.substr(2);
  if (!std::all_of(number.begin(), number.end(), IsAsciiDigit)) return false;
  return Is(out, "AS", std::string(number));
}

// name|hash, as MISP stores it.
bool FindFileAndHash(std::string_view text, FormedValue* out) {
  const std::size_t bar = text.find('|');
  if (bar == kNowhere || bar == 0 || text.find('|', bar + 1) != kNowhere) return false;
  const std::string_view name = AsciiTrim(text.substr(0, bar));
  const std::string_view hash = AsciiTrim(text.substr(bar + 1));
  if (!FindHash(hash, out) || !IsFileName(name)) return false;
  static constexpr auto kPairs =
      std::to_array<std::pair<std::string_view, std::string_view>>({{"md5", "filename|md5"},
                                                                    {"sha1", "filename|sha1"},
                                                                    {"sha224", "filename|sha224"},
                                                                    {"sha256", "filename|sha256"},
                                                                    {"sha384", "filename|sha384"},
                                                                    {"sha512", "filename|sha512"}});
  for (const auto& [single, pair] : kPairs) {
    if (single == out->type) return Is(out, pair, std::string(name) + '|' + out->value);
  }
  return false;
}

bool IsProduct(std::string_view text) {
  const std::string lower = AsciiLower(text);
  return std::find(kProducts.begin(), kProducts.end(), lower) != kProducts.end();
}

// In prose "sentence.Next" and "ReliableSite.Net" are no names of hosts.
bool BelievableInProse(std::string_view text) {
  const std::string_view tld = text.substr(text.rfind('.') + 1);
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  const bool some = std::any_of(tld.begin(), tld.end(), is_upper);
  const bool all = std::all_of(tld.begin(), tld.end(), is_upper);
  return !some || all;
}

bool FindName(std::string_view text, FormedValue* out) {
  const std::string_view plain = intel::WithoutWildcard(text);
  const std::optional<std::string> name = HostName(plain);
  // Only a domain stands for the names below it, as the wildcard does.
  return name && Is(out, plain.size() < text.size() ? "domain" : NameType(*name), *name);
}

}  // namespace

std::string_view TrimCell(std::string_view text) {
  // Also NBSP, zero-width space and the byte order mark, which spreadsheets leave at the ends.
  static constexpr auto kWide =
      std::to_array<std::string_view>({"\xC2\xA0", "\xE2\x80\x8B", "\xEF\xBB\xBF"});
  for (bool again = true; again;) {
    const std::string_view trimmed = AsciiTrim(text);
    again = trimmed.size() != text.size();
    text = trimmed;
    for (const std::string_view wide : kWide) {
      if (text.starts_with(wide)) text.remove_prefix(wide.size()), again = true;
      if (text.ends_with(wide)) text.remove_suffix(wide.size()), again = true;
    }
    for (const char quote : {'"', '\''}) {
      if (text.size() < 2 || text.front() != quote || text.back() != quote) continue;
      text = text.substr(1, text.size() - 2);
      again = true;
    }
  }
  return text;
}

bool FindForm(std::string_view text, Around around, FormedValue* out) {
  if (text.size() < 3 || text.size() > kMaxFormBytes) return false;
  if (FindHash(text, out) || FindFileAndHash(text, out)) return true;
  if (FindPath(text))
    return Is(out, IsRegistryKey(text) ? "regkey" : "filename", std::string(text));
  const std::string plain = intel::Refang(text);
  const bool defanged = plain != text;
  if (FindAddress(plain, out) || FindHostPort(plain, out) || FindUrl(plain, out)) return true;
  if (around == Around::kProse && !HasNoBlank(plain)) return false;
  if (FindEmail(plain, out) || FindVulnerability(plain, out) || FindAutonomousSystem(plain, out))
    return true;
  if (around == Around::kProse && !defanged && IsProduct(plain)) return false;
  if (!defanged && IsProjectFile(plain)) return false;
  // Who takes the teeth out of a name means a host, even where its ending is that of a file too.
  if (!defanged && (FindFile(plain) || FindScript(plain, around == Around::kProse)))
    return Is(out, "filename", plain);
  if (around == Around::kProse && !defanged && !BelievableInProse(plain)) return false;
  return FindName(plain, out) || FindBareUrl(plain, out);
}

bool FindHost(std::string_view text, FormedValue* out) {
  return FindName(intel::Refang(text), out);
}

bool FitType(std::string_view type, std::string_view text, FormedValue* out) {
  const intel::TypeInfo* info = intel::FindType(type);
  if (info == nullptr) return false;
  intel::Normalised normalised;
  intel::Normalise(info, text, &normalised);
  if (type.starts_with("ip-") && IsNobodysAddress(normalised.value)) return false;
  return normalised.ok() && Is(out, info->name, std::move(normalised.value));
}

}  // namespace gapferry::collect
