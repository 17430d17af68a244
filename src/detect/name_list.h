// detect/name_list.h: the names of one destination in the order of the DNS tree, without those that
// another one covers: servers refuse some doubled names (Squid), and in a zone a name deep below a
// wildcard would hide what lies between them (RFC 4592 §2.2.2, empty non-terminals).
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/uuid.h"
#include "detect/candidate.h"
#include "detect/row_sorter.h"

namespace gapferry::detect {

struct ListedName {
  std::string name;
  bool below = false;  // also all names below it
  Uuid event;          // one that names it
};

class NameList {
 public:
  // What becomes of a name below one that stands for all below it. Consumers that know no such name
  // need every one.
  enum class Covered { kLeftOut, kKept };
  // Sorted runs go to a file without a name in `folder`.
  explicit NameList(const std::filesystem::path& folder, Covered covered = Covered::kLeftOut)
      : rows_(folder), covered_(covered) {}

  [[nodiscard]] static bool Takes(intel::IndicatorKind kind);
  // Takes kDomain and kHostname. Errors of both: kIo, kNoSpace.
  [[nodiscard]] Status Add(const Candidate& candidate);
  // A name comes before those below it; siblings by label, bytewise. Any number of times.
  using Visit = std::function<Status(const ListedName& name)>;
  [[nodiscard]] Status ForEach(const Visit& visit);

 private:
  RowSorter rows_;
  Covered covered_;
  std::string row_;
};

}  // namespace gapferry::detect
