#include "detect/network_list.h"

#include <algorithm>
#include <optional>
#include <set>

#include "detect/value_text.h"

namespace gapferry::detect {
namespace {

// A row is the family, the bytes of the address, the length of the prefix, and the event: a network
// comes before all that lies within it.
constexpr std::size_t kAddressBytes = 16;
constexpr std::size_t kPrefixAt = 1 + kAddressBytes;

bool Holds(const intel::Network& outer, const intel::Network& inner) {
  if (outer.v6 != inner.v6 || outer.prefix > inner.prefix) return false;
  for (unsigned bit = 0; bit < outer.prefix; bit += 8) {
    const unsigned kept = std::min(outer.prefix - bit, 8U);
    const unsigned mask = (0xFF00U >> kept) & 0xFFU;
    if (((outer.bytes[bit / 8] ^ inner.bytes[bit / 8]) & mask) != 0) return false;
  }
  return true;
}

ListedNetwork Decode(std::string_view row) {
  ListedNetwork listed;
  const ByteView bytes = AsBytes(row);
  listed.network.v6 = bytes[0] == 6;
  std::copy_n(bytes.begin() + 1, kAddressBytes, listed.network.bytes.begin());
  listed.network.prefix = bytes[kPrefixAt];
  std::copy_n(bytes.begin() + kPrefixAt + 1, listed.event.bytes.size(), listed.event.bytes.begin());
  return listed;
}

}  // namespace

bool NetworkList::Takes(intel::IndicatorKind kind) {
  return kind == intel::IndicatorKind::kAddress || kind == intel::IndicatorKind::kNetwork;
}

Status NetworkList::Add(const Candidate& candidate) {
  const std::optional<intel::Network> network = intel::ParseNetwork(candidate.value);
  if (!network)
    return Error::Make(Kind::kInternal, "no address and no network: {}", candidate.value);
  row_.assign(1, network->v6 ? '\x06' : '\x04');
  row_ += AsText(network->bytes);
  row_ += static_cast<char>(network->prefix);
  row_ += AsText(candidate.mentions[0].event_uuid.bytes);
  return rows_.Add(row_);
}

Status NetworkList::ForEach(const Visit& visit) {
  std::optional<intel::Network> covering;
  return rows_.ForEach([&](std::string_view row) -> Status {
    const ListedNetwork listed = Decode(row);
    if (covering && Holds(*covering, listed.network)) return Ok();
    covering = listed.network;
    return visit(listed);
  });
}

Status EndpointList::Add(const Candidate& candidate) {
  const std::set<std::uint16_t> ports = PortsOf(candidate);
  if (ports.empty()) return whole_.Add(candidate);
  const std::optional<intel::Network> address = intel::ParseNetwork(candidate.value);
  if (!address) return Error::Make(Kind::kInternal, "no address: {}", candidate.value);
  for (const std::uint16_t port : ports) {
    std::string row(1, address->v6 ? '\x06' : '\x04');
    row += AsText(address->bytes);
    row += static_cast<char>(port >> 8);
    row += static_cast<char>(port & 0xFF);
    row += AsText(candidate.mentions[0].event_uuid.bytes);
    GF_CHECK(rows_.Add(row));
  }
  return Ok();
}

Status EndpointList::ForEach(const Visit& visit) {
  return rows_.ForEach([&](std::string_view row) -> Status {
    ListedEndpoint listed;
    const ByteView bytes = AsBytes(row);
    listed.address.v6 = bytes[0] == 6;
    listed.address.prefix = listed.address.v6 ? 128 : 32;
    std::copy_n(bytes.begin() + 1, kAddressBytes, listed.address.bytes.begin());
    listed.port = static_cast<std::uint16_t>(bytes[kPrefixAt] << 8 | bytes[kPrefixAt + 1]);
    std::copy_n(bytes.begin() + kPrefixAt + 2, listed.event.bytes.size(),
                listed.event.bytes.begin());
    return visit(listed);
  });
}

}  // namespace gapferry::detect
