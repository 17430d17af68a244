#include "detect/value_index.h"

#include <algorithm>
#include <limits>

#include "base/hash.h"
#include "detect/decide.h"

namespace gapferry::detect {
namespace {

std::array<std::uint32_t, 2> Halves(std::uint64_t hash) {
  return {static_cast<std::uint32_t>(hash >> 32), static_cast<std::uint32_t>(hash)};
}

}  // namespace

Result<ValueIndex> ValueIndex::Build(store::Store& store) {
  InitCrypto();
  ValueIndex index;
  GF_TRY(index.sources_, store.KnownSources());
  GF_TRY(const auto counts, store.CountRows());
  // Growing step by step would hold everything twice for a moment.
  index.entries_.reserve(counts.at("attribute"));
  intel::Normalised value;
  const auto visit = [&](const store::Record& record) -> Status {
    if (record.kind == store::RecordKind::kEvent) {
      if (index.events_.size() == std::numeric_limits<std::uint32_t>::max())
        return Error::Make(Kind::kTooLarge, "the store has too many events to be indexed");
      const auto source =
          std::find_if(index.sources_.begin(), index.sources_.end(),
                       [&](const store::KnownSource& one) { return one.name == record.source; });
      index.events_.push_back(
          {static_cast<std::uint32_t>(source - index.sources_.begin()), record.event_uuid});
    }
    if (record.kind != store::RecordKind::kAttribute) return Ok();
    intel::Normalise(intel::FindType(record.attribute.type), record.attribute.value, &value);
    for (std::size_t i = 0; i < value.count; ++i)
      index.Add(value.indicators[i], record.attribute.uuid);
    return Ok();
  };
  GF_CHECK(store.Reader().ForEach(store::RowReader::Part::kEvents, visit));
  std::sort(index.entries_.begin(), index.entries_.end());
  return index;
}

void ValueIndex::Add(const intel::Indicator& indicator, const Uuid& attribute) {
  entries_.push_back({Halves(IndicatorHash(indicator)),
                      static_cast<std::uint32_t>(events_.size() - 1), attribute});
  if (indicator.kind != intel::IndicatorKind::kNetwork) return;
  const auto network = intel::ParseNetwork(indicator.value);
  if (network) prefixes_[network->v6 ? 1 : 0][network->prefix] = true;
}

std::vector<AttributePlace> ValueIndex::Find(const intel::Indicator& indicator) const {
  const Entry least{Halves(IndicatorHash(indicator)), 0, {}};
  std::vector<AttributePlace> places;
  for (auto entry = std::lower_bound(entries_.begin(), entries_.end(), least);
       entry != entries_.end() && entry->hash == least.hash; ++entry) {
    const EventPlace& event = events_[entry->event];
    places.push_back({sources_[event.source], event.uuid, entry->attribute});
  }
  return places;
}

}  // namespace gapferry::detect
