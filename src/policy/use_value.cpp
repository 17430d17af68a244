#include <algorithm>
#include <array>

#include "policy/url_host.h"
#include "policy/use.h"

namespace gapferry::policy {
namespace {

using intel::IndicatorKind;
using intel::Network;

// RFC 6890 and the IANA special-purpose registries, multicast (RFC 5771, RFC 4291) and reserved
// space. 2001::/32 (Teredo) and 2002::/16 (6to4) carry real traffic and are left out.
struct Bogon {
  std::array<std::uint8_t, 8> bytes;  // the prefix, left-aligned
  std::uint8_t prefix;
  bool v6;
};
constexpr auto kBogons = std::to_array<Bogon>({
    {{0}, 8, false},
    {{10}, 8, false},
    {{100, 64}, 10, false},
    {{127}, 8, false},
    {{169, 254}, 16, false},
    {{172, 16}, 12, false},
    {{192, 0, 0}, 24, false},
    {{192, 0, 2}, 24, false},
    {{192, 168}, 16, false},
    {{198, 18}, 15, false},
    {{198, 51, 100}, 24, false},
    {{203, 0, 113}, 24, false},
    {{224}, 3, false},         // multicast and reserved
    {{0}, 8, true},            // unspecified, loopback, translated
    {{0x01, 0x00}, 64, true},  // discard
    {{0x20, 0x01, 0x0D, 0xB8}, 32, true},
    {{0x3F, 0xFF}, 20, true},  // documentation (RFC 9637)
    {{0xFC}, 7, true},
    {{0xFE, 0x80}, 10, true},
    {{0xFE, 0xC0}, 10, true},
    {{0xFF}, 8, true},
});

bool Overlaps(const Network& network, const Bogon& bogon) {
  if (network.v6 != bogon.v6) return false;
  const unsigned bits = network.prefix < bogon.prefix ? network.prefix : bogon.prefix;
  for (unsigned bit = 0; bit < bits; bit += 8) {
    const unsigned kept = bits - bit < 8 ? bits - bit : 8;
    const unsigned mask = (0xFF00U >> kept) & 0xFFU;
    if (((network.bytes[bit / 8] ^ bogon.bytes[bit / 8]) & mask) != 0) return false;
  }
  return true;
}

// Those that are no one's address. IPv4-mapped ones are read as IPv4.
constexpr auto kNoTargets = std::to_array<Bogon>({
    {{0}, 8, false},
    {{127}, 8, false},
    {{224}, 3, false},  // multicast, reserved, broadcast
    {{0xFF}, 8, true},
});

bool IsZero(const Network& network, std::size_t begin, std::size_t end) {
  return std::all_of(network.bytes.begin() + static_cast<std::ptrdiff_t>(begin),
                     network.bytes.begin() + static_cast<std::ptrdiff_t>(end),
                     [](std::uint8_t byte) { return byte == 0; });
}

// :: and ::1.
bool IsSelfV6(const Network& network) {
  return network.v6 && network.bytes.back() <= 1 && IsZero(network, 0, 15);
}

// Where the indicator leads on a network: an address, network or name; "" for others.
std::string_view Host(const intel::Indicator& indicator) {
  switch (indicator.kind) {
    case IndicatorKind::kAddress:
    case IndicatorKind::kNetwork:
    case IndicatorKind::kDomain:
    case IndicatorKind::kHostname:
      return indicator.value;
    case IndicatorKind::kUrl:
      return UrlHost(indicator.value);
    default:
      return {};
  }
}

// The IPv4 addresses that an address or network of IPv6 leads to: behind NAT64 (RFC 6052) in its
// last four bytes, by 6to4 (RFC 3056) in those after 2002.
std::optional<Network> EmbeddedV4(const Network& network) {
  constexpr Bogon kNat64 = {{0x00, 0x64, 0xFF, 0x9B}, 64, true};
  constexpr Bogon kSixToFour = {{0x20, 0x02}, 16, true};
  constexpr std::uint8_t kNat64Prefix = 96;
  constexpr std::uint8_t kBitsV4 = 32;
  std::size_t first = 0;
  std::uint8_t before = 0;
  if (Overlaps(network, kNat64) && (network.prefix <= kNat64Prefix || IsZero(network, 8, 12))) {
    first = 12;
    before = kNat64Prefix;
  } else if (Overlaps(network, kSixToFour)) {
    first = 2;
    before = kSixToFour.prefix;
  } else {
    return std::nullopt;
  }
  Network embedded;
  const std::size_t bits = network.prefix > before ? network.prefix - before : 0U;
  embedded.prefix = static_cast<std::uint8_t>(std::min<std::size_t>(bits, kBitsV4));
  if (bits > 0)
    std::copy_n(network.bytes.begin() + static_cast<std::ptrdiff_t>(first), 4,
                embedded.bytes.begin());
  return embedded;
}

Decision GuardNetwork(const ValuePolicy& policy, std::string_view text) {
  const std::optional<Network> network = intel::ParseNetwork(text);
  if (!network) return Decision::Allow();
  if (const auto embedded = EmbeddedV4(*network)) {
    const Decision decision = GuardNetwork(policy, embedded->ToString());
    if (!decision.allowed) return decision;
  }
  if (network->prefix < (network->v6 ? policy.shortest_prefix_v6 : policy.shortest_prefix_v4))
    return Decision::Refuse(Reason::kPrefixTooWide);
  if (IsBogon(*network)) return Decision::Refuse(Reason::kBogon);
  return Decision::Allow();
}

// What a blocking artifact never holds, whatever the bundle says.
Decision GuardBlocking(const ValuePolicy& policy, const intel::Indicator& indicator) {
  const std::string_view host = Host(indicator);
  if (host.empty()) return Decision::Allow();
  const bool is_name = indicator.kind == IndicatorKind::kDomain ||
                       indicator.kind == IndicatorKind::kHostname ||
                       (indicator.kind == IndicatorKind::kUrl && !IsAddressText(host));
  if (policy.own != nullptr) {
    std::string_view entry = policy.own->Overlaps(indicator);
    const std::optional<Network> network = is_name ? std::nullopt : intel::ParseNetwork(host);
    const std::optional<Network> embedded = network ? EmbeddedV4(*network) : std::nullopt;
    if (entry.empty() && embedded)
      entry = policy.own->Overlaps({IndicatorKind::kNetwork, embedded->ToString()});
    if (!entry.empty())
      return Decision::Refuse(is_name ? Reason::kOwnDomain : Reason::kOwnNetwork, entry);
  }
  return is_name ? Decision::Allow() : GuardNetwork(policy, host);
}

}  // namespace

Decision DecideTarget(const Network& network) {
  constexpr std::uint8_t kShortestV4 = 8;
  constexpr std::uint8_t kShortestV6 = 16;
  if (network.prefix < (network.v6 ? kShortestV6 : kShortestV4))
    return Decision::Refuse(Reason::kPrefixTooWide);
  if (const auto embedded = EmbeddedV4(network)) {
    const Decision decision = DecideTarget(*embedded);
    if (!decision.allowed) return decision;
  }
  const bool none =
      IsSelfV6(network) || std::any_of(kNoTargets.begin(), kNoTargets.end(),
                                       [&](const Bogon& each) { return Overlaps(network, each); });
  return none ? Decision::Refuse(Reason::kBogon) : Decision::Allow();
}

bool IsBogon(const Network& network) {
  for (const Bogon& bogon : kBogons) {
    if (Overlaps(network, bogon)) return true;
  }
  return false;
}

ValueDecision DecideValue(const ValuePolicy& policy, const intel::Indicator& indicator,
                          std::string_view type, ValueFacts* facts) {
  ValueDecision result;
  ValueFacts own;
  if (facts == nullptr) facts = &own;
  const bool blocks = policy.power == Power::kBlocks;
  const bool is_name =
      indicator.kind == IndicatorKind::kDomain || indicator.kind == IndicatorKind::kHostname;
  if (is_name && !facts->public_suffix)
    facts->public_suffix = intel::IsPublicSuffix(indicator.value);
  if (is_name && *facts->public_suffix) {
    result.decision = Decision::Refuse(Reason::kPublicSuffix);
    return result;
  }
  if (indicator.kind == IndicatorKind::kAddress || indicator.kind == IndicatorKind::kNetwork) {
    const std::optional<Network> network = intel::ParseNetwork(indicator.value);
    if (network) result.decision = DecideTarget(*network);
    if (!result.decision.allowed) return result;
  }
  if (blocks) {
    result.decision = GuardBlocking(policy, indicator);
    if (!result.decision.allowed) return result;
  }
  if (policy.allowlist != nullptr) {
    const std::string_view entry =
        blocks ? policy.allowlist->Overlaps(indicator) : policy.allowlist->Covers(indicator);
    if (!entry.empty()) {
      result.decision = Decision::Refuse(Reason::kAllowlist, entry);
      return result;
    }
  }
  if (policy.warninglists == nullptr) return result;
  if (!facts->warninglists) facts->warninglists = policy.warninglists->Match(indicator, type);
  result.warninglists = *facts->warninglists;
  if (result.warninglists.dropped()) {
    result.decision = Decision::Refuse(Reason::kWarninglist,
                                       policy.warninglists->lists()[result.warninglists.drop].name);
  }
  return result;
}

}  // namespace gapferry::policy
