#include "detect/value_text.h"

#include <algorithm>
#include <array>

namespace gapferry::detect {

std::string TypesOf(const Candidate& candidate) {
  if (candidate.mentions.size() == 1) return std::string(candidate.mentions[0].type);
  std::set<std::string_view> types;
  for (const Mention& mention : candidate.mentions)
    types.insert(mention.type);
  std::string text;
  for (const std::string_view type : types)
    text += (text.empty() ? "" : ";") + std::string(type);
  return text;
}

bool HasPorts(const Candidate& candidate) {
  return !candidate.from_ports.any && !candidate.to_ports.any;
}

std::set<std::uint16_t> PortsOf(const Candidate& candidate) {
  std::set<std::uint16_t> ports;
  // Those of `hostname|port` are not looked at.
  if (candidate.kind != intel::IndicatorKind::kAddress || !HasPorts(candidate)) return ports;
  for (const Ports* direction : {&candidate.from_ports, &candidate.to_ports}) {
    for (const auto& [port, mentions] : direction->mentions)
      ports.insert(port);
  }
  return ports;
}

std::string_view ThreatLevelName(std::uint8_t threat_level) {
  constexpr std::array<std::string_view, 4> kNames = {"high", "medium", "low", "undefined"};
  return kNames[threat_level >= 1 && threat_level <= 4 ? threat_level - 1 : 3];
}

Time LastActivity(const Candidate& candidate) {
  Time last = 0;
  for (const Mention& mention : candidate.mentions)
    last = std::max(last, mention.timestamp);
  return last;
}

std::string TimeText(Time time) {
  return time == 0 ? "" : FormatTime(time);
}

Uuid ValueUuid(std::string_view format, const Candidate& candidate) {
  std::string content = "gapferry ";
  content += format;
  content += '|';
  content += IndicatorKindName(candidate.kind);
  content += '|';
  // Only the type says what such a value is.
  if (candidate.kind == intel::IndicatorKind::kOtherHash ||
      candidate.kind == intel::IndicatorKind::kOther)
    content += candidate.mentions[0].type;
  content += '|';
  content += candidate.value;
  return UuidFromContent(AsBytes(content));
}

}  // namespace gapferry::detect
