// importer/alert_values.h: what an alert in Suricata's eve.json saw in the field that a set of ours
// looks into. Suricata 7 names the rule and no value of the set; the fields are those of versions 7
// and 8 (user guide, "Eve JSON Format").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "importer/alert.h"
#include "intel/value.h"

namespace gapferry::importer {

struct SeenValue {
  std::string text;              // as the alert has it
  intel::Indicator indicator;    // what the set would hold for it
  bool networks_around = false;  // the set also holds networks, or nothing else
};

constexpr std::size_t kMaxSeenValues = 64;  // of one alert; further ones are not looked at

// `set` as in RuleOrigin. What is missing, or of another type than Suricata writes, is passed over.
[[nodiscard]] std::vector<SeenValue> ValuesSeen(const Json& event, std::string_view set);

// The port that the alert is about, if its rule asks for some: `rule` names the value or the set.
[[nodiscard]] std::optional<std::uint16_t> PortSeen(const Json& event, const RuleOrigin& rule);

}  // namespace gapferry::importer
