#include "exporter/explain.h"

#include <algorithm>
#include <set>

#include "detect/site_lists.h"
#include "exporter/crossing.h"
#include "intel/asked_value.h"
#include "intel/types.h"

namespace gapferry::exporter {
namespace {

using store::Record;
using store::RecordKind;

// Name and identity of a row, for those kinds that have a UUID.
struct RowName {
  Uuid uuid;
  std::string_view type;
  std::string_view value;
};

RowName NameOf(const Record& record) {
  switch (record.kind) {
    case RecordKind::kEvent:
      return {record.event_uuid, {}, {}};
    case RecordKind::kObject:
      return {record.object.uuid, record.object.name, {}};
    case RecordKind::kAttribute:
      return {record.attribute.uuid, record.attribute.type, record.attribute.value};
    case RecordKind::kReference:
      return {record.reference.uuid, record.reference.relationship_type, {}};
    case RecordKind::kReport:
      return {record.report.uuid, record.report.name, {}};
    default:
      return {};
  }
}

class Explainer {
 public:
  Explainer(const SiteConfig& site, std::string_view asked)
      : site_(site),
        uuid_(ParseUuid(asked)),
        value_(uuid_ ? std::string_view() : asked),
        walk_(site.cross, policy::CrossWalk::Question::kEverything, site.select, Now()) {
    if (uuid_) found_.looked_for = {uuid_->ToString()};
    found_.looked_for.insert(found_.looked_for.end(), value_.forms().begin(), value_.forms().end());
  }

  Status Walk(store::Store& mirror) {
    GF_TRY(const std::vector<store::KnownSource> sources, mirror.KnownSources());
    store::RowReader reader = mirror.Reader();
    for (const store::KnownSource& source : sources) {
      default_tlp_ = source.default_tlp;
      GF_TRY(const std::vector<store::KnownEvent> events, mirror.ListEvents(source.id));
      for (const store::KnownEvent& event : events)
        GF_CHECK(WalkEvent(mirror, reader, source, event.id));
    }
    return Ok();
  }

  CrossingExplanation TakeFound() { return std::move(found_); }

 private:
  Status WalkEvent(store::Store& mirror, store::RowReader& reader, const store::KnownSource& source,
                   store::EventId event) {
    GF_CHECK(LookAhead(&walk_, &mirror, &reader, source, event));
    return reader.OfEvent(source.name, event,
                          [this](const Record& record) { return Take(record); });
  }

  Status Take(const Record& record) {
    if (record.kind == RecordKind::kEvent) info_ = record.event.info;
    // Also rows that were not asked for: those after them depend on what was decided for them.
    const policy::RowDecision row = DecideRow(&walk_, record, default_tlp_);
    const RowName name = NameOf(record);
    if (!IsAskedFor(record, name)) return Ok();
    if (found_.rows.size() == CrossingExplanation::kMaxRows) {
      ++found_.more;
      return Ok();
    }
    CrossingRow& kept = found_.rows.emplace_back();
    kept.source = record.source;
    kept.source_wanted = WantsSource(site_, record.source);
    kept.event = record.event_uuid;
    kept.event_info = info_;
    kept.kind = record.kind;
    kept.uuid = name.uuid;
    kept.type = name.type;
    kept.value = name.value;
    kept.tlp = row.tlp;
    kept.crosses = row.decision.allowed && kept.source_wanted;
    kept.reason = row.decision.reason;
    kept.detail = row.decision.detail;
    return Ok();
  }

  bool IsAskedFor(const Record& record, const RowName& name) {
    if (uuid_) return name.uuid == *uuid_;
    if (record.kind != RecordKind::kAttribute) return false;
    intel::Normalise(intel::FindType(record.attribute.type), record.attribute.value, &normalised_);
    return value_.IsIn(record.attribute, normalised_);
  }

  const SiteConfig& site_;
  std::optional<Uuid> uuid_;
  intel::AskedValue value_;
  policy::CrossWalk walk_;
  intel::Tlp default_tlp_ = intel::Tlp::kRed;  // of the source under way
  std::string info_;
  intel::Normalised normalised_;
  CrossingExplanation found_;
};

// A value as an attribute of some type.
struct TypedValue {
  std::string type;
  std::string value;
};

// All lists mark, so that each that holds a value is named.
Result<policy::WarninglistSet> LoadMarking(store::Store& mirror) {
  detect::ListModes modes;
  GF_TRY(const std::vector<store::KnownSource> sources, mirror.KnownSources());
  for (const store::KnownSource& source : sources) {
    GF_TRY(const std::vector<store::KnownWarninglist> lists, mirror.ListWarninglists(source.id));
    for (const store::KnownWarninglist& list : lists)
      modes[list.name] = policy::ListMode::kMark;
  }
  GF_TRY(std::vector<policy::WarninglistSet> sets,
         detect::LoadWarninglists(mirror, std::span(&modes, 1)));
  return std::move(sets.front());
}

Result<std::vector<HoldingList>> ListsWith(store::Store& mirror,
                                           const std::vector<TypedValue>& values) {
  std::vector<HoldingList> holding;
  if (values.empty()) return holding;
  GF_TRY(const policy::WarninglistSet lists, LoadMarking(mirror));
  std::set<std::string> names;
  for (const TypedValue& one : values) {
    const intel::Normalised read = intel::Normalise(one.type, one.value);
    for (std::size_t i = 0; read.ok() && i < read.count; ++i) {
      const policy::WarninglistMatch match = lists.Match(read.indicators[i], one.type);
      for (std::size_t mark = 0; mark < std::min<std::size_t>(match.mark_count, match.kMaxMarks);
           ++mark)
        names.insert(lists.lists()[match.marks[mark]].name);
    }
  }
  for (const std::string& name : names)
    holding.push_back({name, policy::DefaultListMode(name).mode == policy::ListMode::kDrop});
  return holding;
}

// What is asked for, as those kinds of values that lists are made for.
std::vector<TypedValue> Readings(const CrossingExplanation& found, std::string_view asked) {
  std::vector<TypedValue> values;
  if (ParseUuid(asked)) {
    for (const CrossingRow& row : found.rows) {
      if (row.kind == RecordKind::kAttribute) values.push_back({row.type, row.value});
    }
    return values;
  }
  for (const char* type : {"ip-dst", "hostname", "domain", "url", "email", "md5", "sha1", "sha256"})
    values.push_back({type, std::string(asked)});
  return values;
}

}  // namespace

Result<CrossingExplanation> ExplainCrossing(store::Store& mirror, const SiteConfig& site,
                                            std::string_view asked) {
  Explainer explainer(site, AsciiTrim(asked));
  GF_CHECK(explainer.Walk(mirror));
  CrossingExplanation found = explainer.TakeFound();
  if (found.looked_for.empty()) return Error::Make(Kind::kUsage, "nothing to look for");
  GF_TRY(found.lists, ListsWith(mirror, Readings(found, AsciiTrim(asked))));
  return found;
}

}  // namespace gapferry::exporter
