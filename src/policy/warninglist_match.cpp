#include <algorithm>

#include "policy/url_host.h"
#include "policy/warninglist_state.h"

namespace gapferry::policy {
namespace {

using intel::IndicatorKind;

// Gathers the lists that hit and apply.
class Lookup {
 public:
  Lookup(const CompiledLists& state, Class of) : state_(state), class_(of) {}

  void Add(std::uint16_t list);
  void AddSet(ListSets::Id set);
  void Exact(std::string_view value);
  void Name(std::string_view name);
  void NamesAbove(std::string_view name);
  void Address(std::string_view text);
  void Host(std::string_view host);
  void WholeUrl(std::string_view url);
  void Patterns(std::string_view value);
  [[nodiscard]] WarninglistMatch Finish();

 private:
  void CoveredNetwork(const intel::Network& network);
  template <typename Key>
  void Covered(const IntervalMap<Key>& map, const Range<Key>& range);

  const CompiledLists& state_;
  const Class class_;
  WarninglistMatch match_;
};

void Lookup::Add(std::uint16_t list) {
  if (!state_.applies[list].test(class_)) return;
  if (state_.lists[list].mode == ListMode::kDrop) {
    match_.drop = std::min(match_.drop, list);
    return;
  }
  const auto end = match_.marks.begin() + match_.mark_count;
  if (match_.mark_count == WarninglistMatch::kMaxMarks ||
      std::find(match_.marks.begin(), end, list) != end)
    return;
  match_.marks[match_.mark_count++] = list;
}

void Lookup::AddSet(ListSets::Id set) {
  if (set == ListSets::kEmpty) return;
  for (const std::uint16_t list : state_.sets.Lists(set))
    Add(list);
}

void Lookup::Exact(std::string_view value) {
  const std::optional<ValueTable::Entry> entry = state_.values.Find(value);
  if (entry) AddSet(entry->exact);
}

void Lookup::Name(std::string_view name) {
  state_.names.FindSuffixes(name, [this](const ValueTable::Entry& entry, bool whole) {
    AddSet(entry.below);
    if (whole) AddSet(entry.exact);
  });
}

void Lookup::NamesAbove(std::string_view name) {
  state_.names.FindSuffixes(name,
                            [this](const ValueTable::Entry& entry, bool) { AddSet(entry.below); });
}

template <typename Key>
void Lookup::Covered(const IntervalMap<Key>& map, const Range<Key>& range) {
  // A list covers the network if it holds every piece of it: a list is kept while each further
  // piece has it too.
  std::vector<std::uint16_t> lists;
  bool first = true;
  map.Over(range, [&](ListSets::Id set) {
    const std::span<const std::uint16_t> members = state_.sets.Lists(set);
    if (first) lists.assign(members.begin(), members.end());
    first = false;
    std::erase_if(lists, [&](std::uint16_t list) {
      return !std::binary_search(members.begin(), members.end(), list);
    });
    return !lists.empty();
  });
  for (const std::uint16_t list : lists)
    Add(list);
}

void Lookup::CoveredNetwork(const intel::Network& network) {
  if (network.v6) {
    Covered(state_.v6, V6Range(network));
  } else {
    Covered(state_.v4, V4Range(network));
  }
}

void Lookup::Address(std::string_view text) {
  if (state_.has_addresses) Exact(text);
  const std::optional<intel::Network> network = intel::ParseNetwork(text);
  if (!network) return;
  if (!network->IsAddress()) return CoveredNetwork(*network);
  AddSet(network->v6 ? state_.v6.Find(V6Range(*network).first)
                     : state_.v4.Find(V4Range(*network).first));
}

void Lookup::Host(std::string_view host) {
  if (IsAddressText(host)) {
    Address(host);
  } else {
    Name(host);
  }
}

void Lookup::WholeUrl(std::string_view url) {
  if (state_.has_urls) Exact(url);
}

void Lookup::Patterns(std::string_view value) {
  if (state_.substring_classes.test(class_))
    state_.substrings.Match(value, [this](std::uint16_t list) { Add(list); });
  for (const CompiledLists::Regexes& regexes : state_.regexes) {
    if (state_.applies[regexes.list].test(class_) && regexes.patterns.Match(value))
      Add(regexes.list);
  }
}

WarninglistMatch Lookup::Finish() {
  std::sort(match_.marks.begin(), match_.marks.begin() + match_.mark_count);
  return match_;
}

void ByKind(const intel::Indicator& indicator, std::string_view type, Lookup* lookup) {
  const std::string_view value = indicator.value;
  switch (indicator.kind) {
    case IndicatorKind::kAddress:
    case IndicatorKind::kNetwork:
      return lookup->Address(value);
    case IndicatorKind::kDomain:
    case IndicatorKind::kHostname:
      return lookup->Name(value);
    case IndicatorKind::kUrl:
      lookup->Host(UrlHost(value));
      lookup->WholeUrl(value);
      return;
    case IndicatorKind::kEmail:
      lookup->Exact(value);
      lookup->NamesAbove(EmailDomain(value));
      return;
    default:
      break;
  }
  lookup->Exact(value);
  if (type != "uri") return;
  if (const std::optional<intel::Url> url = intel::ParseUrl(value)) lookup->Host(url->host);
}

}  // namespace

WarninglistSet::WarninglistSet() : WarninglistSet(Builder().Build()) {}
WarninglistSet::WarninglistSet(std::unique_ptr<CompiledLists> state) : state_(std::move(state)) {}
WarninglistSet::WarninglistSet(WarninglistSet&&) noexcept = default;
WarninglistSet& WarninglistSet::operator=(WarninglistSet&&) noexcept = default;
WarninglistSet::~WarninglistSet() = default;

WarninglistMatch WarninglistSet::Match(const intel::Indicator& indicator,
                                       std::string_view attribute_type) const {
  const Class of = ClassOf(indicator.kind, attribute_type);
  if (state_->lists.empty()) return {};
  Lookup lookup(*state_, of);
  ByKind(indicator, attribute_type, &lookup);
  lookup.Patterns(indicator.value);
  return lookup.Finish();
}

const std::vector<ListInfo>& WarninglistSet::lists() const {
  return state_->lists;
}

std::size_t WarninglistSet::memory() const {
  return state_->names.memory() + state_->values.memory() + state_->sets.memory() +
         state_->v4.memory() + state_->v6.memory() + state_->substrings.memory();
}

}  // namespace gapferry::policy
