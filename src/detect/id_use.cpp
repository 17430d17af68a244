#include "detect/id_use.h"

#include <algorithm>

#include "base/clock.h"
#include "store/database.h"

namespace gapferry::detect {
namespace {

constexpr std::int64_t kLowPercent = 80;
constexpr std::int64_t kPaceDays = 30;

// The first generation fills a range at once and says nothing about the pace; what came after it
// does.
void SetPace(SQLite::Database& database, const std::string& space, IdBlock block, IdUse* use) {
  SQLite::Statement ends(database,
                         "SELECT min(first), max(first), max(id) FROM artifact_id "
                         "WHERE space = ? AND id BETWEEN ? AND ?");
  store::BindText(ends, 1, space);
  ends.bind(2, block.first);
  ends.bind(3, block.last);
  if (!ends.executeStep() || ends.getColumn(2).isNull()) return;
  use->used = ends.getColumn(2).getInt64() - block.first + 1;
  const Time newest = ends.getColumn(1).getInt64();
  const Time since = std::max(ends.getColumn(0).getInt64(), newest - kPaceDays * kSecondsPerDay);
  const std::int64_t days = (newest - since) / kSecondsPerDay;
  if (days < 1) return;
  SQLite::Statement count(database,
                          "SELECT count(*) FROM artifact_id "
                          "WHERE space = ? AND id BETWEEN ? AND ? AND first > ?");
  store::BindText(count, 1, space);
  count.bind(2, block.first);
  count.bind(3, block.last);
  count.bind(4, since);
  if (!count.executeStep() || count.getColumn(0).getInt64() == 0) return;
  use->days_left = (use->total - use->used) * days / count.getColumn(0).getInt64();
}

}  // namespace

bool IdUse::IsLow() const {
  return used >= total / 100 * kLowPercent + total % 100 * kLowPercent / 100;
}

std::string IdUse::ToString() const {
  std::string text =
      fmt::format("destination {}: {} of its {} sids are used", destination, used, total);
  if (days_left) text += fmt::format("; at the present pace the rest lasts {} days", *days_left);
  return text +
         ". Without sids it makes no new generation: raise `sid_count`, which changes no sid that "
         "was given";
}

Result<std::vector<IdUse>> UseOfIds(store::Store& store,
                                    const std::vector<Destination>& destinations) {
  return store::Guarded("cannot read the registry of ids", [&]() -> Result<std::vector<IdUse>> {
    std::vector<IdUse> uses;
    for (const Destination& destination : destinations) {
      const std::optional<IdBlock> block = SidsOf(destination);
      if (!block) continue;
      IdUse& use = uses.emplace_back();
      use.destination = destination.name;
      use.total = block->last - block->first + 1;
      const bool stored = destination.format == "stored-rules";
      SetPace(store.database(), destination.name + (stored ? "/stored-sid" : "/sid"), *block, &use);
    }
    return uses;
  });
}

Result<std::vector<std::string>> LowIds(store::Store& store,
                                        const std::vector<Destination>& destinations) {
  GF_TRY(const std::vector<IdUse> uses, UseOfIds(store, destinations));
  std::vector<std::string> low;
  for (const IdUse& use : uses) {
    if (use.IsLow()) low.push_back(use.ToString());
  }
  return low;
}

}  // namespace gapferry::detect
