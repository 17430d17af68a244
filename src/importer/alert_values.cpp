#include "importer/alert_values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/bytes.h"

namespace gapferry::importer {
namespace {

using intel::IndicatorKind;

const Json* Field(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

const Json* Field(const Json& object, const char* outer, const char* inner) {
  const Json* found = Field(object, outer);
  return found == nullptr ? nullptr : Field(*found, inner);
}

// Texts of one kind, each once.
class Texts {
 public:
  void Add(const Json* value) {
    if (value == nullptr || !value->is_string() || texts_.size() == kMaxSeenValues) return;
    const auto& text = value->get_ref<const std::string&>();
    if (text.empty() || std::find(texts_.begin(), texts_.end(), text) != texts_.end()) return;
    texts_.push_back(text);
  }
  // The field of each object of a list.
  void AddEach(const Json* list, const char* name) {
    if (list == nullptr || !list->is_array()) return;
    for (const Json& one : *list)
      Add(Field(one, name));
  }
  [[nodiscard]] const std::vector<std::string>& all() const { return texts_; }

 private:
  std::vector<std::string> texts_;
};

// Names of DNS queries, HTTP hosts and TLS and QUIC servers.
std::vector<std::string> NamesSeen(const Json& event) {
  Texts names;
  if (const Json* dns = Field(event, "dns")) {
    names.Add(Field(*dns, "rrname"));
    names.AddEach(Field(*dns, "query"), "rrname");    // version 7
    names.AddEach(Field(*dns, "queries"), "rrname");  // version 8
  }
  names.Add(Field(event, "tls", "sni"));
  names.Add(Field(event, "quic", "sni"));
  names.Add(Field(event, "http", "hostname"));
  return names.all();
}

// As the rules read it: in lower case, without a dot or a port at its end. What stands before the
// labels that are looked up may be anything.
std::string ReadName(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const bool port =
      colon != std::string_view::npos && colon + 1 < text.size() &&
      std::all_of(text.begin() + static_cast<std::ptrdiff_t>(colon) + 1, text.end(), IsAsciiDigit);
  if (port) text = text.substr(0, colon);
  if (text.ends_with('.')) text.remove_suffix(1);
  return AsciiLower(text);
}

std::optional<std::string> LastLabels(const std::string& name, std::size_t count) {
  std::size_t at = name.size();
  for (; count > 0; --count) {
    if (at == std::string::npos || at == 0) return std::nullopt;
    at = name.rfind('.', at - 1);
  }
  return at == std::string::npos ? name : name.substr(at + 1);
}

void AddNames(const Json& event, std::string_view set, std::vector<SeenValue>* seen) {
  std::size_t labels = 0;
  const std::string_view digits = set.substr(set.rfind('-') + 1);
  std::from_chars(digits.data(), digits.data() + digits.size(), labels);
  for (const std::string& text : NamesSeen(event)) {
    const std::string name = ReadName(text);
    if (set == "hostname") {
      seen->push_back({text, {IndicatorKind::kHostname, name}});
    } else if (const auto end = labels == 0 ? std::nullopt : LastLabels(name, labels)) {
      seen->push_back({text, {IndicatorKind::kDomain, *end}});
    }
  }
}

// Host and path lie in two sets; the port of a URL is in neither, so each that it can be is tried.
void AddUrls(const Json& event, std::vector<SeenValue>* seen) {
  Texts hosts;
  hosts.Add(Field(event, "http", "hostname"));
  Texts targets;
  targets.Add(Field(event, "http", "url"));
  if (hosts.all().empty() || targets.all().empty()) return;
  std::string_view target = targets.all()[0];
  // A request to a proxy names scheme and host before the path.
  if (const std::size_t scheme = target.find("://"); scheme < target.find_first_of("/?")) {
    const std::size_t path = target.find_first_of("/?", scheme + 3);
    target = path == std::string_view::npos ? "/" : target.substr(path);
  }
  std::string_view host = hosts.all()[0];
  if (host.ends_with('.')) host.remove_suffix(1);
  std::vector<std::uint16_t> ports = {0};
  for (const Json* port : {Field(event, "http", "http_port"), Field(event, "dest_port")}) {
    if (port != nullptr && port->is_number_unsigned() && port->get<std::uint64_t>() <= 65535)
      ports.push_back(port->get<std::uint16_t>());
  }
  auto url = intel::ParseUrl("http://" + std::string(host) + std::string(target));
  if (!url) return;
  std::vector<std::string> known;
  for (const std::uint16_t port : ports) {
    if (port != 0) url->port = port == 80 ? 0 : port;
    std::string whole = url->ToString();
    if (std::find(known.begin(), known.end(), whole) != known.end()) continue;
    known.push_back(whole);
    seen->push_back({std::string(host) + std::string(target), {IndicatorKind::kUrl, whole}});
  }
}

void AddAddresses(const Json& event, std::string_view set, std::vector<SeenValue>* seen) {
  const bool networks = set.starts_with("networks-") || set.starts_with("iprep-");
  const bool from = set.starts_with("ip-from") || set == "networks-from" || set == "iprep-source";
  const bool both = set == "networks-both";
  Texts addresses;
  if (from || both) addresses.Add(Field(event, "src_ip"));
  if (!from || both) addresses.Add(Field(event, "dest_ip"));
  for (const std::string& text : addresses.all()) {
    const auto address = intel::NormaliseAddress(text);
    if (address) seen->push_back({text, {IndicatorKind::kAddress, *address}, networks});
  }
}

void AddHashes(const Json& event, const std::string& set, IndicatorKind kind,
               std::vector<SeenValue>* seen) {
  Texts hashes;
  hashes.Add(Field(event, "fileinfo", set.c_str()));
  hashes.AddEach(Field(event, "files"), set.c_str());
  for (const std::string& text : hashes.all())
    seen->push_back({text, {kind, AsciiLower(text)}});
}

void AddText(const Json* value, IndicatorKind kind, std::vector<SeenValue>* seen) {
  Texts texts;
  texts.Add(value);
  for (const std::string& text : texts.all())
    seen->push_back({text, {kind, text}});
}

void AddFingerprint(const Json& event, std::vector<SeenValue>* seen) {
  AddText(Field(event, "tls", "fingerprint"), IndicatorKind::kX509Sha1, seen);
  for (SeenValue& one : *seen) {
    std::erase(one.indicator.value, ':');
    one.indicator.value = AsciiLower(one.indicator.value);
  }
}

// "domain-2-s1" is the second part of a set that was too large for one file.
std::string_view WithoutShard(std::string_view set) {
  const std::size_t at = set.rfind("-s");
  const bool sharded =
      at != std::string_view::npos && at + 2 < set.size() &&
      std::all_of(set.begin() + static_cast<std::ptrdiff_t>(at) + 2, set.end(), IsAsciiDigit);
  return sharded ? set.substr(0, at) : set;
}

}  // namespace

std::vector<SeenValue> ValuesSeen(const Json& event, std::string_view set) {
  set = WithoutShard(set);
  std::vector<SeenValue> seen;
  if (set == "hostname" || set.starts_with("domain-")) {
    AddNames(event, set, &seen);
  } else if (set.starts_with("url-host")) {
    AddUrls(event, &seen);
  } else if (set == "user-agent") {
    AddText(Field(event, "http", "http_user_agent"), IndicatorKind::kUserAgent, &seen);
  } else if (set == "ja3") {
    const Json* ja3 = Field(event, "tls", "ja3");
    if (ja3 != nullptr) AddText(Field(*ja3, "hash"), IndicatorKind::kJa3, &seen);
  } else if (set == "x509-sha1") {
    AddFingerprint(event, &seen);
  } else if (set == "md5") {
    AddHashes(event, "md5", IndicatorKind::kMd5, &seen);
  } else if (set == "sha1") {
    AddHashes(event, "sha1", IndicatorKind::kSha1, &seen);
  } else if (set == "sha256") {
    AddHashes(event, "sha256", IndicatorKind::kSha256, &seen);
  } else {
    AddAddresses(event, set, &seen);
  }
  return seen;
}

std::optional<std::uint16_t> PortSeen(const Json& event, const RuleOrigin& rule) {
  constexpr std::string_view kPort = "-port-";
  if (const std::size_t at = rule.set.find(kPort); at != std::string::npos) {
    std::uint16_t port = 0;
    std::from_chars(rule.set.data() + at + kPort.size(), rule.set.data() + rule.set.size(), port);
    return port;
  }
  const bool at_ports = rule.match.starts_with("tcp-") || rule.match.starts_with("udp-");
  if (!rule.value || !at_ports) return std::nullopt;
  constexpr std::array<std::pair<const char*, const char*>, 2> kEnds = {
      {{"dest_ip", "dest_port"}, {"src_ip", "src_port"}}};
  for (const auto& [ip_key, port_key] : kEnds) {
    const Json* address = Field(event, ip_key);
    const Json* port = Field(event, port_key);
    if (address == nullptr || !address->is_string() || port == nullptr ||
        !port->is_number_unsigned() || port->get<std::uint64_t>() > 65535)
      continue;
    const auto network = intel::ParseNetwork(address->get<std::string>());
    if (network && network->ToString() == rule.value->value) return port->get<std::uint16_t>();
  }
  return std::nullopt;
}

}  // namespace gapferry::importer
