#include "detect/explain.h"

#include <array>
#include <set>

#include "base/bytes.h"
#include "base/hash.h"
#include "detect/decide.h"

namespace gapferry::detect {
namespace {

using Forms = std::set<std::string, std::less<>>;

// One type for each way to read a value.
constexpr auto kReadings = std::to_array<std::string_view>({"domain",
                                                            "hostname",
                                                            "ip-dst",
                                                            "url",
                                                            "email",
                                                            "md5",
                                                            "sha1",
                                                            "sha224",
                                                            "sha256",
                                                            "sha384",
                                                            "sha512",
                                                            "ja3-fingerprint-md5",
                                                            "x509-fingerprint-sha1",
                                                            "filename",
                                                            "mac-address",
                                                            "domain|ip",
                                                            "ip-dst|port",
                                                            "hostname|port",
                                                            "filename|md5",
                                                            "filename|sha1",
                                                            "filename|sha256"});

Forms FormsOf(std::string_view value) {
  Forms forms;
  forms.emplace(value);
  for (const std::string_view type : kReadings) {
    const intel::Normalised read = intel::Normalise(type, value);
    if (!read.ok()) continue;
    forms.insert(read.value);
    // A composite is looked for as a whole; its parts would find too much.
    if (read.count == 1 && type.find('|') == std::string_view::npos)
      forms.insert(read.indicators[0].value);
  }
  forms.erase("");
  return forms;
}

bool Holds(const Forms& forms, const intel::Attribute& attribute, const intel::Normalised& value) {
  if (forms.contains(attribute.value) || forms.contains(value.value)) return true;
  for (std::size_t i = 0; i < value.count; ++i) {
    if (forms.contains(value.indicators[i].value)) return true;
  }
  const std::size_t bar = value.value.rfind('|');
  if (bar == std::string::npos || attribute.type.find('|') == std::string::npos) return false;
  return forms.contains(std::string_view(value.value).substr(0, bar)) ||
         forms.contains(std::string_view(value.value).substr(bar + 1));
}

// The part of a composite that was asked for, so that its own decision is shown.
std::size_t PartOf(const Forms& forms, const intel::Normalised& value) {
  return value.count == 2 && !forms.contains(value.indicators[0].value) &&
                 forms.contains(value.indicators[1].value)
             ? 1
             : 0;
}

WhyDecision Decide(const Forms& forms, const Subject& subject, const Verdict& verdict,
                   const std::string& destination) {
  const std::size_t part = PartOf(forms, *subject.value);
  const bool whole = subject.value->count < 2 || forms.contains(subject.value->value);
  const policy::Decision& decision = whole ? verdict.whole : verdict.parts[part];
  return {destination, decision.allowed, decision.reason, std::string(decision.detail),
          decision.allowed ? std::string(verdict.marks[part]) : ""};
}

}  // namespace

Result<Why> WhyValue(store::Store& store, const Site& site, std::string_view value) {
  InitCrypto();
  value = AsciiTrim(value);
  if (value.empty()) return Error::Make(Kind::kUsage, "no value to look for");
  GF_TRY(Decider decider, Decider::Create(store, site));
  const Forms forms = FormsOf(value);
  Why why;
  why.looked_for.assign(forms.begin(), forms.end());
  SubjectReader reader;
  std::string info;
  const auto visit = [&](const store::Record& record) -> Status {
    if (record.kind == store::RecordKind::kEvent) info = record.event.info;
    Subject subject;
    if (!reader.Read(record, &subject) || !Holds(forms, record.attribute, *subject.value))
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
    decider.Begin(subject);
    for (std::size_t i = 0; i < site.destinations.size(); ++i)
      found.decisions.push_back(
          Decide(forms, subject, decider.Judge(i), site.destinations[i].name));
    return Ok();
  };
  GF_CHECK(store.Reader().ForEach(store::RowReader::Part::kEvents, visit));
  return why;
}

}  // namespace gapferry::detect
