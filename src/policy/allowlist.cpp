#include "policy/allowlist.h"

#include <algorithm>
#include <vector>

#include "base/bytes.h"
#include "policy/interval_map.h"
#include "policy/list_line.h"
#include "policy/url_host.h"
#include "policy/value_table.h"

namespace gapferry::policy {
namespace {

using intel::IndicatorKind;

constexpr unsigned kWidestV4 = 8;
constexpr unsigned kWidestV6 = 16;

// Written as an address or network, well or badly. Colons alone can also be a MAC address.
bool LooksLikeNetwork(std::string_view text) {
  if (text.find_first_not_of("0123456789abcdefABCDEF.:/") != std::string_view::npos) return false;
  if (text.find(':') != std::string_view::npos)
    return text.find("::") != std::string_view::npos || intel::ParseNetwork(text).has_value();
  return text.find('.') != std::string_view::npos && IsAsciiDigit(text.back());
}

bool LooksLikeName(std::string_view text) {
  return text.find('.') != std::string_view::npos &&
         text.find_first_of("/@\\ :|") == std::string_view::npos;
}

bool IsHash(std::string_view text) {
  return text.size() >= 32 && std::all_of(text.begin(), text.end(), IsAsciiHex);
}

}  // namespace

// Entry i is number i + 1 in the tables; 0 is none.
struct Allowlist::State {
  std::string file;
  std::vector<std::string> entries;
  std::vector<std::size_t> lines;        // of the entries
  std::vector<intel::Network> networks;  // beside their entry numbers
  std::vector<std::uint32_t> network_entry;
  ValueTable values;   // exact and below: entry numbers
  ValueTable parents;  // names that have an entry below them: number of one such entry
  // Hosts of the URLs that are entries: an entry for all of such a host would be wider.
  ValueTable url_names;
  std::vector<intel::Network> url_networks;  // beside their entry numbers
  std::vector<std::uint32_t> url_network_entry;

  Status Add(std::string_view entry);
  Status AddNetwork(std::string_view entry, const intel::Network& network);
  Status AddName(std::string_view entry, std::string_view name, bool exact_only);
  Status AddParents(std::string_view name);
  Status AddUrlHost(const intel::Url& url);
  Status AddValue(std::string_view entry);
  [[nodiscard]] std::uint32_t Number() const { return static_cast<std::uint32_t>(entries.size()); }

  [[nodiscard]] std::uint32_t CoveringName(std::string_view name) const;
  [[nodiscard]] std::uint32_t NetworkEntry(std::string_view text, bool overlap) const;
  [[nodiscard]] std::uint32_t UrlEntry(const intel::Indicator& indicator) const;
  [[nodiscard]] std::uint32_t Exact(std::string_view value) const;
  [[nodiscard]] std::uint32_t Host(std::string_view host) const;
  [[nodiscard]] std::uint32_t Cover(const intel::Indicator& indicator) const;
  [[nodiscard]] std::uint32_t Overlap(const intel::Indicator& indicator) const;
  [[nodiscard]] std::string_view Entry(std::uint32_t number) const {
    return number == 0 ? std::string_view() : std::string_view(entries[number - 1]);
  }
};

namespace {

Error NoRoom() {
  return Error::Make(Kind::kTooLarge, "more than {} bytes of entries", ValueTable::kMaxArenaBytes);
}

bool SharesBits(const intel::Network& a, const intel::Network& b, unsigned bits) {
  for (unsigned bit = 0; bit < bits; bit += 8) {
    const unsigned kept = std::min(8U, bits - bit);
    const unsigned mask = (0xFF00U >> kept) & 0xFFU;
    if (((a.bytes[bit / 8] ^ b.bytes[bit / 8]) & mask) != 0) return false;
  }
  return true;
}
bool Contains(const intel::Network& large, const intel::Network& small) {
  return large.v6 == small.v6 && large.prefix <= small.prefix &&
         SharesBits(large, small, large.prefix);
}

}  // namespace

Status Allowlist::State::AddNetwork(std::string_view entry, const intel::Network& network) {
  const unsigned widest = network.v6 ? kWidestV6 : kWidestV4;
  if (network.prefix < widest) {
    return Error::Make(Kind::kConfig, "{} is wider than /{}, which would silence far too much",
                       entry, widest);
  }
  networks.push_back(network);
  network_entry.push_back(Number());
  return Ok();
}

Status Allowlist::State::AddName(std::string_view entry, std::string_view name, bool exact_only) {
  if (!exact_only && intel::IsPublicSuffix(name)) {
    return Error::Make(Kind::kConfig,
                       "{} is a public suffix; everything below it would be silenced", entry)
        .Hint("write ={} for that name only", entry);
  }
  ValueTable::Entry* slot = values.Insert(name);
  if (slot == nullptr) return NoRoom();
  std::uint32_t& number = exact_only ? slot->exact : slot->below;
  if (number == 0) number = Number();
  return AddParents(name);
}

Status Allowlist::State::AddParents(std::string_view name) {
  for (std::size_t dot = name.find('.'); dot != std::string_view::npos;
       dot = name.find('.', dot + 1)) {
    ValueTable::Entry* parent = parents.Insert(name.substr(dot + 1));
    if (parent == nullptr) return NoRoom();
    if (parent->exact == 0) parent->exact = Number();
  }
  return Ok();
}

Status Allowlist::State::AddUrlHost(const intel::Url& url) {
  if (url.host_is_address) {
    const std::optional<intel::Network> address = intel::ParseNetwork(url.host);
    if (!address) return Ok();
    url_networks.push_back(*address);
    url_network_entry.push_back(Number());
    return Ok();
  }
  ValueTable::Entry* slot = url_names.Insert(url.host);
  if (slot == nullptr) return NoRoom();
  if (slot->exact == 0) slot->exact = Number();
  return AddParents(url.host);
}

Status Allowlist::State::AddValue(std::string_view entry) {
  std::string key(entry);
  if (entry.find("://") != std::string_view::npos) {
    const std::optional<intel::Url> url = intel::ParseUrl(entry);
    if (!url) return Error::Make(Kind::kConfig, "{} is no URL", entry);
    key = url->ToString();
    GF_CHECK(AddUrlHost(*url));
  } else if (IsHash(entry)) {
    key = AsciiLower(entry);
  } else if (entry.find('@') != std::string_view::npos) {
    const intel::Normalised email = intel::Normalise("email", entry);
    if (email.ok()) key = email.value;
  }
  ValueTable::Entry* slot = values.Insert(key);
  if (slot == nullptr) return NoRoom();
  if (slot->exact == 0) slot->exact = Number();
  return Ok();
}

Status Allowlist::State::Add(std::string_view entry) {
  if (entries.size() >= kMaxEntries)
    return Error::Make(Kind::kTooLarge, "more than {} entries", kMaxEntries);
  entries.emplace_back(entry);
  const bool exact_only = entry.starts_with('=');
  const std::string_view text = AsciiTrim(exact_only ? entry.substr(1) : entry);
  if (text.empty()) return Error::Make(Kind::kConfig, "= without a name");
  if (LooksLikeNetwork(text)) {
    const std::optional<intel::Network> network = intel::ParseNetwork(text);
    if (!network) return Error::Make(Kind::kConfig, "{} is no address or network", text);
    return AddNetwork(text, *network);
  }
  // It would cover nothing, since a port is no part of what is compared.
  if (intel::Normalise("ip-dst|port", text).ok() || intel::Normalise("hostname|port", text).ok()) {
    return Error::Make(Kind::kConfig, "{} names a port", text)
        .Hint("write the address or the name alone: it is covered at every port");
  }
  if (LooksLikeName(text) || exact_only) {
    const std::optional<std::string> name =
        intel::NormaliseName(exact_only ? text : intel::WithoutWildcard(text));
    if (!name) return Error::Make(Kind::kConfig, "{} is no DNS name", text);
    return AddName(text, *name, exact_only);
  }
  if (intel::IsPublicSuffix(AsciiLower(text))) return AddName(text, AsciiLower(text), false);
  return AddValue(text);
}

std::uint32_t Allowlist::State::CoveringName(std::string_view name) const {
  std::uint32_t found = 0;
  values.FindSuffixes(name, [&](const ValueTable::Entry& entry, bool whole) {
    if (found == 0) found = entry.below;
    if (found == 0 && whole) found = entry.exact;
  });
  return found;
}

std::uint32_t Allowlist::State::NetworkEntry(std::string_view text, bool overlap) const {
  if (networks.empty()) return 0;
  const std::optional<intel::Network> wanted = intel::ParseNetwork(text);
  if (!wanted) return 0;
  for (std::size_t i = 0; i < networks.size(); ++i) {
    if (Contains(networks[i], *wanted) || (overlap && Contains(*wanted, networks[i])))
      return network_entry[i];
  }
  return 0;
}

std::uint32_t Allowlist::State::Exact(std::string_view value) const {
  const std::optional<ValueTable::Entry> entry = values.Find(value);
  return entry ? entry->exact : 0;
}

std::uint32_t Allowlist::State::Host(std::string_view host) const {
  return IsAddressText(host) ? NetworkEntry(host, false) : CoveringName(host);
}

std::uint32_t Allowlist::State::Cover(const intel::Indicator& indicator) const {
  const std::string_view value = indicator.value;
  switch (indicator.kind) {
    case IndicatorKind::kAddress:
    case IndicatorKind::kNetwork:
      return NetworkEntry(value, false);
    case IndicatorKind::kHostname:
      return CoveringName(value);
    case IndicatorKind::kDomain: {
      // "=name" stands for that name only, and a domain is more than that.
      std::uint32_t found = 0;
      values.FindSuffixes(value, [&](const ValueTable::Entry& entry, bool) {
        if (found == 0) found = entry.below;
      });
      return found;
    }
    case IndicatorKind::kUrl: {
      const std::uint32_t exact = Exact(value);
      return exact != 0 ? exact : Host(UrlHost(value));
    }
    case IndicatorKind::kEmail: {
      const std::uint32_t exact = Exact(value);
      return exact != 0 ? exact : Host(EmailDomain(value));
    }
    default:
      return Exact(value);
  }
}

// The entry for a URL of which the indicator names the whole host.
std::uint32_t Allowlist::State::UrlEntry(const intel::Indicator& indicator) const {
  if (indicator.kind == IndicatorKind::kDomain || indicator.kind == IndicatorKind::kHostname) {
    const std::optional<ValueTable::Entry> host = url_names.Find(indicator.value);
    return host ? host->exact : 0;
  }
  if (url_networks.empty() ||
      (indicator.kind != IndicatorKind::kAddress && indicator.kind != IndicatorKind::kNetwork))
    return 0;
  const std::optional<intel::Network> wanted = intel::ParseNetwork(indicator.value);
  for (std::size_t i = 0; wanted && i < url_networks.size(); ++i) {
    if (Contains(*wanted, url_networks[i])) return url_network_entry[i];
  }
  return 0;
}

std::uint32_t Allowlist::State::Overlap(const intel::Indicator& indicator) const {
  std::uint32_t number = Cover(indicator);
  if (number == 0 && indicator.kind == IndicatorKind::kNetwork)
    number = NetworkEntry(indicator.value, true);
  if (number == 0 && indicator.kind == IndicatorKind::kDomain) {
    number = Exact(indicator.value);
    const std::optional<ValueTable::Entry> parent = parents.Find(indicator.value);
    if (number == 0 && parent) number = parent->exact;
  }
  return number == 0 ? UrlEntry(indicator) : number;
}

Allowlist::Allowlist() : state_(std::make_unique<State>()) {}
Allowlist::Allowlist(Allowlist&&) noexcept = default;
Allowlist& Allowlist::operator=(Allowlist&&) noexcept = default;
Allowlist::~Allowlist() = default;

Result<Allowlist> Allowlist::Parse(std::string_view text, std::string_view file_name) {
  Allowlist list;
  list.state_->file = file_name;
  std::size_t line_number = 0;
  while (!text.empty()) {
    ++line_number;
    const std::string_view entry = SplitListLine(TakeLine(&text)).content;
    if (entry.empty()) continue;
    list.state_->lines.push_back(line_number);
    Status added = list.state_->Add(entry);
    if (!added.ok())
      return std::move(added).error().In(fmt::format("{}:{}", file_name, line_number));
  }
  return list;
}

std::string_view Allowlist::Covers(const intel::Indicator& indicator) const {
  if (state_->entries.empty()) return {};
  return state_->Entry(state_->Cover(indicator));
}

std::string_view Allowlist::Overlaps(const intel::Indicator& indicator) const {
  if (state_->entries.empty()) return {};
  return state_->Entry(state_->Overlap(indicator));
}

std::string Allowlist::Where(const intel::Indicator& indicator, bool some) const {
  if (state_->entries.empty()) return {};
  const std::uint32_t number = some ? state_->Overlap(indicator) : state_->Cover(indicator);
  if (number == 0) return {};
  return fmt::format("{}:{}", state_->file, state_->lines[number - 1]);
}

std::size_t Allowlist::size() const {
  return state_->entries.size();
}

}  // namespace gapferry::policy
