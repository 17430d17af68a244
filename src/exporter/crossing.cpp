#include "exporter/crossing.h"

#include <algorithm>

#include "policy/cross_walk.h"

namespace gapferry::exporter {
namespace {

using policy::RowDecision;
using store::Record;
using store::RecordKind;

bool SaysChathamHouse(const intel::Tag& tag) {
  intel::Markings markings;
  markings.Read(tag.name);
  return markings.hide_source;
}

class Crosser {
 public:
  Crosser(const SiteConfig& site, std::set<Uuid> hidden_sources, transfer::PayloadWriter writer)
      : site_(site),
        hidden_sources_(std::move(hidden_sources)),
        writer_(std::move(writer)),
        walk_(site.cross, policy::CrossWalk::Question::kEverything) {}

  Status Take(const Record& record) {
    if (record.kind == RecordKind::kSource) {
      source_ = record;
      wanted_ = site_.sources.empty() || std::find(site_.sources.begin(), site_.sources.end(),
                                                   record.source) != site_.sources.end();
      source_written_ = false;
      return Ok();
    }
    if (!wanted_) return Ok();
    const RowDecision row = Decide(record);
    if (!row.decision.allowed) {
      crossing_.held_back[std::string(RecordKindName(record.kind))].Add(row.decision.reason,
                                                                        row.decision.detail);
      return Ok();
    }
    return Write(record, row.tlp);
  }

  Result<Crossing> Finish() {
    GF_TRY(crossing_.payload, writer_.Finish());
    return std::move(crossing_);
  }

 private:
  RowDecision Decide(const Record& record) {
    switch (record.kind) {
      case RecordKind::kEvent:
        return walk_.Event(record.event, record.source, source_.default_tlp);
      case RecordKind::kObject:
        return walk_.Object(record.object);
      case RecordKind::kAttribute:
        return walk_.Attribute(record.attribute, record.object_uuid);
      case RecordKind::kReference:
        return walk_.Reference(record.reference, record.object_uuid);
      case RecordKind::kReport:
        return walk_.Report(record.report);
      case RecordKind::kSource:
      case RecordKind::kWarninglist:
      case RecordKind::kWarninglistEntry:
        break;
    }
    return {policy::Decision::Allow(), intel::Tlp::kClear};
  }

  Status Write(const Record& record, intel::Tlp tlp) {
    // A source of which nothing crosses stays unnamed.
    if (!source_written_) {
      GF_CHECK(writer_.Put(source_, intel::Tlp::kClear));
      source_written_ = true;
      crossing_.sources.insert(source_.source);
    }
    if (record.kind == RecordKind::kEvent) {
      stripped_ = record;
      policy::StripForCrossing(&stripped_.event);
      if (hidden_sources_.contains(record.event_uuid)) policy::HideSource(&stripped_.event);
      return writer_.Put(stripped_, tlp);
    }
    if (record.kind == RecordKind::kAttribute && !record.attribute.tags.empty()) {
      stripped_ = record;
      policy::StripForCrossing(&stripped_.attribute);
      return writer_.Put(stripped_, tlp);
    }
    return writer_.Put(record, tlp);
  }

  const SiteConfig& site_;
  std::set<Uuid> hidden_sources_;  // events of which an attribute says tlp:ex:chr
  transfer::PayloadWriter writer_;
  policy::CrossWalk walk_;
  Record source_;
  Record stripped_;
  bool wanted_ = false;
  bool source_written_ = false;
  Crossing crossing_;
};

}  // namespace

Result<Crossing> Cross(store::Store* mirror, const SiteConfig& site, transfer::PayloadWriter writer,
                       const std::function<void(std::uint64_t)>& progress) {
  GF_TRY(std::set<Uuid> hidden, mirror->EventsWithAttributeTag(SaysChathamHouse));
  Crosser crosser(site, std::move(hidden), std::move(writer));
  GF_CHECK(mirror->Reader().ForEach([&](const Record& record) {
    progress(1);
    return crosser.Take(record);
  }));
  return crosser.Finish();
}

}  // namespace gapferry::exporter
