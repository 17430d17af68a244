// importer/alert.h: from the id in an alert back to what the rule was made of.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "detect/registry.h"
#include "intel/value.h"
#include "store/store.h"

namespace gapferry::importer {

// What kind of id an alert carries.
enum class AlertId { kSid, kSigma, kWazuh };
[[nodiscard]] std::optional<AlertId> FindAlertId(std::string_view name);  // sid, sigma, wazuh

struct RuleOrigin {
  std::string destination;
  detect::StableId id;
  // One value, or a whole set of them, or an event, or the attribute that carries the rule: the
  // others are empty.
  std::optional<intel::Indicator> value;
  std::string match;  // of a value: which of its rules it is: "dns", "tcp-to-2"
  std::string set;    // "domain-2", "networks-to", "iprep-source", …
  std::optional<Uuid> event;
  std::optional<Uuid> attribute;
};

// As artifacts have it: a UUID in lower case, a number without zeros before it. Error: kUsage for
// an id of the wrong form.
[[nodiscard]] Result<std::string> ReadAlertId(AlertId kind, std::string_view text);

// The rules that ever had this id, one for each destination; also stored Sigma rules whose author
// gave them this id and which had to have another. Error: kUsage for an id of the wrong form.
[[nodiscard]] Result<std::vector<RuleOrigin>> FindRules(store::Store& store, AlertId kind,
                                                        std::string_view id);

// All rules with a sid that a destination ever had, by sid.
using RulesBySid = std::unordered_map<std::int64_t, RuleOrigin>;
[[nodiscard]] Result<RulesBySid> LoadRules(store::Store& store, const std::string& destination);
// Those of Suricata that attributes carry, which a destination of stored rules ever had.
[[nodiscard]] Result<RulesBySid> LoadStoredRules(store::Store& store,
                                                 const std::string& destination);

// The line with the id of a rule that FindRules found by `id`, in the files of a generation,
// shortened for a screen; empty if it is not there. A stored Sigma rule may stand there under
// another id than its author's.
[[nodiscard]] std::string FindRuleLine(const std::filesystem::path& generation, AlertId kind,
                                       std::string_view id, const RuleOrigin& origin);

}  // namespace gapferry::importer
