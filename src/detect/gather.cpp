#include "detect/gather.h"

#include <algorithm>
#include <array>
#include <utility>

#include "detect/local_rows.h"
#include "policy/cross.h"

namespace gapferry::detect {
namespace {

void SortOnce(std::vector<std::string>* words) {
  std::sort(words->begin(), words->end());
  words->erase(std::unique(words->begin(), words->end()), words->end());
}

// The id at the end of a tag of this galaxy; empty for all other tags.
std::string_view GalaxyId(std::string_view tag_name, std::string_view galaxy) {
  if (!tag_name.starts_with("misp-galaxy:")) return "";
  tag_name.remove_prefix(std::string_view("misp-galaxy:").size());
  if (!tag_name.starts_with(galaxy) || !tag_name.substr(galaxy.size()).starts_with("=\"") ||
      !tag_name.ends_with('"'))
    return "";
  tag_name.remove_suffix(1);
  const std::size_t space = tag_name.rfind(' ');
  return space == std::string_view::npos ? "" : tag_name.substr(space + 1);
}

bool IsDigits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), IsAsciiDigit);
}

EventHead MakeHead(const intel::Event& event, intel::Tlp default_tlp) {
  EventHead head;
  head.uuid = event.uuid;
  head.info = event.info;
  head.date = event.date;
  head.threat_level = event.threat_level;
  head.tlp = policy::EffectiveTlp(policy::ReadMarkings(event.tags), {}, default_tlp);
  for (const intel::Tag& tag : event.tags) {
    std::string technique = TechniqueOf(tag.name);
    if (!technique.empty()) head.techniques.push_back(std::move(technique));
    std::string actor = ActorOf(tag.name);
    if (!actor.empty()) head.actors.push_back(std::move(actor));
  }
  SortOnce(&head.techniques);
  SortOnce(&head.actors);
  return head;
}

bool CopiesEvents(const Destination& destination) {
  return FindFormat(destination.format)->make_for_events != nullptr;
}

class Gatherer {
 public:
  Gatherer(const Site& site, Decider* decider, CandidateSorter* sorter,
           std::vector<DestinationSummary>* summaries)
      : decider_(*decider), sorter_(*sorter), summaries_(*summaries) {
    for (const Destination& destination : site.destinations)
      copies_.push_back(CopiesEvents(destination));
  }

  Status Take(const store::Record& record, const policy::Addition* addition = nullptr) {
    if (record.kind == store::RecordKind::kSource) default_tlp_ = record.default_tlp;
    if (record.kind == store::RecordKind::kEvent) {
      head_ = MakeHead(record.event, default_tlp_);
      numbered_ = false;
    }
    Subject subject;
    if (!reader_.Read(record, &subject, addition)) return Ok();
    ++attributes_;
    return Judge(record.attribute, subject);
  }
  [[nodiscard]] std::uint64_t attributes() const { return attributes_; }

 private:
  Status Judge(const intel::Attribute& attribute, const Subject& subject) {
    decider_.Begin(subject);
    for (std::vector<Taker>& takers : takers_)
      takers.clear();
    for (std::size_t i = 0; i < summaries_.size(); ++i) {
      if (copies_[i]) continue;
      const Verdict& verdict = decider_.Judge(i);
      DestinationSummary& summary = summaries_[i];
      ++summary.attributes;
      if (!verdict.whole.allowed) {
        summary.reasons.Add(verdict.whole.reason, verdict.whole.detail);
        continue;
      }
      ++summary.used;
      for (std::size_t part = 0; part < subject.value->count; ++part) {
        if (verdict.parts[part].allowed) {
          NoteTaker(verdict.marks[part], DestinationMask{1} << i, &takers_[part]);
        } else {
          summary.part_reasons.Add(verdict.parts[part].reason, verdict.parts[part].detail);
        }
      }
    }
    for (std::size_t part = 0; part < subject.value->count; ++part) {
      for (const Taker& taker : takers_[part]) {
        GF_CHECK(Number());
        GF_CHECK(sorter_.Add(
            subject.value->indicators[part], MakeMention(attribute, subject), taker.mask,
            taker.mark.empty() ? 0 : sorter_.AddWarninglist(std::string(taker.mark))));
      }
    }
    return Ok();
  }

  // Destinations that take a value with the same mark: what one of them is told of a list depends
  // on its own modes alone.
  struct Taker {
    std::string_view mark;
    DestinationMask mask;
  };
  static void NoteTaker(std::string_view mark, DestinationMask mask, std::vector<Taker>* takers) {
    const auto same = std::find_if(takers->begin(), takers->end(),
                                   [&](const Taker& taker) { return taker.mark == mark; });
    if (same == takers->end()) {
      takers->push_back({mark, mask});
    } else {
      same->mask |= mask;
    }
  }

  // An event is kept only if some value of it is.
  Status Number() {
    if (numbered_) return Ok();
    GF_TRY(event_, sorter_.AddEvent(head_));
    numbered_ = true;
    return Ok();
  }

  Mention MakeMention(const intel::Attribute& attribute, const Subject& subject) const {
    Mention mention;
    mention.event = event_;
    mention.event_uuid = head_.uuid;
    mention.attribute_uuid = attribute.uuid;
    mention.type = subject.type->name;
    mention.tlp = subject.occurrence.tlp;
    mention.threat_level = head_.threat_level;
    mention.port = subject.value->port;
    mention.timestamp = attribute.timestamp;
    return mention;
  }

  Decider& decider_;
  CandidateSorter& sorter_;
  std::vector<DestinationSummary>& summaries_;
  std::vector<bool> copies_;  // by destination: takes events, not values; WalkEvents is for those
  SubjectReader reader_;
  intel::Tlp default_tlp_ = intel::Tlp::kAmber;
  EventHead head_;
  EventNumber event_ = 0;
  bool numbered_ = false;
  std::uint64_t attributes_ = 0;
  std::array<std::vector<Taker>, 2> takers_;  // of each part of the attribute at hand
};

Status AddCanary(std::size_t place, const Destination& destination, CandidateSorter* sorter) {
  if (!destination.canary || CopiesEvents(destination)) return Ok();
  EventHead head;
  head.uuid = CanaryUuid(destination);
  head.info = kCanaryInfo;
  head.date = kCanaryDate;
  head.canary = true;
  const intel::Normalised value =
      intel::Normalise(destination.canary->type, destination.canary->value);
  Mention mention;
  GF_TRY(mention.event, sorter->AddEvent(head));
  mention.event_uuid = mention.attribute_uuid = head.uuid;
  mention.type = intel::FindType(destination.canary->type)->name;
  mention.tlp = intel::Tlp::kClear;
  mention.port = value.port;
  return sorter->Add(value.indicators[0], mention, DestinationMask{1} << place, 0);
}

}  // namespace

bool AnyTakesValues(const Site& site) {
  return !std::all_of(site.destinations.begin(), site.destinations.end(), CopiesEvents);
}

Uuid CanaryUuid(const Destination& destination) {
  return UuidFromContent(AsBytes("gapferry canary " + destination.name));
}

std::string TechniqueOf(std::string_view tag_name) {
  const std::string_view id = GalaxyId(tag_name, "mitre-attack-pattern");
  if (!id.starts_with('T') || (id.size() != 5 && id.size() != 9)) return "";
  const bool whole = id.size() == 5 || (id[5] == '.' && IsDigits(id.substr(6)));
  return whole && IsDigits(id.substr(1, 4)) ? std::string(id) : "";
}

std::string ActorOf(std::string_view tag_name) {
  constexpr auto kGalaxies = std::to_array<std::pair<std::string_view, char>>(
      {{"mitre-intrusion-set", 'G'}, {"mitre-malware", 'S'}, {"mitre-tool", 'S'}});
  for (const auto& [galaxy, letter] : kGalaxies) {
    const std::string_view id = GalaxyId(tag_name, galaxy);
    if (id.size() == 5 && id[0] == letter && IsDigits(id.substr(1))) return std::string(id);
  }
  return "";
}

Status Gather(store::Store& store, const Site& site, Decider* decider, CandidateSorter* sorter,
              std::vector<DestinationSummary>* summaries, const GenerateProgress& progress) {
  DestinationMask ignore_ports = 0;
  for (std::size_t i = 0; i < site.destinations.size(); ++i) {
    if (!site.destinations[i].exact_ports) ignore_ports |= DestinationMask{1} << i;
    GF_CHECK(AddCanary(i, site.destinations[i], sorter));
  }
  sorter->IgnorePorts(ignore_ports);
  if (!AnyTakesValues(site)) return Ok();
  Gatherer gatherer(site, decider, sorter, summaries);
  const auto take = [&](const store::Record& record) -> Status {
    const std::uint64_t before = gatherer.attributes();
    GF_CHECK(gatherer.Take(record));
    if (progress && gatherer.attributes() != before && gatherer.attributes() % kProgressStep == 0)
      progress(kProgressStep);
    return Ok();
  };
  GF_CHECK(store.Reader().ForEachSubject(take));
  // Last: where a bundle names the value too, its event says more than a line of a list.
  GF_CHECK(
      ForEachLocalRow(site, [&](const store::Record& record, const policy::Addition* addition) {
        return gatherer.Take(record, addition);
      }));
  if (progress) progress(gatherer.attributes() % kProgressStep);
  return Ok();
}

}  // namespace gapferry::detect
