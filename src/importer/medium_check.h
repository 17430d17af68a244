// importer/medium_check.h: every byte of what an opened medium offers under the newest number of
// each stream, and every fault, so that incomplete, damaged and altered are told apart.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "importer/opened.h"

namespace gapferry::importer {

struct MediumCheck {
  std::vector<const Opened*> newest;  // of each stream, those of the highest number
  std::set<const Opened*> intact;     // of those
  std::vector<Error> faults;          // worst first: the first decides the exit code
  std::vector<std::string> notes;     // about older bundles and stray roots; they change no verdict
  std::optional<Error>
      roots_left_out;  // RootsLeftOut; if there are faults, they name the roots too

  // "intact", "incomplete", "damaged" or "altered"
  [[nodiscard]] std::string Verdict() const;
};

// `medium` must outlive the result.
[[nodiscard]] MediumCheck CheckMedium(OpenedMedium& medium);

}  // namespace gapferry::importer
