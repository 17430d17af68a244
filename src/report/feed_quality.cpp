#include "report/feed_quality.h"

#include <algorithm>
#include <span>

#include "detect/decide.h"
#include "detect/site_lists.h"
#include "policy/cross.h"
#include "policy/use.h"

namespace gapferry::report {
namespace {

// A value's hash with the number of a source that has it below, and its TLP there: sorting brings
// the sources of a value together, of each the least strict TLP first. Of 10 million values two
// look alike by chance in about one walk of 50.
constexpr unsigned kTlpBits = 3;
constexpr unsigned kSourceBits = 10;
constexpr unsigned kBelowHash = kSourceBits + kTlpBits;
static_assert(kMaxSources == std::size_t{1} << kSourceBits);
static_assert(intel::kTlpLevels <= 1 << kTlpBits);

std::uint64_t Sighting(const intel::Indicator& indicator, std::size_t source, intel::Tlp tlp) {
  return detect::IndicatorHash(indicator) >> kBelowHash << kBelowHash | source << kTlpBits |
         static_cast<std::uint64_t>(tlp);
}
std::size_t SourceOf(std::uint64_t sighting) {
  return sighting >> kTlpBits & (kMaxSources - 1);
}
std::uint64_t TlpOf(std::uint64_t sighting) {
  return sighting & ((1U << kTlpBits) - 1);
}

// One for each value of a source, under its least strict TLP.
void SortAndMerge(std::vector<std::uint64_t>* sightings) {
  std::sort(sightings->begin(), sightings->end());
  const auto same = [](std::uint64_t a, std::uint64_t b) { return a >> kTlpBits == b >> kTlpBits; };
  sightings->erase(std::unique(sightings->begin(), sightings->end(), same), sightings->end());
}

std::size_t AgeClass(Time last_activity, Time now) {
  if (last_activity == 0) return 5;
  const Time days = (now - last_activity) / kSecondsPerDay;
  return days <= 7 ? 0 : days <= 30 ? 1 : days <= 90 ? 2 : days <= 365 ? 3 : 4;
}

// Sightings of all sources. Of a source that means some of its values for sensors (to_ids), only
// those stay.
class Sightings {
 public:
  void Add(std::uint64_t sighting, bool meant) {
    all_.push_back(sighting);
    meant_.push_back(meant);
  }

  void EndSource(bool only_meant) {
    std::size_t end = begin_;
    for (std::size_t at = begin_; at < all_.size(); ++at) {
      if (!only_meant || meant_[at - begin_]) all_[end++] = all_[at];
    }
    all_.resize(end);
    begin_ = end;
    meant_.clear();
  }

  // After the last source.
  const std::vector<std::uint64_t>& Merged() {
    SortAndMerge(&all_);
    return all_;
  }

 private:
  std::vector<std::uint64_t> all_;
  std::size_t begin_ = 0;    // of the source under way
  std::vector<bool> meant_;  // from there on
};

class Walk {
 public:
  Walk(policy::WarninglistSet lists, const FirstListed& first_listed, FeedQuality* quality)
      : lists_(std::move(lists)), first_listed_(first_listed), quality_(quality) {}

  Status Take(const store::Record& record) {
    detect::Subject subject;
    const bool is_attribute = reader_.Read(record, &subject);
    if (record.kind == store::RecordKind::kSource) return BeginSource(record);
    if (record.kind == store::RecordKind::kEvent) {
      SourceQuality& source = quality_->sources.back();
      ++source.events;
      if (!source.by_values) source.newest = std::max(source.newest, record.event.timestamp);
      event_has_tlp_ = policy::ReadMarkings(record.event.tags).tlp.has_value();
    }
    if (is_attribute && !subject.occurrence.deleted) {
      policy::Occurrence occurrence = subject.occurrence;
      if (listed_since_ != nullptr)
        occurrence.last_activity = ListedSince(record.attribute.uuid, occurrence.last_activity);
      Count(record.attribute, occurrence, *subject.value);
    }
    return Ok();
  }

  // Which values are listed and which are shared, once all are known.
  void Finish() {
    EndSource();
    for (const std::uint64_t sighting : listed_.Merged())
      ++quality_->sources[SourceOf(sighting)].listed;
    const std::vector<std::uint64_t>& sightings = values_.Merged();
    for (std::size_t at = 0; at < sightings.size();) {
      const std::uint64_t value = sightings[at] >> kBelowHash;
      std::size_t end = at;
      while (end < sightings.size() && sightings[end] >> kBelowHash == value)
        ++end;
      CountValue(std::span(sightings).subspan(at, end - at));
      at = end;
    }
    std::erase_if(quality_->sources,
                  [](const SourceQuality& source) { return source.events == 0; });
  }

 private:
  void EndSource() {
    if (quality_->sources.empty()) return;
    const bool only_meant = quality_->sources.back().for_sensors;
    values_.EndSource(only_meant);
    listed_.EndSource(only_meant);
  }

  Status BeginSource(const store::Record& record) {
    EndSource();
    if (quality_->sources.size() == kMaxSources)
      return Error::Make(Kind::kTooLarge, "more than {} sources", kMaxSources);
    SourceQuality& source = quality_->sources.emplace_back();
    source.name = record.source;
    const auto listed = first_listed_.find(record.source);
    listed_since_ = listed == first_listed_.end() ? nullptr : &listed->second;
    source.by_values = listed_since_ != nullptr;
    return Ok();
  }

  Time ListedSince(const Uuid& attribute, Time otherwise) const {
    const auto found = std::lower_bound(
        listed_since_->begin(), listed_since_->end(), attribute,
        [](const auto& listed, const Uuid& wanted) { return listed.first < wanted; });
    return found != listed_since_->end() && found->first == attribute ? found->second : otherwise;
  }

  void Count(const intel::Attribute& attribute, const policy::Occurrence& occurrence,
             const intel::Normalised& value) {
    SourceQuality& source = quality_->sources.back();
    ++source.attributes;
    ++source.types[attribute.type];
    ++source.tlp[static_cast<std::size_t>(occurrence.tlp)];
    if (!event_has_tlp_ &&
        (attribute.tags.empty() || !policy::ReadMarkings(attribute.tags).tlp.has_value()))
      ++source.untagged;
    ++source.ages[AgeClass(occurrence.last_activity, quality_->now)];
    source.newest = std::max(source.newest, occurrence.last_activity);
    if (occurrence.false_positive) ++source.false_positives;
    if (attribute.to_ids) CountToIds(occurrence, value, &source);
    for (std::size_t i = 0; i < value.count; ++i)
      CountIndicator(value.indicators[i], attribute, occurrence.tlp, &source);
  }

  void CountToIds(const policy::Occurrence& occurrence, const intel::Normalised& value,
                  SourceQuality* source) const {
    ++source->to_ids;
    if (!value.ok()) ++source->not_indicators;
    policy::UsePolicy life;
    life.clearance = intel::Tlp::kRed;
    life.power = policy::Power::kReadsLogs;
    if (policy::DecideUse(life, occurrence, quality_->now).reason == policy::Reason::kTooOld)
      ++source->dead;
  }

  void CountIndicator(const intel::Indicator& indicator, const intel::Attribute& attribute,
                      intel::Tlp tlp, SourceQuality* source) {
    if (indicator.kind == intel::IndicatorKind::kOther) return;
    const std::uint64_t sighting = Sighting(indicator, quality_->sources.size() - 1, tlp);
    values_.Add(sighting, attribute.to_ids);
    source->for_sensors = source->for_sensors || attribute.to_ids;
    const policy::WarninglistMatch match = lists_.Match(indicator, attribute.type);
    if (!match.dropped()) return;
    ++source->lists[lists_.lists()[match.drop].name];
    listed_.Add(sighting, attribute.to_ids);
  }

  // `sightings`: all of one value.
  void CountValue(std::span<const std::uint64_t> sightings) {
    ++quality_->values;
    for (const std::uint64_t own : sightings) {
      SourceQuality& source = quality_->sources[SourceOf(own)];
      ++source.values;
      bool unique = true;
      for (const std::uint64_t other : sightings) {
        const SourceQuality& second = quality_->sources[SourceOf(other)];
        if (&second == &source) continue;
        ++source.shared[second.name];
        // What no sensor would be given is no replacement for what it would.
        if (source.for_sensors && !second.for_sensors) continue;
        unique = false;
        if (TlpOf(other) <= TlpOf(own)) ++source.covered[second.name];
      }
      if (unique) ++source.unique;
    }
  }

  policy::WarninglistSet lists_;
  const FirstListed& first_listed_;
  const FirstListed::mapped_type* listed_since_ = nullptr;  // of the source under way
  FeedQuality* quality_;
  detect::SubjectReader reader_;
  bool event_has_tlp_ = false;
  Sightings values_;
  Sightings listed_;
};

}  // namespace

std::string_view AdviceName(Advice advice) {
  switch (advice) {
    case Advice::kKeep:
      return "keep";
    case Advice::kReview:
      return "review";
    case Advice::kDrop:
      return "drop";
  }
  return "";
}

unsigned Percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<unsigned>((part * 100 + whole / 2) / whole);
}

Result<FeedQuality> MeasureFeeds(store::Store& store, Time now, const FirstListed& first_listed,
                                 const std::function<void(std::uint64_t)>& progress) {
  FeedQuality quality;
  quality.now = now;
  const detect::ListModes defaults;
  GF_TRY(std::vector<policy::WarninglistSet> sets,
         detect::LoadWarninglists(store, std::span(&defaults, 1)));
  quality.warninglists = sets.front().lists().size();
  Walk walk(std::move(sets.front()), first_listed, &quality);
  GF_CHECK(store.Reader().ForEach(store::RowReader::Part::kEvents,
                                  [&](const store::Record& record) -> Status {
                                    if (record.kind == store::RecordKind::kEvent) progress(1);
                                    return walk.Take(record);
                                  }));
  walk.Finish();
  return quality;
}

}  // namespace gapferry::report
