#include "detect/decide.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>

#include "base/hash.h"
#include "detect/site_lists.h"
#include "store/database.h"

namespace gapferry::detect {
namespace {

using policy::Decision;
using policy::Reason;

constexpr std::uint8_t kFullConfidence = 100;

ListModes EffectiveModes(const Site& site, const Destination& destination) {
  ListModes modes = site.warninglist_modes;
  for (const auto& [list, mode] : destination.warninglist_modes)
    modes[list] = mode;
  return modes;
}

// Whether any tag set of the store calls something a false positive; nearly always none does, and
// the walk over all attributes is saved.
Result<bool> AnyFalsePositive(store::Store& store) {
  return store::Guarded("cannot read the tags", [&]() -> Result<bool> {
    SQLite::Statement read(store.database(), "SELECT content FROM tagset");
    std::vector<intel::Tag> tags;
    while (read.executeStep()) {
      tags.clear();
      if (store::DecodeTags(store::ReadBlob(read.getColumn(0)), &tags) &&
          policy::SaysFalsePositive(tags))
        return true;
    }
    return false;
  });
}

// Eight bytes a value, whatever its length: a collision in 64 bits is less likely than a fault of
// the machine.
Result<std::vector<std::uint64_t>> FalsePositives(store::Store& store) {
  std::vector<std::uint64_t> hashes;
  GF_TRY(const bool any, AnyFalsePositive(store));
  if (!any) return hashes;
  intel::Normalised value;
  GF_CHECK(store.Reader().ForEachSubject([&](const store::Record& record) -> Status {
    if (record.kind != store::RecordKind::kAttribute || record.attribute.deleted ||
        !policy::SaysFalsePositive(record.attribute.tags))
      return Ok();
    intel::Normalise(intel::FindType(record.attribute.type), record.attribute.value, &value);
    for (std::size_t i = 0; i < value.count; ++i)
      hashes.push_back(MeaningHash(value.indicators[i]));
    return Ok();
  }));
  std::sort(hashes.begin(), hashes.end());
  hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
  return hashes;
}

Result<bool> AnySightedFalsePositive(store::Store& store, const Site& site) {
  const bool asked =
      std::any_of(site.destinations.begin(), site.destinations.end(),
                  [](const Destination& each) { return each.use.sightings.false_positives > 0; });
  if (!asked) return false;
  return store::Guarded("cannot read the sightings", [&]() -> Result<bool> {
    SQLite::Statement read(store.database(),
                           "SELECT 1 FROM sighting WHERE false_positives > 0 LIMIT 1");
    return read.executeStep();
  });
}

// How often a value was sighted as a false positive. MISP sights all attributes of a value at once,
// so attributes are not added up.
using SightedValues = std::unordered_map<std::uint64_t, std::int64_t>;
Result<SightedValues> SightedFalsePositives(store::Store& store, const Site& site) {
  SightedValues sighted;
  GF_TRY(const bool any, AnySightedFalsePositive(store, site));
  if (!any) return sighted;
  intel::Normalised value;
  GF_CHECK(store.Reader().ForEachSubject([&](const store::Record& record) -> Status {
    const intel::Attribute& attribute = record.attribute;
    if (record.kind != store::RecordKind::kAttribute || attribute.deleted ||
        attribute.sighting.false_positives == 0)
      return Ok();
    intel::Normalise(intel::FindType(attribute.type), attribute.value, &value);
    for (std::size_t i = 0; i < value.count; ++i) {
      std::int64_t& most = sighted[MeaningHash(value.indicators[i])];
      most = std::max(most, attribute.sighting.false_positives);
    }
    return Ok();
  }));
  return sighted;
}

// Reasons that a site's own word is stronger than.
bool OthersSayGood(Reason reason) {
  return reason == Reason::kWarninglist || reason == Reason::kFalsePositive;
}

}  // namespace

std::uint64_t IndicatorHash(const intel::Indicator& indicator) {
  Blake2b hash(64);
  const auto kind = static_cast<std::uint8_t>(indicator.kind);
  hash.Update(ByteView(&kind, 1)).Update(indicator.value);
  const Digest512 digest = hash.Finish512();
  std::uint64_t folded = 0;
  for (std::size_t i = 0; i < sizeof(folded); ++i)
    folded = folded << 8 | digest[i];
  return folded;
}

std::uint64_t MeaningHash(const intel::Indicator& indicator) {
  if (indicator.kind != intel::IndicatorKind::kHostname) return IndicatorHash(indicator);
  return IndicatorHash({intel::IndicatorKind::kDomain, indicator.value});
}

struct Decider::State {
  explicit State(const Site& of) : site(of) {}

  // Destinations of one group ask the same of a value, so it is asked once.
  struct Group {
    policy::ValuePolicy policy;
    std::size_t set = 0;
    bool asked = false;
    std::array<policy::ValueDecision, 2> answers;
  };

  // The same for what they ask of an attribute.
  struct UseGroup {
    policy::UsePolicy policy;
    std::optional<Decision> answer;
  };

  const Decision& AskUse(std::size_t destination);
  Decision DecidePart(std::size_t destination, std::size_t part, std::string_view* mark);
  void AskGroup(Group* group);
  [[nodiscard]] bool IsSightedFalsePositive(std::size_t destination,
                                            const intel::Indicator& indicator) const;

  const Site& site;
  std::vector<const Format*> formats;
  std::vector<UseGroup> uses;  // with what the formats do
  std::vector<std::size_t> use_of;
  std::vector<policy::WarninglistSet> sets;
  // Of the parts of the value, by set.
  std::vector<std::array<policy::ValueFacts, 2>> facts;
  std::vector<Group> groups;
  std::vector<std::size_t> group_of;
  std::vector<std::uint64_t> false_positives;
  SightedValues sighted;
  Subject subject;
  Verdict verdict;
};

Decider::Decider(std::unique_ptr<State> state) : state_(std::move(state)) {}
Decider::Decider(Decider&&) noexcept = default;
Decider::~Decider() = default;

Result<Decider> Decider::Create(store::Store& store, const Site& site) {
  GF_CHECK(CheckSite(site));
  auto state = std::make_unique<State>(site);
  std::vector<ListModes> modes;
  std::vector<std::size_t> set_of;
  for (const Destination& destination : site.destinations) {
    state->formats.push_back(FindFormat(destination.format));
    policy::UsePolicy use = destination.use;
    use.power = PowerOf(destination);
    const auto same = std::find_if(state->uses.begin(), state->uses.end(),
                                   [&](const auto& each) { return each.policy == use; });
    state->use_of.push_back(static_cast<std::size_t>(same - state->uses.begin()));
    if (same == state->uses.end()) state->uses.push_back({std::move(use), std::nullopt});
    const ListModes wanted = EffectiveModes(site, destination);
    const auto found = std::find(modes.begin(), modes.end(), wanted);
    set_of.push_back(static_cast<std::size_t>(found - modes.begin()));
    if (found == modes.end()) modes.push_back(wanted);
  }
  if (site.warninglists) {
    GF_TRY(state->sets, LoadWarninglists(store, modes));
  }
  state->facts.resize(modes.size());
  GF_TRY(state->false_positives, FalsePositives(store));
  GF_TRY(state->sighted, SightedFalsePositives(store, site));
  // Of a destination's power a value is only asked whether it blocks.
  std::map<std::pair<std::size_t, bool>, std::size_t> known;
  for (std::size_t i = 0; i < site.destinations.size(); ++i) {
    const policy::Power power = state->uses[state->use_of[i]].policy.power;
    const auto [found, added] =
        known.try_emplace({set_of[i], power == policy::Power::kBlocks}, state->groups.size());
    if (added) {
      State::Group& group = state->groups.emplace_back();
      group.policy.allowlist = site.allowlist;
      group.policy.own = site.own;
      group.policy.warninglists = site.warninglists ? &state->sets[set_of[i]] : nullptr;
      group.policy.power = power;
      group.set = set_of[i];
      group.policy.shortest_prefix_v4 = site.shortest_prefix_v4;
      group.policy.shortest_prefix_v6 = site.shortest_prefix_v6;
    }
    state->group_of.push_back(found->second);
  }
  return Decider(std::move(state));
}

void Decider::Begin(const Subject& subject) {
  state_->subject = subject;
  for (State::Group& group : state_->groups)
    group.asked = false;
  for (State::UseGroup& use : state_->uses)
    use.answer.reset();
  for (auto& parts : state_->facts) {
    for (policy::ValueFacts& facts : parts) {
      facts.public_suffix.reset();
      facts.warninglists.reset();
    }
  }
}

const Decision& Decider::State::AskUse(std::size_t destination) {
  UseGroup& use = uses[use_of[destination]];
  if (!use.answer) use.answer = policy::DecideUse(use.policy, subject.occurrence, site.created);
  return *use.answer;
}

void Decider::State::AskGroup(Group* group) {
  if (group->asked) return;
  group->asked = true;
  for (std::size_t part = 0; part < subject.value->count; ++part) {
    const intel::Indicator& indicator = subject.value->indicators[part];
    group->answers[part] = policy::DecideValue(group->policy, indicator, subject.occurrence.type,
                                               &facts[group->set][part]);
    if (group->answers[part].decision.allowed && !false_positives.empty() &&
        std::binary_search(false_positives.begin(), false_positives.end(), MeaningHash(indicator)))
      group->answers[part].decision = Decision::Refuse(Reason::kFalsePositive);
  }
}

bool Decider::State::IsSightedFalsePositive(std::size_t destination,
                                            const intel::Indicator& indicator) const {
  if (sighted.empty()) return false;
  const auto found = sighted.find(MeaningHash(indicator));
  return found != sighted.end() &&
         policy::SightedAsFalsePositive(uses[use_of[destination]].policy.sightings, found->second);
}

Decision Decider::State::DecidePart(std::size_t destination, std::size_t part,
                                    std::string_view* mark) {
  Group& group = groups[group_of[destination]];
  AskGroup(&group);
  const policy::ValueDecision& answer = group.answers[part];
  const bool insists = subject.addition != nullptr && OthersSayGood(answer.decision.reason);
  if (!answer.decision.allowed && !insists) return answer.decision;
  if (subject.addition == nullptr &&
      IsSightedFalsePositive(destination, subject.value->indicators[part]))
    return Decision::Refuse(Reason::kSightedFalsePositive, subject.occurrence.type);
  if (answer.warninglists.dropped()) {
    *mark = group.policy.warninglists->lists()[answer.warninglists.drop].name;
  } else if (answer.warninglists.mark_count > 0)
    *mark = group.policy.warninglists->lists()[answer.warninglists.marks[0]].name;
  if (subject.value->fragment_decides) return CannotExpress("url-fragment");
  return Express(site.destinations[destination], *formats[destination],
                 subject.value->indicators[part], subject.value->port, subject.occurrence.type);
}

const Verdict& Decider::Judge(std::size_t destination) {
  State& state = *state_;
  Verdict& verdict = state.verdict;
  verdict.marks = {};
  const intel::Normalised& value = *state.subject.value;
  if (state.formats[destination]->make_for_events != nullptr) {
    verdict.whole =
        policy::DecideCopy(state.uses[state.use_of[destination]].policy, state.subject.occurrence);
    verdict.parts = {verdict.whole, verdict.whole};
    return verdict;
  }
  Decision all = state.AskUse(destination);
  if (all.allowed && !value.ok()) all = Decision::Refuse(policy::ReasonOf(value.problem));
  const bool text = value.count == 0 || value.indicators[0].kind == intel::IndicatorKind::kOther;
  if (all.allowed && text && (value.count == 0 || !state.formats[destination]->takes_text))
    all = Decision::Refuse(Reason::kTypeNotDetectable, state.subject.occurrence.type);
  if (!all.allowed) {
    verdict.whole = all;
    verdict.parts = {all, all};
    return verdict;
  }
  for (std::size_t part = 0; part < value.count; ++part)
    verdict.parts[part] = state.DecidePart(destination, part, &verdict.marks[part]);
  verdict.whole = verdict.parts[0];
  if (value.count == 2 && verdict.parts[1].allowed) verdict.whole = verdict.parts[1];
  return verdict;
}

bool SubjectReader::Read(const store::Record& record, Subject* subject,
                         const policy::Addition* addition) {
  switch (record.kind) {
    case store::RecordKind::kSource:
      default_tlp_ = record.default_tlp;
      return false;
    case store::RecordKind::kEvent:
      event_ = record.event;
      base_ = policy::MakeOccurrence(event_, nullptr, intel::Attribute{}, default_tlp_);
      deleted_objects_.clear();
      return false;
    case store::RecordKind::kObject:
      if (record.object.deleted) deleted_objects_.push_back(record.object.uuid);
      return false;
    case store::RecordKind::kAttribute:
      break;
    default:
      return false;
  }
  const intel::Attribute& attribute = record.attribute;
  if (attribute.tags.empty()) {
    // The event's tags, read once, decide for all attributes that have none of their own.
    subject->occurrence = base_;
    subject->occurrence.type = attribute.type;
    subject->occurrence.to_ids = attribute.to_ids;
    subject->occurrence.deleted = attribute.deleted;
    subject->occurrence.sighting = attribute.sighting;
    subject->occurrence.last_activity = policy::LastActivity(attribute);
  } else {
    subject->occurrence = policy::MakeOccurrence(event_, nullptr, attribute, default_tlp_);
  }
  // Objects come before the attributes of their event, in the order of their UUIDs.
  if (std::binary_search(deleted_objects_.begin(), deleted_objects_.end(), record.object_uuid))
    subject->occurrence.deleted = true;
  subject->type = intel::FindType(attribute.type);
  if (with_values_) intel::Normalise(subject->type, attribute.value, &value_);
  subject->value = &value_;
  subject->addition = addition;
  if (addition != nullptr) subject->occurrence.confidence = kFullConfidence;
  return true;
}

}  // namespace gapferry::detect
