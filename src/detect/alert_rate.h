// detect/alert_rate.h: how often one and the same alert may be raised, in the words of each sensor.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "detect/destination.h"
#include "detect/format.h"

namespace gapferry::detect {

// Error: kConfig where the destination's format cannot keep to the rate.
[[nodiscard]] Status CheckAlertRate(const Destination& destination, const Format& format);

// An option of a Suricata rule, or "" where there is no limit.
[[nodiscard]] std::string SuricataThreshold(const Destination& destination);
// An attribute of a Wazuh rule, with a space before it, or "".
[[nodiscard]] std::string WazuhIgnore(const Destination& destination);

// Snort 2.9 has its limits in snort.conf and Snort 3 in snort.lua: a file to be included there that
// names each rule.
struct EventFilterFile {
  std::string name;
  std::string text;
};
[[nodiscard]] EventFilterFile SnortEventFilters(const Destination& destination, bool snort3,
                                                const std::vector<std::int64_t>& sids);

// For the manifest: the rate, and where it stands or why it does not.
[[nodiscard]] Json DescribeAlertRate(const Destination& destination, const Format& format);

}  // namespace gapferry::detect
