#include "exporter/crossing.h"

#include <algorithm>

#include "base/version.h"

namespace gapferry::exporter {
namespace {

// Raised when the same policy decides otherwise, within one version of this program.
constexpr std::int64_t kRules = 4;

using policy::RowDecision;
using store::PartRow;
using store::Record;
using store::RecordKind;

bool SaysChathamHouse(const intel::Tag& tag) {
  intel::Markings markings;
  markings.Read(tag.name);
  return markings.hide_source;
}

Uuid IdOf(const Record& record) {
  switch (record.kind) {
    case RecordKind::kObject:
      return record.object.uuid;
    case RecordKind::kAttribute:
    case RecordKind::kSighting:
      return record.attribute.uuid;
    case RecordKind::kReference:
      return record.reference.uuid;
    case RecordKind::kReport:
      return record.report.uuid;
    default:
      return {};
  }
}

// Texts with their lengths, so that no two policies look the same.
class PolicyText {
 public:
  PolicyText& operator<<(std::string_view text) {
    text_ += fmt::format("{}:{};", text.size(), text);
    return *this;
  }
  PolicyText& operator<<(std::int64_t number) {
    return *this << std::string_view(std::to_string(number));
  }
  template <typename List>
  PolicyText& All(const List& list) {
    *this << static_cast<std::int64_t>(list.size());
    for (const auto& item : list)
      *this << std::string_view(item);
    return *this;
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace

Digest256 PolicyDigest(const SiteConfig& site, const std::vector<store::KnownSource>& sources) {
  const policy::CrossPolicy& cross = site.cross;
  PolicyText text;
  // Another version of this program may decide otherwise.
  text << kVersion << kRules << static_cast<int>(cross.clearance)
       << static_cast<int>(cross.default_tlp);
  for (const auto& [source, tlp] : cross.default_tlp_of_source)
    text << source << static_cast<int>(tlp);
  for (const bool level : cross.distributions)
    text << static_cast<std::int64_t>(level);
  text.All(cross.sharing_groups).All(cross.excluded_categories).All(cross.excluded_types);
  text << static_cast<std::int64_t>(cross.hold_unpublished);
  text.All(cross.hold_back_tags).All(site.sources);
  text << AsText(site.select.Fingerprint());
  for (const store::KnownSource& source : sources)
    text << source.name << static_cast<int>(source.default_tlp)
         << static_cast<std::int64_t>(WantsSource(site, source.name));
  return Hash256(AsBytes(text.text()));
}

bool WantsSource(const SiteConfig& site, const std::string& source) {
  const std::vector<std::string>& wanted = site.sources.empty() ? site.known_sources : site.sources;
  return std::find(wanted.begin(), wanted.end(), source) != wanted.end();
}

Status LookAhead(policy::CrossWalk* walk, store::Store* mirror, store::RowReader* reader,
                 const store::KnownSource& source, store::EventId event) {
  if (!walk->LooksAhead()) {
    GF_TRY(const bool needed, mirror->EventHasObjects(event));
    if (!needed) return Ok();
  }
  const auto head = [&](const Record& record) {
    walk->LookAhead(record.event, source.name, source.default_tlp);
  };
  if (walk->LooksForSightings()) {
    GF_CHECK(reader->OfEvent(source.name, event, [&](const Record& record) {
      if (record.kind == RecordKind::kEvent) head(record);
      if (record.kind == RecordKind::kSighting)
        walk->LookAhead(record.attribute.uuid, record.attribute.sighting);
      return Ok();
    }));
  }
  return reader->OfEvent(source.name, event, [&](const Record& record) {
    if (record.kind == RecordKind::kEvent && !walk->LooksForSightings()) head(record);
    if (record.kind == RecordKind::kObject) walk->LookAhead(record.object);
    if (record.kind == RecordKind::kAttribute)
      walk->LookAhead(record.attribute, record.object_uuid);
    return Ok();
  });
}

RowDecision DecideRow(policy::CrossWalk* walk, const Record& record, intel::Tlp default_tlp) {
  switch (record.kind) {
    case RecordKind::kEvent:
      return walk->Event(record.event, record.source, default_tlp);
    case RecordKind::kObject:
      return walk->Object(record.object);
    case RecordKind::kAttribute:
      return walk->Attribute(record.attribute, record.object_uuid);
    case RecordKind::kReference:
      return walk->Reference(record.reference, record.object_uuid);
    case RecordKind::kReport:
      return walk->Report(record.report);
    case RecordKind::kSighting:
      return walk->Sighting(record.attribute.uuid);
    case RecordKind::kSource:
    case RecordKind::kWarninglist:
    case RecordKind::kWarninglistEntry:
      break;
  }
  return {policy::Decision::Allow(), intel::Tlp::kClear};
}

struct Crosser::State {
  State(store::Store* mirror_, const SiteConfig& site_, ByteView key, Time now)
      : mirror(mirror_),
        site(site_),
        digest_key(key.begin(), key.end()),
        reader(mirror_->Reader()),
        walk(site_.cross, policy::CrossWalk::Question::kEverything, site_.select, now) {}

  Status Take(const Record& record, const Sink& sink) {
    const RowDecision row = DecideRow(&walk, record, source->default_tlp);
    if (!row.decision.allowed) {
      part.tally.HeldBack(record.kind, row.decision);
      return Ok();
    }
    const Record& crossed = Strip(record);
    PartRow& kept = part.rows.emplace_back();
    kept.kind = crossed.kind;
    kept.id = IdOf(crossed);
    if (crossed.kind == RecordKind::kWarninglistEntry) kept.entry = crossed.entry;
    kept.exposure = Exposure(crossed, row.tlp);
    encoded.clear();
    store::EncodeRecord(crossed, &encoded);
    kept.digest = store::RowDigest(encoded, digest_key);
    part.tally.Count(crossed, row.tlp);
    return sink ? sink(crossed, kept.digest) : Ok();
  }

  const Record& Strip(const Record& record) {
    if (record.kind == RecordKind::kEvent) {
      stripped = record;
      policy::StripForCrossing(&stripped.event);
      if (hide_source) policy::HideSource(&stripped.event);
      return stripped;
    }
    if (record.kind == RecordKind::kAttribute && !record.attribute.tags.empty()) {
      stripped = record;
      policy::StripForCrossing(&stripped.attribute);
      return stripped;
    }
    return record;
  }

  // A receiver with a lower clearance drops a reference with either of its ends, and sightings with
  // their attribute.
  intel::Tlp Exposure(const Record& record, intel::Tlp tlp) const {
    if (record.kind == RecordKind::kSighting)
      return std::max(tlp, ExposureOf(RecordKind::kAttribute, record.attribute.uuid));
    if (record.kind != RecordKind::kReference) return tlp;
    return std::max({tlp, ExposureOf(RecordKind::kObject, record.object_uuid),
                     ExposureOf(RecordKind::kObject, record.reference.referenced),
                     ExposureOf(RecordKind::kAttribute, record.reference.referenced)});
  }
  intel::Tlp ExposureOf(RecordKind kind, const Uuid& id) const {
    PartRow wanted;
    wanted.kind = kind;
    wanted.id = id;
    // Objects and attributes come before references and sightings, in order.
    const auto found =
        std::lower_bound(part.rows.begin(), part.rows.end(), wanted, store::TravelsBefore);
    const bool there = found != part.rows.end() && found->kind == kind && found->id == id;
    return there ? found->exposure : intel::Tlp::kClear;
  }

  store::Store* mirror;
  const SiteConfig& site;
  Bytes digest_key;
  store::RowReader reader;
  policy::CrossWalk walk;
  std::vector<std::int64_t> chatham_tagsets;  // an attribute that has one hides its event's source
  const store::KnownSource* source = nullptr;
  bool hide_source = false;
  Part part;
  Record stripped;
  std::string encoded;
};

Crosser::Crosser(std::unique_ptr<State> state) : state_(std::move(state)) {}
Crosser::Crosser(Crosser&&) noexcept = default;
Crosser::~Crosser() = default;

Result<Crosser> Crosser::Create(store::Store* mirror, const SiteConfig& site, ByteView digest_key,
                                Time now) {
  auto state = std::make_unique<State>(mirror, site, digest_key, now);
  GF_TRY(state->chatham_tagsets, mirror->FindTagsets(SaysChathamHouse));
  return Crosser(std::move(state));
}

Result<Crosser::Part> Crosser::Event(const store::KnownSource& source, store::EventId event,
                                     const Sink& sink) {
  State& s = *state_;
  s.part = {};
  s.source = &source;
  s.hide_source = false;
  if (!s.chatham_tagsets.empty()) {
    GF_TRY(s.hide_source, s.mirror->EventUsesTagset(event, s.chatham_tagsets));
  }
  GF_CHECK(LookAhead(&s.walk, s.mirror, &s.reader, source, event));
  GF_CHECK(s.reader.OfEvent(source.name, event,
                            [&](const Record& record) { return s.Take(record, sink); }));
  s.part.tally.Settle();
  return std::move(s.part);
}

Result<Crosser::Part> Crosser::Warninglist(const store::KnownSource& source, std::int64_t list,
                                           const Sink& sink) {
  State& s = *state_;
  s.part = {};
  s.source = &source;
  GF_CHECK(s.reader.OfWarninglist(source.name, list,
                                  [&](const Record& record) { return s.Take(record, sink); }));
  s.part.tally.Settle();
  return std::move(s.part);
}

Result<Crosser::Part> Crosser::Source(const store::KnownSource& source, const Sink& sink) const {
  Record record;
  record.kind = RecordKind::kSource;
  record.source = source.name;
  record.default_tlp = source.default_tlp;
  std::string encoded;
  store::EncodeRecord(record, &encoded);
  PartRow row;
  row.kind = RecordKind::kSource;
  row.exposure = source.default_tlp;
  row.digest = store::RowDigest(encoded, state_->digest_key);
  Part part;
  part.tally.Count(record, intel::Tlp::kClear);
  part.tally.Settle();
  if (sink) GF_CHECK(sink(record, row.digest));
  part.rows.push_back(std::move(row));
  return part;
}

}  // namespace gapferry::exporter
