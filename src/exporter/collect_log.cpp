#include "exporter/collect_log.h"

#include <algorithm>

namespace gapferry::exporter {
namespace {

std::string LogKey(const std::string& source) {
  return "collected/" + source;
}

}  // namespace

Result<std::vector<report::CollectedRun>> LoggedRuns(store::Store* mirror,
                                                     const std::string& source) {
  std::vector<report::CollectedRun> runs;
  GF_TRY(const std::optional<std::string> text, mirror->GetMeta(LogKey(source)));
  if (!text) return runs;
  auto log = ParseJson(*text);
  const bool shaped = log.ok() && log->is_array();
  for (const Json& row : shaped ? *log : Json::array()) {
    if (row.is_array() && row.size() == 4 && row[0].is_number_integer() &&
        std::all_of(row.begin() + 1, row.end(),
                    [](const Json& count) { return count.is_number_unsigned(); })) {
      runs.push_back({row[0].get<Time>(), row[1].get<std::uint64_t>(), row[2].get<std::uint64_t>(),
                      row[3].get<std::uint64_t>()});
    }
  }
  if (!shaped || runs.size() != log->size()) {
    return Error::Make(Kind::kDamaged, "the mirror's log of runs over source {} is damaged",
                       source);
  }
  return runs;
}

Status ForgetRuns(store::Store* mirror, const std::string& source) {
  return mirror->SetMeta(LogKey(source), "[]");
}

Status LogRun(store::Store* mirror, const collect::CollectReport& report, Time now) {
  GF_TRY(std::vector<report::CollectedRun> runs, LoggedRuns(mirror, report.source));
  if (runs.size() >= kRemembered)
    runs.erase(runs.begin(), runs.end() - static_cast<std::ptrdiff_t>(kRemembered - 1));
  // Of a list of values the one event changes whenever its values are dated anew.
  if (const auto& values = report.values) {
    runs.push_back({now, values->added, 0, values->gone});
  } else {
    runs.push_back({now, report.added, report.changed, report.removed});
  }
  Json log = Json::array();
  for (const report::CollectedRun& run : runs)
    log.push_back({run.time, run.added, run.changed, run.removed});
  return mirror->SetMeta(LogKey(report.source), DumpJson(log));
}

}  // namespace gapferry::exporter
