// detect/name_list.h: the names that an artifact lists, without those that another one covers:
// servers refuse some doubled names (Squid), and in a zone a name deep below a wildcard would hide
// what lies between them (RFC 4592 §2.2.2, empty non-terminals).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/uuid.h"
#include "detect/candidate.h"

namespace gapferry::detect {

struct ListedName {
  std::string_view name;  // of the candidate
  bool below = false;     // also all names below it
  Uuid event;             // one that names it
};

class NameList {
 public:
  // What becomes of a name below one that stands for all below it. Consumers that know no such name
  // need every one.
  enum class Covered { kLeftOut, kKept };
  explicit NameList(Covered covered = Covered::kLeftOut) : covered_(covered) {}

  // kDomain and kHostname.
  [[nodiscard]] static bool Takes(intel::IndicatorKind kind);
  // Wants the names of one destination in the order of ValueOrder::kNested. nullopt: it is covered.
  [[nodiscard]] std::optional<ListedName> Take(const Candidate& candidate);

 private:
  [[nodiscard]] bool IsCovered(std::string_view name) const;

  Covered covered_;
  std::string covering_;  // the last name that stands for all below it
};

}  // namespace gapferry::detect
