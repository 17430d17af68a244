// STIX 2.1: one bundle an event, with an indicator a value, the techniques that the event's tags
// name, and a report that holds them together. Markings are those of TLP 2. An object that changes
// gets a later `modified` (§3.6): that of the bundle with which it changed.
#include <algorithm>
#include <array>
#include <unordered_map>

#include "base/hash.h"
#include "detect/format.h"
#include "detect/json_text.h"
#include "detect/published.h"
#include "detect/stix_marking.h"
#include "detect/stix_pattern.h"
#include "detect/value_text.h"

namespace gapferry::detect {
namespace {

using intel::IndicatorKind;
using intel::Tlp;
using policy::Decision;
using policy::Reason;

constexpr std::size_t kMaxStixBytes = 16384;

class StixWriter : public Writer {
 public:
  explicit StixWriter(const WriterContext& context)
      : context_(context),
        published_(context.registry, context.destination.name + "/stix", context.created) {}

  Status Add(EventNumber event, const Candidate& candidate) override {
    if (!file_ || event != event_) {
      GF_CHECK(EndEvent());
      GF_CHECK(BeginEvent(event));
    }
    tlp_ = std::max(tlp_, candidate.tlp);
    GF_CHECK(Mark(candidate.tlp));
    const Uuid id = IdOf(candidate);
    objects_.push_back(id);
    // Nothing is from after its bundle: what follows could be no later.
    const Time active = std::min(LastActivity(candidate), context_.created);
    // An edit must not change `created`; the event's date stays.
    const Time created = head_.date.empty() ? active : created_;
    modified_ = std::max(modified_, active);
    return Write(id, std::max(created, active), [&](std::string* out) {
      AppendIndicator(id, candidate, {created, active}, out);
    });
  }

  Status Finish() override { return EndEvent(); }

 private:
  Status BeginEvent(EventNumber event) {
    event_ = event;
    GF_TRY(head_, context_.events.FindEvent(event, context_.destination.use.clearance));
    name_ = head_.uuid.ToString();
    // The same event may come from several sources, and each has a bundle of its own.
    copy_ = ++copies_[head_.uuid];
    if (copy_ > 1) name_ += fmt::format("~{}", copy_);
    created_ = ParseDate(head_.date).value_or(0);
    modified_ = created_;
    tlp_ = head_.info.empty() ? Tlp::kClear : head_.tlp;
    objects_.clear();
    marked_ = {};
    first_ = true;
    GF_CHECK(published_.Open(name_.substr(0, 8)));
    GF_TRY(file_, context_.output.Open(name_ + ".json"));
    return file_->Write(fmt::format("{{\"type\":\"bundle\",\"id\":\"bundle--{}\",\"objects\":[",
                                    Own("bundle", "").ToString()));
  }

  // What stands before the next object of the bundle; the caller appends that object.
  std::string& Next() {
    text_ = first_ ? "\n" : ",\n";
    first_ = false;
    return text_;
  }

  // A marking is defined where it is used first.
  Status Mark(Tlp tlp) {
    bool& marked = marked_[static_cast<std::size_t>(tlp)];
    if (marked) return Ok();
    marked = true;
    std::string& text = Next();
    AppendStixMarking(tlp, &text);
    return file_->Write(text);
  }

  // Of what has no UUID in MISP.
  [[nodiscard]] Uuid Own(std::string_view what, std::string_view key) const {
    return UuidFromContent(AsBytes(fmt::format("gapferry stix|{}|{}|{}", what, name_, key)));
  }

  // The attribute's own UUID, as misp-stix has it, unless that would name two indicators.
  [[nodiscard]] Uuid IdOf(const Candidate& candidate) const {
    const Mention& mention = candidate.mentions[0];
    const bool second_part =
        mention.type == "domain|ip" && candidate.kind != IndicatorKind::kDomain;
    if (copy_ == 1 && !second_part) return mention.attribute_uuid;
    return Own("indicator", mention.attribute_uuid.ToString() + (second_part ? "|2" : ""));
  }

  struct Times {
    Time created = 0;
    Time active = 0;
  };

  // Writes the object that `append` makes, with an empty `modified`. The argument is what it would
  // say by itself when it is published for the first time.
  template <typename Append>
  Status Write(const Uuid& id, Time modified, const Append& append) {
    std::string& next = Next();
    const std::size_t begin = next.size();
    append(&next);
    // So that a time that would go back counts as a change, too.
    const std::string own_time = StixTime(modified);
    next += own_time;
    const store::ObjectVersion known = published_.Publish(id, std::string_view(next).substr(begin));
    next.resize(next.size() - own_time.size());
    // Milliseconds tell two changes with one bundle apart.
    constexpr std::uint32_t kMostMilliseconds = 999;
    const std::string text = known.rev == 1 ? own_time
                                            : StixTime(std::max(known.changed, modified),
                                                       std::min(known.rev - 1, kMostMilliseconds));
    // Before it stand ids and times only.
    const std::size_t place = next.find(kNoModified, begin);
    next.insert(place + kNoModified.size() - 1, text);
    return file_->Write(next);
  }

  static constexpr std::string_view kNoModified = R"("modified":"")";

  // The quoted id of an object.
  static void AppendRef(std::string_view type, const Uuid& id, std::string* out) {
    *out += '"';
    *out += type;
    *out += "--";
    id.AppendTo(out);
    *out += '"';
  }

  void AddHead(std::string_view type, const Uuid& id, Time created, JsonMembers* members) const {
    members->Text("type", type);
    members->Text("spec_version", "2.1");
    AppendRef(type, id, members->Raw("id"));
    members->Text("created", StixTime(created));
    members->Text("modified", "");
  }

  static void AddMarking(Tlp tlp, JsonMembers* members) {
    std::string* markings = members->Raw("object_marking_refs");
    *markings += R"([")";
    *markings += StixMarkingOf(tlp);
    *markings += R"("])";
  }

  void AddTail(Tlp tlp, JsonMembers* members) const {
    std::string* references = members->Raw("external_references");
    *references += R"([{"source_name":"MISP event","external_id":")";
    head_.uuid.AppendTo(references);
    *references += R"("}])";
    AddMarking(tlp, members);
  }

  void AppendIndicator(const Uuid& id, const Candidate& candidate, const Times& times,
                       std::string* out) const {
    const Mention& mention = candidate.mentions[0];
    JsonMembers members(out);
    AddHead("indicator", id, times.created, &members);
    std::string name(mention.type);
    name += ' ';
    name += Shortened(candidate.value);
    members.Text("name", name);
    *members.Raw("indicator_types") += R"(["malicious-activity"])";
    members.Text("pattern", candidate.kind == IndicatorKind::kAddress
                                ? StixAddressPattern(candidate)
                                : StixPattern({candidate.kind, candidate.value}, mention.type));
    members.Text("pattern_type", "stix");
    members.Text("valid_from", StixTime(std::max(times.created, times.active)));
    // Names of types have nothing that JSON escapes.
    std::string* labels = members.Raw("labels");
    *labels += R"(["misp:type=\")";
    *labels += mention.type;
    *labels += R"(\""])";
    AddTail(candidate.tlp, &members);
    members.Close();
  }

  static std::string Shortened(std::string_view value) {
    constexpr std::size_t kMost = 200;
    std::string text(value.substr(0, kMost));
    while (!IsUtf8(text))
      text.pop_back();
    return text;
  }

  Status EndEvent() {
    if (!file_) return Ok();
    GF_CHECK(Mark(tlp_));
    for (const std::string& technique : head_.techniques)
      GF_CHECK(WriteTechnique(technique));
    const Uuid report = Own("report", "");
    GF_CHECK(Write(report, modified_, [&](std::string* out) { AppendReport(report, out); }));
    techniques_.clear();
    GF_CHECK(published_.Close());
    GF_CHECK(file_->Write("\n]}\n"));
    GF_CHECK(file_->Close());
    file_.reset();
    return Ok();
  }

  Status WriteTechnique(const std::string& technique) {
    const Uuid id = Own("attack-pattern", technique);
    techniques_.push_back(id);
    return Write(id, created_, [&](std::string* out) {
      JsonMembers members(out);
      AddHead("attack-pattern", id, created_, &members);
      members.Text("name", technique);
      *members.Raw("external_references") +=
          fmt::format("[{{\"source_name\":\"mitre-attack\",\"external_id\":\"{}\"}}]", technique);
      AddMarking(tlp_, &members);
      members.Close();
    });
  }

  void AppendReport(const Uuid& id, std::string* out) const {
    JsonMembers members(out);
    AddHead("report", id, created_, &members);
    members.Text("name", head_.info.empty() ? "MISP event " + head_.uuid.ToString() : head_.info);
    *members.Raw("report_types") += R"(["threat-report"])";
    members.Text("published", StixTime(created_));
    std::string* refs = members.Raw("object_refs");
    *refs += '[';
    bool first = true;
    const auto add = [&](std::string_view type, const Uuid& id) {
      if (!first) *refs += ',';
      first = false;
      AppendRef(type, id, refs);
    };
    for (const Uuid& object : objects_)
      add("indicator", object);
    for (const Uuid& technique : techniques_)
      add("attack-pattern", technique);
    *refs += ']';
    AddTail(tlp_, &members);
    members.Close();
  }

  WriterContext context_;
  PublishedObjects published_;
  std::unordered_map<Uuid, int> copies_;
  // Of the open event.
  EventNumber event_ = 0;
  EventHead head_;
  std::string name_;
  int copy_ = 0;
  Time created_ = 0;
  Time modified_ = 0;
  Tlp tlp_ = Tlp::kClear;
  std::optional<OutputFile> file_;
  bool first_ = true;
  std::array<bool, intel::kTlpLevels> marked_{};
  std::vector<Uuid> objects_;  // sixteen bytes an indicator, for the report that ends the bundle
  std::vector<Uuid> techniques_;
  std::string text_;
};

Decision ExpressStix(const Destination&, const intel::Indicator& indicator, std::string_view type) {
  if (!HasStixPattern(indicator, type)) {
    if (indicator.kind == IndicatorKind::kOther)
      return Decision::Refuse(Reason::kTypeNotDetectable, type);
    return Decision::Refuse(Reason::kFormatCannotExpress, IndicatorKindName(indicator.kind));
  }
  if (indicator.value.size() > kMaxStixBytes)
    return Decision::Refuse(Reason::kFormatCannotExpress, "too-long");
  return Decision::Allow();
}

}  // namespace

constinit const Format kStix{
    .name = "stix",
    .summary = "STIX 2.1 bundles of indicators, one an event",
    .by_event = true,
    .checker = "stix2_validator -r {}",
    .express = ExpressStix,
    .make = [](const WriterContext& context) -> std::unique_ptr<Writer> {
      return std::make_unique<StixWriter>(context);
    },
    .power = policy::Power::kReadsLogs,
    .takes_text = true,
    .says_ports = true,
};

}  // namespace gapferry::detect
