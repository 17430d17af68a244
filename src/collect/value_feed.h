// collect/value_feed.h: sources of kind "csv" and "freetext": files without events, of which the
// mirror has one event.
#pragma once

#include <filesystem>
#include <string>

#include "collect/collect_report.h"
#include "collect/csv_feed.h"
#include "collect/feed_event.h"
#include "collect/freetext.h"
#include "collect/page_check.h"
#include "collect/source.h"
#include "store/store.h"

namespace gapferry::collect {

struct ValueFeedOptions {
  FeedEventOptions event;
  // What else decides which values are found, in any stable form: other settings, and the files are
  // read again.
  std::string settings;
  Expected expected = Expected::kNoPage;
};

// Makes the mirror's event of this source equal to the values of a file or of a folder's files,
// also packed ones, in one transaction. Files that are as they were are not read again. Rows that
// are broken are in the report; the rest counts. Errors, after which the mirror is as before:
// kNotFound, kMalformed for a document that is not as expected,
// those of the readers, and of FeedEvent.
[[nodiscard]] Result<CollectReport> CollectCsv(store::Store& store, const SourceOptions& source,
                                               const ValueFeedOptions& options,
                                               const CsvOptions& csv,
                                               const std::filesystem::path& path,
                                               const CollectProgress& progress = {});
[[nodiscard]] Result<CollectReport> CollectFreetext(store::Store& store,
                                                    const SourceOptions& source,
                                                    const ValueFeedOptions& options,
                                                    const FreetextOptions& freetext,
                                                    const std::filesystem::path& path,
                                                    const CollectProgress& progress = {});

}  // namespace gapferry::collect
