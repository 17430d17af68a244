#include "exporter/config_web.h"

#include <algorithm>

#include "exporter/config_select.h"

namespace gapferry::exporter {
namespace {

constexpr std::int64_t kMostAttempts = 10;
constexpr std::int64_t kMostWebDays = 365;
constexpr std::int64_t kMostSeconds = 3600;
constexpr std::int64_t kMostTotalSeconds = 7LL * 86400;

const std::vector<std::string_view> kLists = {"enabled", "all", "none"};
const std::vector<std::string_view> kPublished = {"only", "any"};

// Behind the scheme. Of the port only whether it is one: the rest is for who connects.
bool HasHostAndPort(std::string_view rest) {
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  const std::size_t bracket = authority.find(']');
  const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (authority.empty() || colon == 0) return false;
  if (colon == std::string_view::npos) return true;
  const std::string_view port = authority.substr(colon + 1);
  constexpr std::size_t kDigits = 5;
  constexpr int kMostPort = 65535;
  if (port.empty() || port.size() > kDigits || !std::all_of(port.begin(), port.end(), IsAsciiDigit))
    return false;
  const int number = std::stoi(std::string(port));
  return number >= 1 && number <= kMostPort;
}

std::string ReadUrl(ConfigMap& map, bool with_key) {
  std::string url = map.String("url", "");
  if (url.empty()) return url;
  const std::string lower = AsciiLower(url);
  if (!lower.starts_with("https://") && !lower.starts_with("http://")) {
    map.Fail("url", "begins neither with https:// nor with http://");
  } else if (url.substr(0, url.find('/', lower.find("://") + 3)).find('@') != std::string::npos) {
    map.Fail("url", "holds a user or password; give what is secret with `key`");
  } else if (!HasHostAndPort(std::string_view(url).substr(lower.find("://") + 3))) {
    map.Fail("url", "has no host, or a port that is not 1 to 65535");
  } else if (with_key && collect::IsReadableOnTheWay(url)) {
    map.Fail("url", "is http: the key would be readable on the way; use https");
  }
  return url;
}

// RFC 9110, 5.6.2.
bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return IsAsciiAlnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

std::string ReadHeaderName(ConfigMap& map) {
  std::string name = map.String("key_header", "Authorization");
  if (!IsToken(name)) map.Fail("key_header", "is no name of a header, such as X-Api-Key");
  return name;
}

// Keys that mean nothing to this kind, and would look as if they did.
void RefuseMisfits(ConfigMap& map, std::string_view kind) {
  const auto refuse = [&](std::string_view key, std::string_view kinds) {
    if (map.Has(key))
      map.Fail(key, fmt::format("is for sources of kind {}, not for kind {}", kinds, kind));
  };
  if (kind != "misp") {
    for (const std::string_view key : {"operator_key", "edit_grace_days", "warninglists"})
      refuse(key, "misp");
  }
  if (kind == "csv" || kind == "freetext")
    refuse("accept_older", "misp, misp-feed, misp-event and warninglists");
  if (kind == "csv" || kind == "freetext" || kind == "warninglists")
    refuse("select", "misp, misp-feed and misp-event");
}

std::string ReadSecretPlace(ConfigMap& map, std::string_view key) {
  std::string place = map.String(key, "");
  if (place.empty()) return place;
  const std::string_view wrong = collect::CheckSecretPlace(place);
  if (!wrong.empty()) map.Fail(key, wrong);
  return place;
}

std::filesystem::path ReadFileName(ConfigMap& map, std::string_view key,
                                   const std::filesystem::path& base) {
  const std::string path = map.String(key, "");
  return path.empty() ? std::filesystem::path() : (base / path).lexically_normal();
}

bool IsPin(std::string_view pin) {
  constexpr std::string_view kStart = "sha256//";
  if (!pin.starts_with(kStart)) return false;
  const auto hash = Base64Decode(pin.substr(kStart.size()));
  return hash && hash->size() == sizeof(Digest256);
}

std::string ReadPin(ConfigMap& map) {
  std::string pins = map.String("pin", "");
  for (std::size_t at = 0; at < pins.size();) {
    const std::size_t end = std::min(pins.find(';', at), pins.size());
    if (!IsPin(std::string_view(pins).substr(at, end - at))) {
      map.Fail("pin",
               "is no pin: it is sha256// and the base64 of the SHA-256 of a public key, 44 "
               "characters");
    }
    at = end + 1;
  }
  return pins;
}

Status ReadTransport(ConfigMap& map, const std::filesystem::path& base,
                     collect::TransportOptions* transport) {
  ConfigMap tls = map.Map("tls");
  transport->ca_file = ReadFileName(tls, "ca_file", base);
  transport->pinned_key = ReadPin(tls);
  transport->client_certificate = ReadFileName(tls, "client_certificate", base);
  transport->client_key = ReadFileName(tls, "client_key", base);
  GF_CHECK(tls.Finish());
  transport->proxy = map.String("proxy", "");
  transport->connect_timeout =
      std::chrono::seconds(map.Integer("connect_timeout", 1, kMostSeconds, 30));
  transport->stall_timeout =
      std::chrono::seconds(map.Integer("stall_timeout", 1, kMostSeconds, 60));
  transport->time_limit = std::chrono::seconds(
      map.Integer("time_limit", 1, kMostTotalSeconds, transport->time_limit.count()));
  transport->attempts = static_cast<int>(map.Integer("attempts", 1, kMostAttempts, 4));
  transport->connections =
      static_cast<int>(map.Integer("connections", 1, collect::kMostConnections, 4));
  return Ok();
}

policy::Selection ReadSourceSelection(ConfigMap& map, bool published_only) {
  policy::Selection selection = ReadSelection(map);
  selection.published_only =
      map.Choice("published", kPublished, published_only ? "only" : "any") == "only";
  if (map.Has("max_tlp"))
    selection.max_tlp = intel::FindTlp(map.Choice("max_tlp", intel::TlpNames()));
  return selection;
}

}  // namespace

Status ReadWebSource(ConfigMap& map, const std::filesystem::path& base, SourceConfig* source) {
  const bool misp = source->kind == "misp";
  RefuseMisfits(map, source->kind);
  source->key = ReadSecretPlace(map, "key");
  source->operator_key = ReadSecretPlace(map, "operator_key");
  if (!source->operator_key.empty() && source->operator_key == source->key) {
    map.Fail("operator_key",
             "is the key that collects; one that changes the instance sees too much to collect "
             "with, so it is another user's");
  }
  source->url = ReadUrl(map, !source->key.empty() || !source->operator_key.empty());
  source->key_header = ReadHeaderName(map);
  GF_CHECK(ReadTransport(map, base, &source->transport));
  ConfigMap select = map.Map("select");
  // Of a feed everything is published by being there.
  source->selection = ReadSourceSelection(select, misp);
  GF_CHECK(select.Finish());
  source->refresh_days = map.Integer("refresh_days", 0, kMostWebDays, 7);
  source->edit_grace_days = map.Integer("edit_grace_days", 0, kMostWebDays, 7);
  source->allow_empty = map.Bool("allow_empty", false);
  source->accept_older = map.Bool("accept_older", false);
  const std::string lists = map.Choice("warninglists", kLists, "enabled");
  source->lists = lists == "all"    ? collect::WhichLists::kAll
                  : lists == "none" ? collect::WhichLists::kNone
                                    : collect::WhichLists::kEnabled;
  if (misp && source->url.empty()) map.Fail("url", "is missing; a MISP is read through its API");
  if (misp && source->key.empty()) {
    map.Fail("key", "is missing; file:PATH, env:NAME or credential:NAME says where the key lies");
  }
  if (source->url.empty() && !source->key.empty()) map.Fail("key", "is sent nowhere without url");
  if (source->url.empty() && source->path.empty())
    map.Fail("path", map.Has("path") ? "is empty" : "is missing, and so is url; name one of them");
  return Ok();
}

}  // namespace gapferry::exporter
