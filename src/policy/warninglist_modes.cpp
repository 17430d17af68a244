// The default mode of a list, by words of its name. MISP publishes no such distinction: every list
// is a "false positive" list there, although malware does live on shared ground.
#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "policy/warninglist.h"

namespace gapferry::policy {
namespace {

struct NamePattern {
  std::string_view word;  // in lower case, bounded by anything but letters and digits
  std::string_view reason;
};

constexpr std::string_view kCloud = "a cloud or hosting provider, where anybody can rent a host";
constexpr std::string_view kCdn = "a content network, which fronts good and bad sites alike";
constexpr std::string_view kVpn = "a VPN, proxy or relay, used to hide as much as to protect";
constexpr std::string_view kDynamic = "dynamic DNS, where anybody can have a name";
constexpr std::string_view kShort = "a shortener or link page, which leads anywhere";
constexpr std::string_view kAbused = "a legitimate service that is known to be abused";
constexpr std::string_view kResolver = "a public resolver, which malware uses too";
constexpr std::string_view kSinkhole = "a sinkhole: a connection to it tells of an infection";
constexpr std::string_view kParking = "a parking service: domains go there and come back";
constexpr std::string_view kMail = "a mail provider that anybody can use";

constexpr auto kMarking = std::to_array<NamePattern>({
    {"akamai", kCdn},
    {"amazon aws", kCloud},
    {"aws", kCloud},
    {"azure", kCloud},
    {"bunny", kCdn},
    {"cdn", kCdn},
    {"cloudflare ip", kCdn},
    {"cloud platform", kCloud},
    {"datacenter", kCloud},
    {"datacenters", kCloud},
    {"digitalocean", kCloud},
    {"disposable", kMail},
    {"dns resolvers", kResolver},
    {"dynamic dns", kDynamic},
    {"fastly", kCdn},
    {"gcp", kCloud},
    {"github ip", kCloud},
    {"icloud", kVpn},
    {"ipfs", kAbused},
    {"link in bio", kShort},
    {"linode", kCloud},
    {"lots", kAbused},
    {"oracle cloud", kCloud},
    {"ovh", kCloud},
    {"parking", kParking},
    {"private relay", kVpn},
    {"proxies", kVpn},
    {"proxy", kVpn},
    {"public dns", kResolver},
    {"shortener", kShort},
    {"shorteners", kShort},
    {"sinkhole", kSinkhole},
    {"sinkholes", kSinkhole},
    {"stackpath", kCdn},
    {"tor", kVpn},
    {"vpn", kVpn},
    {"vultr", kCloud},
    {"zscaler", kVpn},
});

bool HasWord(std::string_view text, std::string_view word) {
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !IsAsciiAlnum(text[at - 1])) &&
        (end == text.size() || !IsAsciiAlnum(text[end])))
      return true;
  }
  return false;
}

constexpr std::array<std::string_view, 3> kModeNames = {"drop", "mark", "off"};

}  // namespace

std::string_view ListModeName(ListMode mode) {
  return kModeNames[static_cast<std::size_t>(mode)];
}

std::optional<ListMode> FindListMode(std::string_view name) {
  const auto* found = std::find(kModeNames.begin(), kModeNames.end(), name);
  if (found == kModeNames.end()) return std::nullopt;
  return static_cast<ListMode>(found - kModeNames.begin());
}

DefaultMode DefaultListMode(std::string_view list_name) {
  std::string name = AsciiLower(list_name);
  std::replace(name.begin(), name.end(), '-', ' ');
  std::replace(name.begin(), name.end(), '_', ' ');
  for (const NamePattern& pattern : kMarking) {
    if (HasWord(name, pattern.word)) return {ListMode::kMark, pattern.reason};
  }
  return {ListMode::kDrop, "known good, or without meaning as an indicator"};
}

}  // namespace gapferry::policy
