#include "detect/event_walk.h"

#include <algorithm>
#include <unordered_set>

#include "detect/gather.h"
#include "detect/local_rows.h"

namespace gapferry::detect {
namespace {

using policy::Reason;

std::vector<Uuid> UuidsIn(std::string_view text) {
  std::vector<Uuid> uuids;
  constexpr std::size_t kFirstDash = 8;
  constexpr std::size_t kUuidChars = 36;
  for (std::size_t dash = text.find('-'); dash != std::string_view::npos;
       dash = text.find('-', dash + 1)) {
    if (dash < kFirstDash) continue;
    const std::optional<Uuid> uuid = ParseUuid(text.substr(dash - kFirstDash, kUuidChars));
    if (uuid) uuids.push_back(*uuid);
  }
  return uuids;
}

class Walk {
 public:
  Walk(store::Store& store, const Site& site, std::size_t place, Decider* decider,
       EventWriter* writer, DestinationSummary* summary, const GenerateProgress& progress)
      : store_(store),
        site_(site),
        destination_(site.destinations[place]),
        place_(place),
        decider_(*decider),
        writer_(*writer),
        summary_(*summary),
        progress_(progress) {}

  Status Run() {
    GF_TRY(sources_, store_.KnownSources());
    GF_CHECK(WriteCanary());
    // First: no event of a bundle can take the place of the site's own.
    GF_CHECK(
        ForEachLocalRow(site_, [&](const store::Record& record, const policy::Addition* addition) {
          return Take(record, addition);
        }));
    GF_CHECK(store_.Reader().ForEach(store::RowReader::Part::kEvents,
                                     [&](const store::Record& record) { return Take(record); }));
    GF_CHECK(EndEvent());
    if (progress_) progress_(summary_.attributes % kProgressStep);
    GF_CHECK(writer_.Finish());
    summary_.used -= refusals_.Total();
    summary_.reasons.Merge(refusals_);
    return Ok();
  }

 private:
  // An object with the number of its attributes that may and may not be seen.
  struct Part {
    Uuid uuid;
    std::uint64_t shown = 0;
    std::uint64_t refused = 0;

    [[nodiscard]] bool hidden() const { return shown == 0 && refused > 0; }
  };

  Status Take(const store::Record& record, const policy::Addition* addition = nullptr) {
    Subject subject;
    const bool is_attribute = reader_.Read(record, &subject, addition);
    if (is_attribute) return TakeAttribute(record, subject);
    switch (record.kind) {
      case store::RecordKind::kSource:
        default_tlp_ = record.default_tlp;
        return Ok();
      case store::RecordKind::kEvent:
        GF_CHECK(EndEvent());
        return BeginEvent(record.event);
      case store::RecordKind::kObject:
        return TakeObject(record.object);
      case store::RecordKind::kReference:
        return TakeReference(record);
      case store::RecordKind::kReport:
        return TakeReport(record.report);
      default:
        return Ok();
    }
  }

  Status BeginEvent(const intel::Event& event) {
    objects_.clear();
    shown_.clear();
    refused_.clear();
    repeated_ = false;
    const policy::Occurrence occurrence =
        policy::MakeOccurrence(event, nullptr, intel::Attribute{}, default_tlp_);
    if (!policy::DecideCopyOfEvent(destination_.use, occurrence).allowed) return Ok();
    repeated_ = !seen_.insert(event.uuid).second;
    if (repeated_) return Ok();
    open_ = true;
    ++summary_.values["event"];
    GF_TRY(const bool extends, MayName(event.extends_uuid));
    if (extends) return writer_.Begin(event, occurrence.tlp);
    intel::Event alone = event;
    alone.extends_uuid.clear();
    return writer_.Begin(alone, occurrence.tlp);
  }

  Result<bool> MayName(const std::string& event_uuid) {
    if (event_uuid.empty() || SeesAll()) return true;
    const std::optional<Uuid> uuid = ParseUuid(event_uuid);
    if (!uuid) return false;
    GF_TRY(const Sight sight, SightOf(*uuid));
    return sight == Sight::kSeen;
  }

  // Of an event of this UUID, of any source.
  enum class Sight { kUnknown, kHidden, kSeen };
  Result<Sight> SightOf(const Uuid& event_uuid) {
    Sight sight = Sight::kUnknown;
    for (const store::KnownSource& source : sources_) {
      GF_TRY(const auto known, store_.FindEvent(source.id, event_uuid));
      if (!known) continue;
      sight = Sight::kHidden;
      store::Record key;
      key.kind = store::RecordKind::kEvent;
      key.source = source.name;
      key.event_uuid = key.event.uuid = event_uuid;
      store::RowReader reader = store_.Reader();
      GF_TRY(const store::Record* const found, reader.Find(key, known->id));
      if (found == nullptr) continue;
      const policy::Occurrence occurrence =
          policy::MakeOccurrence(found->event, nullptr, intel::Attribute{}, source.default_tlp);
      if (policy::DecideCopyOfEvent(destination_.use, occurrence).allowed) return Sight::kSeen;
    }
    return sight;
  }

  // Nothing is above red, so no UUID is a secret.
  [[nodiscard]] bool SeesAll() const { return destination_.use.clearance == intel::Tlp::kRed; }

  Status TakeObject(const intel::Object& object) {
    if (!open_) return Ok();
    objects_.push_back({object.uuid});
    return writer_.AddObject(object);
  }

  Status TakeAttribute(const store::Record& record, const Subject& subject) {
    decider_.Begin(subject);
    const policy::Decision decision = decider_.Judge(place_).whole;
    if (++summary_.attributes % kProgressStep == 0 && progress_) progress_(kProgressStep);
    if (decision.allowed) {
      ++summary_.used;
    } else {
      summary_.reasons.Add(decision.reason, decision.detail);
    }
    if (!open_) {
      if (decision.allowed && repeated_) {
        refusals_.Add(Reason::kFormatCannotExpress, "event-of-another-source");
      } else if (decision.allowed) {
        // Its tags open it wider than those of its event, which may not be seen.
        refusals_.Add(Reason::kEventHeldBack);
      }
      return Ok();
    }
    Part* object = FindObject(record.object_uuid);
    if (!decision.allowed) {
      refused_.push_back(record.attribute.uuid);
      if (object != nullptr) ++object->refused;
      return Ok();
    }
    shown_.push_back(record.attribute.uuid);
    if (object != nullptr) ++object->shown;
    ++summary_.values["attribute"];
    return writer_.AddAttribute(object == nullptr ? Uuid{} : object->uuid, record.attribute);
  }

  Part* FindObject(const Uuid& uuid) {
    const auto found =
        std::lower_bound(objects_.begin(), objects_.end(), uuid,
                         [](const Part& part, const Uuid& wanted) { return part.uuid < wanted; });
    return found == objects_.end() || found->uuid != uuid ? nullptr : &*found;
  }
  bool IsShown(const Uuid& uuid) {
    const Part* object = FindObject(uuid);
    if (object != nullptr) return !object->hidden();
    return std::binary_search(shown_.begin(), shown_.end(), uuid);
  }
  bool IsHidden(const Uuid& uuid) {
    const Part* object = FindObject(uuid);
    if (object != nullptr) return object->hidden();
    return std::binary_search(refused_.begin(), refused_.end(), uuid);
  }

  Status TakeReference(const store::Record& record) {
    if (!open_ || !IsShown(record.object_uuid)) return Ok();
    const Uuid& target = record.reference.referenced;
    const bool may_name = IsShown(target) || (SeesAll() && !IsHidden(target));
    return may_name ? writer_.AddReference(record.object_uuid, record.reference) : Ok();
  }

  Status TakeReport(const intel::Report& report) {
    if (!open_) return Ok();
    for (const std::string_view text :
         {std::string_view(report.name), std::string_view(report.content)}) {
      GF_TRY(const bool names_hidden, NamesHidden(text));
      if (names_hidden) return Ok();
    }
    ++summary_.values["report"];
    return writer_.AddReport(report);
  }

  // A row of this event, or another event.
  Result<bool> NamesHidden(std::string_view text) {
    for (const Uuid& uuid : UuidsIn(text)) {
      if (IsHidden(uuid)) return true;
      if (SeesAll()) continue;
      GF_TRY(const Sight sight, SightOf(uuid));
      if (sight == Sight::kHidden) return true;
    }
    return false;
  }

  Status EndEvent() {
    if (!open_) return Ok();
    open_ = false;
    std::vector<Uuid> hidden;
    for (const Part& object : objects_) {
      if (object.hidden()) hidden.push_back(object.uuid);
    }
    summary_.values["object"] += objects_.size() - hidden.size();
    return writer_.End(hidden);
  }

  Status WriteCanary() {
    if (!destination_.canary) return Ok();
    intel::Event event;
    event.uuid = CanaryUuid(destination_);
    event.info = kCanaryInfo;
    event.date = kCanaryDate;
    event.published = true;
    event.tags.push_back({"tlp:clear", "", "", false, true});
    intel::Attribute attribute;
    attribute.uuid = UuidFromContent(AsBytes("attribute " + event.uuid.ToString()));
    attribute.type = destination_.canary->type;
    attribute.category =
        intel::CategoryName(intel::FindType(destination_.canary->type)->default_category);
    attribute.value = destination_.canary->value;
    attribute.to_ids = true;
    seen_.insert(event.uuid);
    GF_CHECK(writer_.Begin(event, intel::Tlp::kClear));
    GF_CHECK(writer_.AddAttribute(Uuid{}, attribute));
    return writer_.End({});
  }

  store::Store& store_;
  const Site& site_;
  const Destination& destination_;
  std::size_t place_;
  Decider& decider_;
  EventWriter& writer_;
  DestinationSummary& summary_;
  const GenerateProgress& progress_;
  std::vector<store::KnownSource> sources_;
  SubjectReader reader_{/*with_values=*/false};
  intel::Tlp default_tlp_ = intel::Tlp::kAmber;
  policy::ReasonCounts refusals_;
  std::unordered_set<Uuid> seen_;
  bool open_ = false;      // the event of these rows is written
  bool repeated_ = false;  // it was already, from another source
  // Of the open event, each in the order of the UUIDs.
  std::vector<Part> objects_;
  std::vector<Uuid> shown_;
  std::vector<Uuid> refused_;
};

}  // namespace

policy::Decision CopyWhole(const Destination&, const intel::Indicator&, std::string_view) {
  return policy::Decision::Allow();
}

Status WalkEvents(store::Store& store, const Site& site, std::size_t destination, Decider* decider,
                  EventWriter* writer, DestinationSummary* summary,
                  const GenerateProgress& progress) {
  return Walk(store, site, destination, decider, writer, summary, progress).Run();
}

}  // namespace gapferry::detect
