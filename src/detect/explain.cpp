#include "detect/explain.h"

#include <algorithm>
#include <functional>

#include "base/hash.h"
#include "detect/decide.h"
#include "detect/generation.h"
#include "detect/late_refusals.h"
#include "detect/local_rows.h"
#include "intel/asked_value.h"

namespace gapferry::detect {
namespace {

WhyDecision Decide(const intel::AskedValue& asked, const Subject& subject, const Verdict& verdict,
                   const std::string& destination) {
  const std::size_t part = asked.PartOf(*subject.value);
  return DescribeDecision(destination,
                          asked.IsWhole(*subject.value) ? verdict.whole : verdict.parts[part],
                          verdict.marks[part]);
}

using Wanted = std::function<bool(const store::Record&, const Subject&)>;
using DecideOne = std::function<WhyDecision(const Subject&, std::size_t destination)>;

// The attributes that are wanted, each with the decisions of all destinations.
Result<Why> Collect(store::Store& store, const Site& site, Decider* decider, const Wanted& wanted,
                    const DecideOne& decide) {
  Why why;
  SubjectReader reader;
  const auto visit = [&](const store::Record& record, const policy::Addition* addition) -> Status {
    Subject subject;
    if (!reader.Read(record, &subject, addition) || !wanted(record, subject)) return Ok();
    if (why.occurrences.size() == Why::kMaxOccurrences) {
      ++why.more;
      return Ok();
    }
    WhyOccurrence& found =
        why.occurrences.emplace_back(DescribeOccurrence(record, reader, subject));
    if (addition != nullptr) found.added_at = site.additions->Where(*addition);
    decider->Begin(subject);
    for (std::size_t i = 0; i < site.destinations.size(); ++i)
      found.decisions.push_back(decide(subject, i));
    return Ok();
  };
  GF_CHECK(ForEachLocalRow(site, visit));
  GF_CHECK(
      store.Reader().ForEach(store::RowReader::Part::kEvents,
                             [&](const store::Record& record) { return visit(record, nullptr); }));
  return why;
}

}  // namespace

WhyOccurrence DescribeOccurrence(const store::Record& record, const SubjectReader& reader,
                                 const Subject& subject) {
  const intel::Event& event = reader.event();
  const intel::Attribute& attribute = record.attribute;
  WhyOccurrence found;
  found.source = record.source;
  found.event_uuid = event.uuid;
  found.event_info = event.info;
  found.event_date = event.date;
  found.event_tlp = reader.event_tlp();
  found.attribute_uuid = attribute.uuid;
  found.type = attribute.type;
  found.value = attribute.value;
  found.port = subject.value->port;
  found.comment = attribute.comment;
  found.first_seen = attribute.first_seen;
  found.last_seen = attribute.last_seen;
  found.timestamp = attribute.timestamp;
  found.tlp = subject.occurrence.tlp;
  found.sighting = subject.occurrence.sighting;
  return found;
}

WhyDecision DescribeDecision(const std::string& destination, const policy::Decision& decision,
                             std::string_view warninglist) {
  return {destination,
          decision.allowed,
          decision.reason,
          std::string(decision.detail),
          decision.allowed ? std::string(warninglist) : "",
          0};
}

Result<Why> WhyValue(store::Store& store, const Site& site, std::string_view value) {
  InitCrypto();
  const intel::AskedValue asked(value);
  if (asked.empty()) return Error::Make(Kind::kUsage, "no value to look for");
  GF_TRY(Decider decider, Decider::Create(store, site));
  const auto wanted = [&](const store::Record& record, const Subject& subject) {
    return asked.IsIn(record.attribute, *subject.value);
  };
  const auto decide = [&](const Subject& subject, std::size_t destination) {
    return Decide(asked, subject, decider.Judge(destination), site.destinations[destination].name);
  };
  GF_TRY(Why why, Collect(store, site, &decider, wanted, decide));
  why.looked_for.assign(asked.forms().begin(), asked.forms().end());
  return why;
}

Status AddLateRefusals(const Site& site, const std::filesystem::path& folder, Why* why) {
  for (std::size_t i = 0; i < site.destinations.size(); ++i) {
    const std::filesystem::path of = FolderOf(site.destinations[i], folder);
    std::error_code error;
    if (!std::filesystem::exists(of / "current", error)) continue;
    GF_TRY(const Generations generations, Generations::Open(of));
    const Json& manifest = generations.manifest();
    if (!manifest.is_object() || manifest.value("state_digest", Json()) != site.state_digest)
      continue;
    const LateRefusals::Known known = LateRefusals::Read(manifest);
    for (WhyOccurrence& occurrence : why->occurrences) {
      WhyDecision& decision = occurrence.decisions[i];
      if (!decision.allowed) continue;
      decision.unless_unnamed = known.unnamed;
      const LateRefusals::Refusal* refusal = known.Find(occurrence.attribute_uuid);
      if (refusal == nullptr) continue;
      decision = {decision.destination, false, policy::Reason::kFormatCannotExpress,
                  refusal->detail,      "",    0};
    }
  }
  return Ok();
}

Result<Why> WhyAttribute(store::Store& store, const Site& site, const Uuid& attribute) {
  InitCrypto();
  GF_TRY(Decider decider, Decider::Create(store, site));
  const auto wanted = [&](const store::Record& record, const Subject&) {
    return record.attribute.uuid == attribute;
  };
  const auto decide = [&](const Subject&, std::size_t destination) {
    const Verdict& verdict = decider.Judge(destination);
    return DescribeDecision(site.destinations[destination].name, verdict.whole, verdict.marks[0]);
  };
  return Collect(store, site, &decider, wanted, decide);
}

Result<std::vector<WhyEvent>> WhyEventOf(store::Store& store, const Site& site, const Uuid& event,
                                         std::string_view destination) {
  InitCrypto();
  GF_TRY(Decider decider, Decider::Create(store, site));
  const auto named = std::find_if(site.destinations.begin(), site.destinations.end(),
                                  [&](const auto& each) { return each.name == destination; });
  std::vector<WhyEvent> events;
  SubjectReader reader;
  const auto count = [&](const store::Record& record, const policy::Addition* addition,
                         bool added) {
    Subject subject;
    const bool attribute = reader.Read(record, &subject, addition);
    if (reader.event().uuid != event) return;
    if (record.kind == store::RecordKind::kEvent) {
      const intel::Event& head = record.event;
      events.push_back({record.source, head.info, head.date, reader.event_tlp(), added, 0, {}});
    }
    if (!attribute || events.empty() || named == site.destinations.end()) return;
    decider.Begin(subject);
    const policy::Decision& decision =
        decider.Judge(static_cast<std::size_t>(named - site.destinations.begin())).whole;
    if (decision.allowed) {
      ++events.back().used;
    } else {
      events.back().left_out.Add(decision.reason, decision.detail);
    }
  };
  // Only the walk says whether the site added a row itself.
  GF_CHECK(ForEachLocalRow(site, [&](const store::Record& record, const auto* addition) {
    count(record, addition, true);
    return Ok();
  }));
  GF_CHECK(
      store.Reader().ForEach(store::RowReader::Part::kEvents, [&](const store::Record& record) {
        count(record, nullptr, false);
        return Ok();
      }));
  return events;
}

}  // namespace gapferry::detect
