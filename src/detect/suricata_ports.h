// detect/suricata_ports.h: sets for one port each. There may be hundreds of them, so they are
// sorted on disk and written one after the other.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "detect/destination.h"
#include "detect/output.h"
#include "detect/row_sorter.h"
#include "detect/suricata_match.h"

namespace gapferry::detect {

class SuricataPortSets {
 public:
  // Every set costs memory of its own in the engine: 0.3 MB at least.
  static constexpr std::size_t kMostPorts = 200;

  SuricataPortSets(const SuricataOptions& options, OutputFolder* output)
      : options_(options), output_(*output), rows_(output->path()) {}

  // False: it would be one port too many.
  [[nodiscard]] bool Admits(std::uint16_t port);
  // Errors of both: kIo, kNoSpace.
  [[nodiscard]] Status Add(const ListEntry& entry);
  // The names of the lists that were written.
  [[nodiscard]] Result<std::vector<std::string>> Finish();

 private:
  const SuricataOptions& options_;
  OutputFolder& output_;
  std::set<std::uint16_t> ports_;
  RowSorter rows_;  // the list's name, NUL, the line
};

}  // namespace gapferry::detect
