// exporter/value_source.h: the blocks `csv:` and `feed:` of a source in export.yml.
#pragma once

#include "base/config.h"
#include "collect/value_feed.h"

namespace gapferry::exporter {

struct ValueSource {
  collect::ValueFeedOptions options;
  collect::CsvOptions csv;            // of kind csv
  collect::FreetextOptions freetext;  // of kind freetext
};

[[nodiscard]] bool IsValueKind(std::string_view kind);  // csv, freetext

// Reads both blocks. Errors are recorded in `source`, or returned if they are those of a block.
[[nodiscard]] Result<ValueSource> ReadValueSource(ConfigMap& source, std::string_view kind);

}  // namespace gapferry::exporter
