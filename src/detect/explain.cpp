#include "detect/explain.h"

#include "base/hash.h"
#include "detect/decide.h"
#include "detect/local_rows.h"
#include "intel/asked_value.h"

namespace gapferry::detect {
namespace {

WhyDecision Decide(const intel::AskedValue& asked, const Subject& subject, const Verdict& verdict,
                   const std::string& destination) {
  const std::size_t part = asked.PartOf(*subject.value);
  const policy::Decision& decision =
      asked.IsWhole(*subject.value) ? verdict.whole : verdict.parts[part];
  return {destination, decision.allowed, decision.reason, std::string(decision.detail),
          decision.allowed ? std::string(verdict.marks[part]) : ""};
}

}  // namespace

Result<Why> WhyValue(store::Store& store, const Site& site, std::string_view value) {
  InitCrypto();
  const intel::AskedValue asked(value);
  if (asked.empty()) return Error::Make(Kind::kUsage, "no value to look for");
  GF_TRY(Decider decider, Decider::Create(store, site));
  Why why;
  why.looked_for.assign(asked.forms().begin(), asked.forms().end());
  SubjectReader reader;
  std::string info;
  const auto visit = [&](const store::Record& record, const policy::Addition* addition) -> Status {
    if (record.kind == store::RecordKind::kEvent) info = record.event.info;
    Subject subject;
    if (!reader.Read(record, &subject, addition) || !asked.IsIn(record.attribute, *subject.value))
      return Ok();
    if (why.occurrences.size() == Why::kMaxOccurrences) {
      ++why.more;
      return Ok();
    }
    WhyOccurrence& found = why.occurrences.emplace_back();
    found.source = record.source;
    found.event_uuid = record.event_uuid;
    found.event_info = info;
    found.attribute_uuid = record.attribute.uuid;
    found.type = record.attribute.type;
    found.value = record.attribute.value;
    found.tlp = subject.occurrence.tlp;
    if (addition != nullptr) found.added_at = site.additions->Where(*addition);
    decider.Begin(subject);
    for (std::size_t i = 0; i < site.destinations.size(); ++i)
      found.decisions.push_back(
          Decide(asked, subject, decider.Judge(i), site.destinations[i].name));
    return Ok();
  };
  GF_CHECK(ForEachLocalRow(site, visit));
  GF_CHECK(
      store.Reader().ForEach(store::RowReader::Part::kEvents,
                             [&](const store::Record& record) { return visit(record, nullptr); }));
  return why;
}

}  // namespace gapferry::detect
