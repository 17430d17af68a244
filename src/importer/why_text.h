// importer/why_text.h: where a value occurs and what became of it, for people and for --json.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "base/console.h"
#include "base/json.h"
#include "detect/explain.h"

namespace gapferry::importer {

// ", at port 443 only"; nothing for none.
[[nodiscard]] std::string PortsText(const std::set<std::uint16_t>& ports);
// "used", or "not used:" and why.
[[nodiscard]] std::string DecisionText(const detect::WhyDecision& decision);
[[nodiscard]] Json OccurrenceJson(const detect::WhyOccurrence& occurrence);
void ShowOccurrence(Console& console, const detect::WhyOccurrence& occurrence);
// Without its value and TLP.
void ShowOccurrenceDetails(Console& console, const detect::WhyOccurrence& occurrence);

}  // namespace gapferry::importer
