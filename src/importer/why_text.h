// importer/why_text.h: where a value occurs and what became of it, for people and for --json.
#pragma once

#include "base/console.h"
#include "base/json.h"
#include "detect/explain.h"

namespace gapferry::importer {

[[nodiscard]] Json OccurrenceJson(const detect::WhyOccurrence& occurrence);
void ShowOccurrence(Console& console, const detect::WhyOccurrence& occurrence);

}  // namespace gapferry::importer
