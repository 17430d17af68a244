#include "collect/line_form.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "intel/value.h"

namespace gapferry::collect {
namespace {

constexpr std::size_t kNone = std::string_view::npos;
constexpr std::uint64_t kMostAddresses = 1 << 16;
constexpr std::string_view kZeroWidth = "\xE2\x80\x8B";

constexpr auto kTorn = std::to_array<std::string_view>(
    {"[.]", "(.)", "{.}", "[dot]", "(dot)", "{dot}", "[at]", "(at)", "{at}", "[@]", "(@)"});

// The form that stands at `at` with a blank on both sides; empty if none does.
std::string_view TornForm(std::string_view line, std::size_t at) {
  if (at == 0 || at + 1 >= line.size() || line[at] != ' ' || line[at - 1] == ' ') return "";
  for (const std::string_view form : kTorn) {
    const std::size_t behind = at + 1 + form.size();
    if (StartsLike(line.substr(at + 1), form) && behind + 1 < line.size() && line[behind] == ' ')
      return line.substr(at + 1, form.size());
  }
  return "";
}

bool IsBesideDot(std::string_view line, std::size_t at) {
  const std::size_t behind = at + kZeroWidth.size();
  return at > 0 && behind < line.size() && (line[at - 1] == '.' || line[behind] == '.');
}

std::optional<std::uint32_t> Number(std::string_view address) {
  const auto network = intel::ParseNetwork(address);
  if (!network || network->v6 || !network->IsAddress() || address.find('/') != kNone)
    return std::nullopt;
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i)
    number = number << 8U | std::uint32_t{network->bytes[i]};
  return number;
}

std::string Shown(std::uint64_t first, int prefix) {
  return fmt::format("{}.{}.{}.{}/{}", first >> 24U & 0xFFU, first >> 16U & 0xFFU,
                     first >> 8U & 0xFFU, first & 0xFFU, prefix);
}

// "203.0.113.0/255.255.255.0", also with the mask turned round, as routers write it.
std::optional<std::vector<std::string>> MaskedNetwork(std::string_view word) {
  const std::size_t slash = word.find('/');
  if (slash == kNone || word.find('.', slash) == kNone) return std::nullopt;
  const auto address = Number(word.substr(0, slash));
  auto mask = Number(word.substr(slash + 1));
  if (!address || !mask) return std::nullopt;
  if (*mask != 0 && *mask >> 31U == 0) mask = ~*mask;
  const int prefix = std::countl_one(*mask);
  const bool has_gaps = std::popcount(*mask) != prefix;
  if (has_gaps || prefix == 0) return std::vector<std::string>();
  return std::vector<std::string>{Shown(*address & *mask, prefix)};
}

}  // namespace

std::string_view JoinDefanged(std::string_view line, std::string* scratch) {
  const bool torn =
      line.find(" [") != kNone || line.find(" (") != kNone || line.find(" {") != kNone;
  if (!torn && line.find(kZeroWidth) == kNone) return line;
  scratch->clear();
  for (std::size_t at = 0; at < line.size();) {
    if (const std::string_view form = torn ? TornForm(line, at) : ""; !form.empty()) {
      scratch->append(form);
      at += form.size() + 2;
    } else if (line.substr(at).starts_with(kZeroWidth) && IsBesideDot(line, at)) {
      at += kZeroWidth.size();
    } else {
      scratch->push_back(line[at++]);
    }
  }
  return *scratch;
}

std::optional<std::vector<std::string>> RangeNetworks(std::string_view word) {
  if (auto masked = MaskedNetwork(word)) return masked;
  const std::size_t dash = word.find('-');
  if (dash == kNone || dash == 0) return std::nullopt;
  const auto first = Number(word.substr(0, dash));
  const auto last = Number(word.substr(dash + 1));
  if (!first || !last || *first > *last) return std::nullopt;
  std::vector<std::string> networks;
  if (*last - *first >= kMostAddresses) return networks;
  for (std::uint64_t at = *first; at <= *last;) {
    // The largest block that begins here and does not go beyond the end.
    int bits = at == 0 ? 32 : std::countr_zero(at);
    while (at + (std::uint64_t{1} << static_cast<unsigned>(bits)) - 1 > *last)
      --bits;
    networks.push_back(Shown(at, 32 - bits));
    at += std::uint64_t{1} << static_cast<unsigned>(bits);
  }
  return networks;
}

std::optional<std::string> NetworkWithMask(std::string_view address, std::string_view mask) {
  const auto number = Number(address);
  const auto bits = Number(mask);
  if (!number || !bits || *bits == 0) return std::nullopt;
  const std::uint32_t turned = *bits >> 31U == 0 ? ~*bits : *bits;
  if (std::popcount(turned) != std::countl_one(turned)) return std::nullopt;
  if ((*number & ~turned) != 0) return std::string(address);
  return Shown(*number, std::countl_one(turned));
}

bool IsNobodysAddress(std::string_view text) {
  const auto network = intel::ParseNetwork(text.substr(0, text.find('|')));
  if (!network) return false;
  constexpr std::uint8_t kLoopback = 127;
  if (!network->v6 && network->bytes[0] == kLoopback && network->prefix >= 8) return true;
  const auto end = network->bytes.begin() + (network->v6 ? 16 : 4);
  const bool zero =
      std::all_of(network->bytes.begin(), end - 1, [](auto byte) { return byte == 0; });
  return network->IsAddress() && zero && (*(end - 1) == 0 || (network->v6 && *(end - 1) == 1));
}

}  // namespace gapferry::collect
