#include "detect/value_match.h"

#include <algorithm>
#include <optional>

#include "detect/format.h"
#include "detect/reach.h"
#include "intel/asked_value.h"

namespace gapferry::detect {
namespace {

using intel::Indicator;
using intel::IndicatorKind;

constexpr std::size_t kMostFolders = 64;  // of a path that is asked for

// Indicators of each kind that can stand for what was seen as the first one.
std::vector<IndicatorKind> SameForm(IndicatorKind seen) {
  switch (seen) {
    case IndicatorKind::kDomain:
    case IndicatorKind::kHostname:
      return {IndicatorKind::kDomain, IndicatorKind::kHostname};
    case IndicatorKind::kMd5:
      return {IndicatorKind::kMd5, IndicatorKind::kJa3, IndicatorKind::kOtherHash};
    case IndicatorKind::kSha1:
      return {IndicatorKind::kSha1, IndicatorKind::kX509Sha1, IndicatorKind::kOtherHash};
    case IndicatorKind::kSha256:
      return {IndicatorKind::kSha256, IndicatorKind::kOtherHash};
    default:
      return {seen};
  }
}

bool IsName(IndicatorKind kind) {
  return kind == IndicatorKind::kDomain || kind == IndicatorKind::kHostname;
}

void Add(Way way, std::vector<Way>* ways) {
  const bool known = std::any_of(ways->begin(), ways->end(), [&](const Way& one) {
    return one.indicator.kind == way.indicator.kind && one.indicator.value == way.indicator.value;
  });
  if (!known) ways->push_back(std::move(way));
}

// The port of a URL's host; empty where its scheme does not say one.
std::vector<std::uint16_t> HostPorts(const intel::Url& url) {
  if (url.port != 0) return {url.port};
  if (url.scheme == "http") return {80};
  if (url.scheme == "https") return {443};
  return {};
}

void AddWays(const Indicator& seen, const std::vector<std::uint16_t>& ports, bool host,
             const ValueLookup& lookup, std::vector<Way>* ways) {
  for (const IndicatorKind kind : SameForm(seen.kind))
    Add({{kind, seen.value}, How::kExact, host, ports}, ways);
  if (IsName(seen.kind)) {
    for (std::size_t dot = seen.value.find('.'); dot != std::string::npos;
         dot = seen.value.find('.', dot + 1))
      Add({{IndicatorKind::kDomain, seen.value.substr(dot + 1)}, How::kBelow, host}, ways);
  }
  if (seen.kind == IndicatorKind::kAddress || seen.kind == IndicatorKind::kNetwork) {
    for (Indicator& network : lookup.NetworksAround(seen.value))
      Add({std::move(network), How::kWithin, host}, ways);
  }
  if (seen.kind != IndicatorKind::kUrl) return;
  const std::optional<intel::Url> url = intel::ParseUrl(seen.value);
  if (!url) return;
  if (url->host_is_address) {
    AddWays({IndicatorKind::kAddress, url->host}, HostPorts(*url), true, lookup, ways);
  } else {
    AddWays({IndicatorKind::kHostname, url->host}, {}, true, lookup, ways);
  }
}

// What stands behind each backslash of a path, from the end.
void AddPathEnds(std::string_view path, std::vector<Way>* ways) {
  std::size_t at = path.rfind('\\');
  for (std::size_t folders = 0; at != std::string_view::npos && folders < kMostFolders; ++folders) {
    if (at + 1 < path.size())
      Add({{IndicatorKind::kFilename, std::string(path.substr(at + 1))}, How::kEnd, false}, ways);
    at = at == 0 ? std::string_view::npos : path.rfind('\\', at - 1);
  }
}

// Whether the consumer matches in this way with an entry for that indicator.
bool Reaches(const Destination& destination, const Way& way) {
  const Reach reach = ReachOf(destination);
  if (way.how == How::kBelow) return reach.below;
  if (way.how == How::kWithin) return reach.within;
  if (way.how == How::kEnd) return reach.path_end;
  // What looks up whole values does not take a URL apart.
  return !way.host || reach.below || reach.within;
}

// What is listed at this port (0: at any) matches what was seen.
bool IsSeenAt(const Way& way, std::uint16_t port) {
  return port == 0 || way.ports.empty() || way.indicator.kind != IndicatorKind::kAddress ||
         std::find(way.ports.begin(), way.ports.end(), port) != way.ports.end();
}

bool IsCanary(const Destination& destination, const Way& way) {
  if (!destination.canary) return false;
  const intel::Normalised value =
      intel::Normalise(destination.canary->type, destination.canary->value);
  const Indicator& indicator = way.indicator;
  if (ComparesPorts(destination) && !IsSeenAt(way, value.port)) return false;
  return std::any_of(value.indicators.begin(), value.indicators.begin() + value.count,
                     [&](const Indicator& one) {
                       return one.kind == indicator.kind && one.value == indicator.value;
                     });
}

void Judge(const Way& way, const Named& named, const Destination& destination, std::size_t place,
           DestinationMatch* match) {
  if (named.occurrences.empty() && !destination.canary) return;
  const bool reaches = Reaches(destination, way);
  const bool has_port = way.indicator.kind == IndicatorKind::kAddress && ComparesPorts(destination);
  DestinationMatch::Hit hit{way, {}, IsCanary(destination, way), {}};
  const WhyDecision* refused = nullptr;
  std::set<std::uint16_t> elsewhere;
  bool anywhere = hit.canary;
  for (const WhyOccurrence& one : named.occurrences) {
    if (!one.decisions[place].allowed) {
      if (refused == nullptr) refused = &one.decisions[place];
    } else if (has_port && !IsSeenAt(way, one.port)) {
      elsewhere.insert(one.port);
    } else {
      hit.occurrences.push_back(one);
      anywhere = anywhere || !has_port || one.port == 0;
      hit.at_ports.insert(one.port);
    }
  }
  if (anywhere) hit.at_ports.clear();
  const bool used = hit.canary || !hit.occurrences.empty();
  if (used && reaches) {
    match->hits.push_back(std::move(hit));
  } else if (used) {
    match->misses.push_back({way, true, {}, {}});
  } else if (!elsewhere.empty()) {
    match->misses.push_back({way, false, std::move(elsewhere), {}});
  } else if (refused != nullptr) {
    match->misses.push_back({way, false, {}, *refused});
  }
}

}  // namespace

std::string_view HowName(How how) {
  switch (how) {
    case How::kExact:
      return "exact";
    case How::kBelow:
      return "below";
    case How::kWithin:
      return "within";
    case How::kEnd:
      return "end";
  }
  return "";
}

std::vector<Way> WaysOf(const Indicator& seen, const std::vector<std::uint16_t>& ports,
                        const ValueLookup& lookup) {
  std::vector<Way> ways;
  AddWays(seen, ports, false, lookup, &ways);
  return ways;
}

std::vector<Way> WaysOfAsked(std::string_view value, const ValueLookup& lookup) {
  std::vector<Way> ways;
  const intel::AskedValue asked(value);
  for (const std::string& form : asked.forms()) {
    for (int kind = 0; kind < intel::kIndicatorKinds; ++kind)
      Add({{static_cast<IndicatorKind>(kind), form}, How::kExact, false}, &ways);
  }
  AddPathEnds(AsciiTrim(value), &ways);
  const std::string plain = intel::Refang(AsciiTrim(value));
  if (const auto network = intel::ParseNetwork(plain)) {
    AddWays({network->IsAddress() ? IndicatorKind::kAddress : IndicatorKind::kNetwork,
             network->ToString()},
            {}, false, lookup, &ways);
  } else if (const auto address = intel::Normalise("ip-dst|port", plain); address.ok()) {
    AddWays(address.indicators[0], {address.port}, false, lookup, &ways);
  } else if (const auto host = intel::Normalise("hostname|port", plain); host.ok()) {
    AddWays(host.indicators[0], {}, false, lookup, &ways);
  } else if (const auto name = intel::NormaliseName(intel::WithoutWildcard(plain));
             name && plain.find('/') == std::string::npos) {
    AddWays({IndicatorKind::kHostname, *name}, {}, false, lookup, &ways);
  } else if (const auto url = intel::ParseUrl(plain); url && plain.find('/') != std::string::npos) {
    AddWays({IndicatorKind::kUrl, url->ToString()}, {}, false, lookup, &ways);
  }
  return ways;
}

Result<std::vector<DestinationMatch>> MatchWays(const std::vector<Way>& ways, const Site& site,
                                                ValueLookup* lookup) {
  std::vector<DestinationMatch> matches(site.destinations.size());
  for (const Way& way : ways) {
    GF_TRY(const Named* named, lookup->Find(way.indicator));
    for (std::size_t i = 0; i < site.destinations.size(); ++i)
      Judge(way, *named, site.destinations[i], i, &matches[i]);
  }
  return matches;
}

}  // namespace gapferry::detect
