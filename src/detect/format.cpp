#include "detect/format.h"

#include <algorithm>
#include <array>

namespace gapferry::detect {

std::span<const Format> AllFormats() {
  // Sorted by name.
  static const auto kFormats = std::to_array<Format>({
      kCsv,      kDnsmasq,   kEcs,      kEdl,  kHosts,       kIpset,           kMispCsv,
      kMispFeed, kNavigator, kNftables, kRpz,  kSigma,       kSnortReputation, kSnort2,
      kSnort3,   kSplunk,    kSquid,    kStix, kStoredRules, kSuricata,        kUnbound,
      kWazuh,    kYara,      kZeek,
  });
  return kFormats;
}

const Format* FindFormat(std::string_view name) {
  const std::span<const Format> formats = AllFormats();
  const auto found = std::find_if(formats.begin(), formats.end(),
                                  [&](const Format& format) { return format.name == name; });
  return found == formats.end() ? nullptr : &*found;
}

bool ReadsByEvent(const Destination& destination) {
  const Format* format = FindFormat(destination.format);
  return format != nullptr && format->by_event &&
         (format->by_event_if == nullptr || format->by_event_if(destination));
}

bool ComparesPorts(const Destination& destination) {
  const Format* format = FindFormat(destination.format);
  return format != nullptr && format->says_ports && destination.exact_ports;
}

policy::Power PowerOf(const Destination& destination) {
  const Format* format = FindFormat(destination.format);
  // A copy of events does nothing by itself.
  if (format == nullptr || format->make_for_events != nullptr) return destination.use.power;
  return std::max(destination.use.power, format->power);
}

policy::Decision Express(const Destination& destination, const Format& format,
                         const intel::Indicator& indicator, std::uint16_t port,
                         std::string_view type) {
  const policy::Decision decision = format.express(destination, indicator, type);
  // A name with a port is an indicator by itself; an address is shared by many services.
  const bool widens = port != 0 && indicator.kind == intel::IndicatorKind::kAddress &&
                      destination.exact_ports && !format.says_ports;
  return decision.allowed && widens ? CannotExpress("port") : decision;
}

policy::Decision CannotExpress(std::string_view why) {
  return policy::Decision::Refuse(policy::Reason::kFormatCannotExpress, why);
}

policy::Decision CannotExpressKind(const intel::Indicator& indicator, std::string_view type) {
  if (indicator.kind == intel::IndicatorKind::kOther)
    return policy::Decision::Refuse(policy::Reason::kTypeNotDetectable, type);
  return CannotExpress(IndicatorKindName(indicator.kind));
}

}  // namespace gapferry::detect
