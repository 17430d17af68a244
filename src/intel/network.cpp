#include <arpa/inet.h>

#include <charconv>
#include <cstring>

#include "base/bytes.h"
#include "intel/value.h"

namespace gapferry::intel {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

bool ParseV4(std::string_view text, std::uint8_t* bytes) {
  std::size_t at = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && (at >= text.size() || text[at++] != '.')) return false;
    const std::size_t start = at;
    unsigned value = 0;
    while (at < text.size() && IsAsciiDigit(text[at]) && at - start < 3) {
      value = value * 10 + static_cast<unsigned>(text[at++] - '0');
    }
    const std::size_t digits = at - start;
    // A leading zero means octal to some consumers (reference/formats.md §0.13): no address of ours
    // has one.
    if (digits == 0 || value > 255 || (digits > 1 && text[start] == '0')) return false;
    bytes[part] = static_cast<std::uint8_t>(value);
  }
  return at == text.size();
}

bool ParseV6(std::string_view text, std::uint8_t* bytes) {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  if (text.size() >= buffer.size() || text.find('\0') != std::string_view::npos) return false;
  std::memcpy(buffer.data(), text.data(), text.size());
  return ::inet_pton(AF_INET6, buffer.data(), bytes) == 1;
}

void ClearHostBits(Network* network) {
  const std::size_t size = network->v6 ? 16 : 4;
  for (std::size_t i = 0; i < size; ++i) {
    const int kept = static_cast<int>(network->prefix) - static_cast<int>(8 * i);
    if (kept >= 8) continue;
    const unsigned mask = kept <= 0 ? 0U : (0xFF00U >> kept) & 0xFFU;
    network->bytes[i] = static_cast<std::uint8_t>(network->bytes[i] & mask);
  }
}

void UnmapV4(Network* network) {
  if (!network->v6 || network->prefix < 96) return;
  if (std::memcmp(network->bytes.data(), kMappedPrefix.data(), kMappedPrefix.size()) != 0) return;
  std::memmove(network->bytes.data(), network->bytes.data() + 12, 4);
  std::memset(network->bytes.data() + 4, 0, 12);
  network->v6 = false;
  network->prefix = static_cast<std::uint8_t>(network->prefix - 96);
}

}  // namespace

std::string Network::ToString() const {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  std::string text;
  if (v6) {
    text = ::inet_ntop(AF_INET6, bytes.data(), buffer.data(), buffer.size());
  } else {  // inet_ntop would print it by way of sprintf, at ten times the cost
    char* end = buffer.data();
    for (std::size_t i = 0; i < 4; ++i) {
      if (i > 0) *end++ = '.';
      end = std::to_chars(end, buffer.data() + buffer.size(), bytes[i]).ptr;
    }
    text.assign(buffer.data(), end);
  }
  if (!IsAddress()) text += '/' + std::to_string(prefix);
  return text;
}

std::optional<Network> ParseNetwork(std::string_view text) {
  Network network;
  const std::size_t slash = text.find('/');
  const std::string_view address = text.substr(0, slash);
  network.v6 = address.find(':') != std::string_view::npos;
  const bool parsed =
      network.v6 ? ParseV6(address, network.bytes.data()) : ParseV4(address, network.bytes.data());
  if (!parsed) return std::nullopt;
  const unsigned longest = network.v6 ? 128 : 32;
  unsigned prefix = longest;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    if (error != std::errc{} || stop != digits.data() + digits.size() || digits.size() > 3 ||
        prefix > longest) {
      return std::nullopt;
    }
  }
  network.prefix = static_cast<std::uint8_t>(prefix);
  ClearHostBits(&network);
  UnmapV4(&network);
  return network;
}

std::optional<std::string> NormaliseAddress(std::string_view address) {
  const std::optional<Network> network = ParseNetwork(address);
  if (!network || !network->IsAddress()) return std::nullopt;
  return network->ToString();
}

}  // namespace gapferry::intel
