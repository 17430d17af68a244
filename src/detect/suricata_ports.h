// detect/suricata_ports.h: sets for one port each. There may be hundreds of them, so they are
// sorted on disk and written one after the other, once it is known which ports are named most.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "detect/destination.h"
#include "detect/late_refusals.h"
#include "detect/output.h"
#include "detect/registry.h"
#include "detect/row_sorter.h"
#include "detect/suricata_match.h"

namespace gapferry::detect {

// Of all ports those with sets, at most `most`: the ones that the most values name, the lower of
// two that are named alike. A port that `had` sets keeps them until one without is named by more
// than twice as many, so that sets do not come and go with a value.
using PortCounts = std::array<std::uint32_t, 65536>;
[[nodiscard]] std::vector<bool> PortsWithSets(const PortCounts& named_by,
                                              const std::vector<bool>& had, std::size_t most);

class SuricataPortSets {
 public:
  // Every set costs memory of its own in the engine: 0.3 MB at least.
  static constexpr std::size_t kMostPorts = 200;

  SuricataPortSets(const SuricataOptions& options, OutputFolder* output)
      : options_(options), output_(*output), rows_(output->path()) {}

  // A value's entries for single ports. `elsewhere`: it has others, for any port.
  // Errors: kIo, kNoSpace.
  [[nodiscard]] Status Add(const Candidate& candidate, const std::vector<ListEntry>& entries,
                           bool elsewhere);
  // The lists that were written, with the strictest TLP in each. Which ports have sets is kept in
  // `space` of the registry. Errors: kIo, kNoSpace.
  [[nodiscard]] Result<std::map<std::string, intel::Tlp>> Finish(Registry* registry,
                                                                 const std::string& space,
                                                                 LateRefusals* refusals);

 private:
  struct Row;
  struct Value {
    intel::IndicatorKind kind;
    bool listed;
  };

  [[nodiscard]] Result<std::vector<bool>> Choose(Registry* registry, const std::string& space);

  const SuricataOptions& options_;
  OutputFolder& output_;
  RowSorter rows_;  // see Row
  std::vector<Value> values_;
  PortCounts named_by_{};
};

}  // namespace gapferry::detect
