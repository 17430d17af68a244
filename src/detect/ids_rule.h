// detect/ids_rule.h: rules that somebody else wrote for Suricata or Snort, as far as they must be
// understood to stand beside those of others: action, header, options (Suricata user guide "Rules
// Format"; Snort 3 manual). Whether they load, the sensor itself says.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/use.h"

namespace gapferry::detect {

constexpr std::size_t kMaxIdsRuleBytes = 8000;  // Suricata's own limit is 8,190 bytes a line
constexpr std::size_t kMaxIdsOptions = 500;
constexpr std::size_t kMaxIdsRules = 1000;  // of one attribute

struct IdsOption {
  std::string key;
  std::string value;  // as it was written, without the colon
  bool has_value = false;
};

struct IdsRule {
  std::string header;  // from the action to the last port
  std::vector<IdsOption> options;

  [[nodiscard]] std::string_view action() const {
    return std::string_view(header).substr(0, header.find(' '));
  }
  // On one line, with this number in the place of its own.
  [[nodiscard]] std::string ToLine(std::int64_t sid, std::int64_t rev) const;
};

// Lines that begin with # and empty ones are passed over. Error: kMalformed with a reason of a few
// words, fit to be counted.
[[nodiscard]] Result<std::vector<IdsRule>> ReadIdsRules(std::string_view text);

// Why a destination of this power may not have the rule, or empty: it would hide what others find
// (pass), block where only detection is wanted, or read files of the sensor.
[[nodiscard]] std::string_view IdsRuleProblem(const IdsRule& rule, policy::Power power);

}  // namespace gapferry::detect
