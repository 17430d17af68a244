// report/feed_quality_page.h: the quality of the sources as JSON and as a page with charts.
#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "report/feed_quality.h"

namespace gapferry::report {

// One object of a source; counts are those of SourceQuality.
[[nodiscard]] Json ToJson(const SourceQuality& source);
// A whole HTML document that needs nothing but itself.
[[nodiscard]] std::string FeedQualityPage(const FeedQuality& quality);

// Events (of a list of values: values) that came, changed or went, as a part of all, in percent per
// run; of the remembered runs but the first. 0 … 100 and more; nothing without two runs.
[[nodiscard]] std::optional<unsigned> Churn(const SourceQuality& source);
// "12 %", or nothing.
[[nodiscard]] std::string ChurnText(const SourceQuality& source);

}  // namespace gapferry::report
