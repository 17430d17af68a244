// detect/ids_rule.h: rules that somebody else wrote for Suricata or Snort, as far as they must be
// understood to stand beside those of others: action, header, options (Suricata user guide "Rules
// Format"; Snort 3 manual). Whether they load, the sensor itself says.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gapferry::detect {

// As it came, and as it is written. Suricata 7 and 8 read 8,191 bytes of a line, and what is beyond
// them as a rule of its own; Snort 2.9 reads 32,768, Snort 3 knows no limit.
constexpr std::size_t kMaxIdsRuleBytes = 8000;
// Of all of them. Suricata keeps 15 alerts of a packet, those of the best priority, and of equal
// ones those of the lowest sid: so they do not take the place of gapferry's own.
constexpr int kStoredPriority = 4;
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
  // Of the first option of this key, given in lower case; engines take keys in either.
  [[nodiscard]] std::string_view Value(std::string_view key) const;
  [[nodiscard]] bool Has(std::string_view key) const;
  // Gives it the action alert.
  void OnlyAlert();
  // On one line, with this number and kStoredPriority in the place of its own; `more` are options,
  // each with "; " after it.
  [[nodiscard]] std::string ToLine(std::int64_t sid, std::int64_t rev,
                                   std::string_view more = "") const;
  // Whether it has at most kMaxIdsRuleBytes under any number.
  [[nodiscard]] bool FitsLine(std::string_view more) const;
};

// Lines that begin with # and empty ones are passed over. Error: kMalformed with a reason of a few
// words, fit to be counted.
[[nodiscard]] Result<std::vector<IdsRule>> ReadIdsRules(std::string_view text);

// Whether its action is one that blocks: drop, reject and the like.
[[nodiscard]] bool BlocksTraffic(const IdsRule& rule);
// Snort has more of them, such as log and sdrop.
[[nodiscard]] bool IsActionOfSuricata(std::string_view action);

}  // namespace gapferry::detect
