// collect/csv_feed.h: the value columns of a table, with MISP's settings (reference/misp.md §2.5)
// and names of columns, types, encodings and quoting beside them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "collect/csv.h"
#include "collect/exclusion.h"
#include "collect/feed_values.h"

namespace gapferry::collect {

// One or more cells that make a value: "3", "Domain", or "2+3" for address|port.
struct CsvColumn {
  struct Part {
    std::size_t number = 0;  // from 1; 0: known by its name only
    std::string name;
  };
  std::vector<Part> parts;
  std::string type;  // of MISP; empty: by the form of each value

  // "3", "C2 Server", "8 as btc", "2+3 as ip-dst|port". Error: kConfig.
  [[nodiscard]] static Result<CsvColumn> Parse(std::string_view text);
};

// kAuto: the first row is one if none of its value cells has a form, or if columns are named.
enum class CsvHeader { kAuto, kYes, kNo };

struct CsvOptions {
  CsvFormat format;
  CsvHeader header = CsvHeader::kAuto;
  Encoding encoding = Encoding::kAuto;
  std::vector<CsvColumn> columns;  // empty: every cell that has a form
  Exclusion exclude;
  std::uint64_t max_bytes = kMaxFeedBytes;
};

// Hands every value to `take`, each as often as it stands there. Rows that are broken are in
// `report`, cells of a value column without a known form too. Errors: kMalformed if a column that
// is named is not in the header (the mirror must not be emptied because a publisher renamed it),
// kTooLarge, those of the source, and of `take`.
[[nodiscard]] Status ReadCsv(ByteSource source, std::string_view file, const CsvOptions& options,
                             const TakeValue& take, ValueReport* report);

}  // namespace gapferry::collect
