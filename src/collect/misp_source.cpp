#include "collect/misp_source.h"

#include <algorithm>

#include "base/file.h"
#include "collect/misp_account.h"
#include "collect/misp_context.h"
#include "collect/misp_events.h"
#include "collect/misp_lists.h"
#include "collect/warninglist_folder.h"

namespace gapferry::collect {
namespace {

// What is read of an event depends on who reads it, and how. If that changes, no file of before is
// what the same request would give now.
Status StartOverIfOther(const EventCache& cache, const MispAccount& account,
                        const Reading& reading) {
  constexpr std::size_t kMaxBytes = 1 << 20;
  constexpr mode_t kPrivate = 0600;
  const std::filesystem::path file = cache.folder() / "reader";
  const std::string now = DumpJson({{"role", account.role},
                                    {"organisation", account.organisation},
                                    {"sync", account.may.sync},
                                    {"by_search", reading.by_search},
                                    {"hidden_tags", reading.hidden_tags}}) +
                          "\n";
  auto before = ReadFile(file, kMaxBytes);
  if (before.ok() && *before == now) return Ok();
  GF_CHECK(cache.DropOthers({}));
  return WriteFileAtomically(file, now, kPrivate);
}

void Merge(CollectReport lists, CollectReport* report) {
  for (const auto& [name, rows] : lists.rows)
    report->rows[name] += rows;
  for (Refusal& refusal : lists.refused)
    report->Refuse(std::move(refusal));
  report->lists = std::move(lists.lists);
  report->repeated_rows += lists.repeated_rows;
}

}  // namespace

Result<CollectReport> CollectMisp(store::Store& store, const SourceOptions& options,
                                  const MispOptions& misp, MispApi& api,
                                  const CollectProgress& fetching,
                                  const CollectProgress& reading_files) {
  GF_TRY(const MispAccount account, api.ReadAccount());
  GF_CHECK(CheckAccount(account));
  GF_TRY(const Reading reading, ChooseReading(api, account));
  GF_CHECK(MakeFolder(misp.cache, 0700));
  GF_TRY(const EventCache cache, EventCache::Open(misp.cache / "events"));
  GF_CHECK(StartOverIfOther(cache, account, reading));
  GF_TRY(const std::vector<store::KnownEvent> known, EventsOf(store, options.name));
  MispEvents events(api, cache, options, misp, reading);
  GF_CHECK(events.FetchAll(known, misp.cache / "index.json", fetching));
  GF_CHECK(CheckLoss(options, known.size(), events.lost()));
  ListsFetched lists;
  if (misp.lists != WhichLists::kNone) {
    GF_TRY(lists, FetchLists(api, misp.cache / "warninglists", misp.lists, misp.refresh_days));
  }
  GF_TRY(const std::vector<Remark> context, CollectContext(api, misp.cache, Now()));
  GF_TRY(CollectReport report,
         CollectFetchedEvents(store, options, events.files(), events.refused(), reading_files));
  cache.DropRefused(report);
  GF_CHECK(cache.DropOthers(events.listed()));
  if (misp.lists != WhichLists::kNone && !lists.closed) {
    auto told = CollectFetchedWarninglists(store, options, lists.folder, std::move(lists.refused));
    if (told.ok()) {
      Merge(std::move(told).value(), &report);
    } else if (told.error().kind == Kind::kMalformed) {
      // Too many are gone; that is no reason to lose the events.
      report.Refuse({Kind::kMalformed, "warninglists", 0,
                     told.error().what + "; they stay, unless `allow_empty: true` is set"});
    } else {
      return std::move(told).error();
    }
  }
  report.gone = events.gone();
  report.notes = DescribeAccount(account, reading, Now());
  for (const std::vector<Remark>& notes : {events.notes(), context})
    report.notes.insert(report.notes.end(), notes.begin(), notes.end());
  for (const std::string& note : lists.notes)
    report.notes.push_back({note});
  return report;
}

}  // namespace gapferry::collect
