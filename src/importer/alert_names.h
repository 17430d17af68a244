// importer/alert_names.h: the events behind an alert of Suricata (EVE JSON), as far as the
// destination that its rule belongs to may name them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "detect/explain.h"
#include "importer/alert.h"
#include "importer/config.h"

namespace gapferry::importer {

// One value that the alert is about.
struct NamedValue {
  static constexpr std::size_t kMaxOccurrences = 20;
  intel::Indicator indicator;
  std::string seen;  // as the alert has it; empty for a rule of one value, or one that is carried
  // Those that the destination uses come first. Each has one decision.
  std::vector<detect::WhyOccurrence> occurrences;
  std::uint64_t more = 0;
};

struct NamedAlert {
  std::int64_t sid = 0;
  RuleOrigin rule;
  std::vector<NamedValue> values;  // none: what it was made of is gone
  bool canary = false;             // the destination's own, that no event names

  [[nodiscard]] Json ToJson() const;
};

class AlertNames {
 public:
  // Reads the store once. `destination` is one of config's; the rules that attributes carry are
  // known too, by the site's destinations of the format stored-rules. Errors: kNotReady if nothing
  // has been imported, kIo.
  [[nodiscard]] static Result<AlertNames> Load(const std::filesystem::path& store_file,
                                               Config config, const std::string& destination);
  AlertNames(AlertNames&&) noexcept;
  AlertNames& operator=(AlertNames&&) noexcept;
  ~AlertNames();

  // Nothing for what is no alert, or one of a rule that the destination never had. Errors: kIo.
  [[nodiscard]] Result<std::optional<NamedAlert>> Find(const Json& event);

 private:
  struct State;
  explicit AlertNames(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The destination of format suricata that `name` names, or, if it is empty, the only one. Errors:
// kNotFound, kUsage if there are several, kNotReady if there is none.
[[nodiscard]] Result<std::string> FindSuricata(const Config& config, const std::string& name);

}  // namespace gapferry::importer
