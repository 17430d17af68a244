// collect/web_feed.h: a feed in MISP's format, and single files, fetched over HTTP. A feed becomes
// a folder that reads as any other feed's does. hashes.csv is not fetched: publishers disagree on
// its columns, and it may lack values. Signatures are kept beside what they sign:
// manifest.json.asc, and <uuid>.asc of an event that says it is protected; nothing here checks
// them.
#pragma once

#include "collect/event_cache.h"
#include "collect/page_check.h"
#include "collect/source.h"

namespace gapferry::collect {

struct WebOptions {
  std::string url;
  std::filesystem::path cache;    // of this source alone
  std::string key_header;         // in which the client's secret is sent, if it has one
  std::int64_t refresh_days = 7;  // an event is fetched again after so many days; 0: never
};

// Only events whose timestamp in the manifest moved are fetched. One that is older than the
// manifest says is noted; one that is older than the mirror's is refused, whatever the manifest
// says, unless the options accept it. One that cannot be had
// is refused by name and keeps its earlier state; an interrupted run goes on where it was. Errors,
// after which the mirror is as before: kNetwork, kDenied, kNotFound, kMalformed, and the store's.
[[nodiscard]] Result<CollectReport> CollectWebFeed(store::Store& store,
                                                   const SourceOptions& options,
                                                   const WebOptions& web, HttpClient& client,
                                                   const CollectProgress& fetching = {},
                                                   const CollectProgress& reading = {});

// Fetches one file unless it did not change, and returns where it lies. An archive is not opened.
// What is not as `expected`, also by the server's own word (text/html), or an archive in which the
// key stands, leaves the file as it was.
// Errors: as above.
[[nodiscard]] Result<std::filesystem::path> FetchWebFile(HttpClient& client, const WebOptions& web,
                                                         std::uint64_t max_bytes,
                                                         Expected expected);

}  // namespace gapferry::collect
