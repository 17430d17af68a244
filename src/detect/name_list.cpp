#include "detect/name_list.h"

namespace gapferry::detect {

bool NameList::Takes(intel::IndicatorKind kind) {
  return kind == intel::IndicatorKind::kDomain || kind == intel::IndicatorKind::kHostname;
}

bool NameList::IsCovered(std::string_view name) const {
  if (covering_.empty() || !name.ends_with(covering_)) return false;
  if (name.size() == covering_.size()) return true;
  return covered_ == Covered::kLeftOut && name[name.size() - covering_.size() - 1] == '.';
}

std::optional<ListedName> NameList::Take(const Candidate& candidate) {
  if (IsCovered(candidate.value)) return std::nullopt;
  const bool below = candidate.kind == intel::IndicatorKind::kDomain;
  if (below) covering_ = candidate.value;
  return ListedName{candidate.value, below, candidate.mentions[0].event_uuid};
}

}  // namespace gapferry::detect
