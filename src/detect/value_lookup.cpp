#include "detect/value_lookup.h"

#include <array>
#include <optional>
#include <unordered_map>

#include "detect/decide.h"
#include "detect/local_rows.h"

namespace gapferry::detect {
namespace {

constexpr std::size_t kMostCached = 4096;

std::string CacheKey(const intel::Indicator& indicator) {
  return static_cast<char>(indicator.kind) + indicator.value;
}

// The part of the attribute's value that is this indicator.
std::optional<std::size_t> PartOf(const intel::Normalised& value,
                                  const intel::Indicator& indicator) {
  for (std::size_t i = 0; i < value.count; ++i) {
    if (value.indicators[i].kind == indicator.kind && value.indicators[i].value == indicator.value)
      return i;
  }
  return std::nullopt;
}

}  // namespace

struct ValueLookup::State {
  State(store::Store& of_store, const Site& of_site, Decider of_decider, ValueIndex of_index)
      : store(of_store),
        site(of_site),
        decider(std::move(of_decider)),
        index(std::move(of_index)),
        rows(store.Reader()) {}

  // Reads one row into `reader`; nullptr if it is not there.
  Result<const store::Record*> Row(const store::Record& key, store::EventId owner) {
    GF_TRY(const store::Record* row, rows.Find(key, owner));
    if (row != nullptr && row->kind != store::RecordKind::kAttribute) reader.Read(*row, &subject);
    return row;
  }

  // Reads the attribute after what decides for it.
  Result<const store::Record*> Attribute(const AttributePlace& place) {
    GF_TRY(const auto event, store.FindEvent(place.source.id, place.event));
    if (!event) return nullptr;
    store::Record key;
    key.kind = store::RecordKind::kSource;
    key.source = place.source.name;
    key.default_tlp = place.source.default_tlp;
    reader.Read(key, &subject);
    key.kind = store::RecordKind::kEvent;
    key.event_uuid = place.event;
    GF_TRY(const store::Record* row, Row(key, event->id));
    if (row == nullptr) return nullptr;
    key.kind = store::RecordKind::kAttribute;
    key.attribute.uuid = place.attribute;
    GF_TRY(row, Row(key, event->id));
    if (row == nullptr || row->object_uuid.IsNil()) return row;
    key.kind = store::RecordKind::kObject;
    key.object.uuid = row->object_uuid;
    GF_CHECK(Row(key, event->id));
    key.kind = store::RecordKind::kAttribute;
    return Row(key, event->id);
  }

  Status ReadLocalRows() {
    return ForEachLocalRow(
        site, [&](const store::Record& record, const policy::Addition* addition) -> Status {
          local.push_back({record, addition});
          if (addition == nullptr) return Ok();
          intel::Normalised value;
          intel::Normalise(intel::FindType(record.attribute.type), record.attribute.value, &value);
          for (std::size_t i = 0; i < value.count; ++i) {
            const intel::Indicator& indicator = value.indicators[i];
            local_places.emplace(CacheKey(indicator), local.size() - 1);
            const auto network = indicator.kind == intel::IndicatorKind::kNetwork
                                     ? intel::ParseNetwork(indicator.value)
                                     : std::nullopt;
            if (network) local_prefixes[network->v6 ? 1 : 0][network->prefix] = true;
          }
          return Ok();
        });
  }

  // What the site adds itself comes before what the store has.
  void AddLocal(const intel::Indicator& indicator, Named* named) {
    const auto [first, end] = local_places.equal_range(CacheKey(indicator));
    for (auto place = first; place != end; ++place) {
      for (const LocalRow& row : local) {
        if (row.addition == nullptr) reader.Read(row.record, &subject);
      }
      const LocalRow& row = local[place->second];
      if (!reader.Read(row.record, &subject, row.addition)) continue;
      if (WhyOccurrence* found = Describe(indicator, row.record, named))
        found->added_at = site.additions->Where(*row.addition);
    }
  }

  Status Add(const intel::Indicator& indicator, const AttributePlace& place, Named* named) {
    GF_TRY(const store::Record* record, Attribute(place));
    if (record != nullptr && reader.Read(*record, &subject)) Describe(indicator, *record, named);
    return Ok();
  }

  // The attribute that was read last; nullptr if it does not hold the indicator after all.
  WhyOccurrence* Describe(const intel::Indicator& indicator, const store::Record& record,
                          Named* named) {
    const auto part = PartOf(*subject.value, indicator);
    if (!part) return nullptr;
    WhyOccurrence& found =
        named->occurrences.emplace_back(DescribeOccurrence(record, reader, subject));
    decider.Begin(subject);
    for (std::size_t i = 0; i < site.destinations.size(); ++i) {
      const Verdict& verdict = decider.Judge(i);
      found.decisions.push_back(
          DescribeDecision(site.destinations[i].name, verdict.parts[*part], verdict.marks[*part]));
    }
    return &found;
  }

  store::Store& store;
  const Site& site;
  Decider decider;
  ValueIndex index;
  store::RowReader rows;
  SubjectReader reader;
  Subject subject;
  std::unordered_map<std::string, Named> cache;
  struct LocalRow {
    store::Record record;
    const policy::Addition* addition;  // nullptr for its source and its event
  };
  std::vector<LocalRow> local;
  std::unordered_multimap<std::string, std::size_t> local_places;  // in `local`
  std::array<std::array<bool, 129>, 2> local_prefixes{};           // as of ValueIndex
};

ValueLookup::ValueLookup(std::unique_ptr<State> state) : state_(std::move(state)) {}
ValueLookup::ValueLookup(ValueLookup&&) noexcept = default;
ValueLookup::~ValueLookup() = default;

Result<ValueLookup> ValueLookup::Create(store::Store& store, const Site& site) {
  GF_TRY(ValueIndex index, ValueIndex::Build(store));
  GF_TRY(Decider decider, Decider::Create(store, site));
  auto state = std::make_unique<State>(store, site, std::move(decider), std::move(index));
  GF_CHECK(state->ReadLocalRows());
  return ValueLookup(std::move(state));
}

Result<const Named*> ValueLookup::Find(const intel::Indicator& indicator) {
  State& state = *state_;
  const std::string key = CacheKey(indicator);
  const auto known = state.cache.find(key);
  if (known != state.cache.end()) return &known->second;
  Named named;
  state.AddLocal(indicator, &named);
  for (const AttributePlace& place : state.index.Find(indicator)) {
    if (named.occurrences.size() >= Named::kMaxOccurrences) {
      ++named.more;
    } else {
      GF_CHECK(state.Add(indicator, place, &named));
    }
  }
  if (state.cache.size() >= kMostCached) state.cache.clear();
  return &state.cache.emplace(key, std::move(named)).first->second;
}

std::vector<intel::Indicator> ValueLookup::NetworksAround(std::string_view address) const {
  std::vector<intel::Indicator> networks;
  const std::optional<intel::Network> of = intel::ParseNetwork(address);
  if (!of) return networks;
  for (std::size_t prefix = of->prefix; prefix-- > 0;) {
    if (!state_->index.HasPrefix(of->v6, prefix) && !state_->local_prefixes[of->v6 ? 1 : 0][prefix])
      continue;
    // Parsing clears the host bits.
    intel::Network host = *of;
    host.prefix = static_cast<std::uint8_t>(prefix);
    const auto around = intel::ParseNetwork(host.ToString());
    if (around) networks.push_back({intel::IndicatorKind::kNetwork, around->ToString()});
  }
  return networks;
}

}  // namespace gapferry::detect
