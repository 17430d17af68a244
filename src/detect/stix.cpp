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
      return AppendIndicator(id, candidate, {created, active}, out);
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

  // Writes the object that `append` makes, with an empty `modified` that ends at the place which it
  // returns. The argument is what the object would say by itself when it is published for the first
  // time.
  template <typename Append>
  Status Write(const Uuid& id, Time modified, const Append& append) {
    std::string& next = Next();
    const std::size_t begin = next.size();
    const std::size_t place = append(&next);
    const std::size_t end = next.size();
    // So that a time that would go back counts as a change, too.
    const std::string own_time = StixTime(modified);
    next += own_time;
    const store::ObjectVersion known = published_.Publish(id, std::string_view(next).substr(begin));
    const std::string_view text = next;
    GF_CHECK(file_->Write(text.substr(0, place)));
    // Milliseconds tell two changes with one bundle apart.
    constexpr std::uint32_t kMostMilliseconds = 999;
    GF_CHECK(file_->Write(known.rev == 1 ? own_time
                                         : StixTime(std::max(known.changed, modified),
                                                    std::min(known.rev - 1, kMostMilliseconds))));
    return file_->Write(text.substr(place, end - place));
  }

  // The quoted id of an object.
  static void AppendRef(std::string_view type, const Uuid& id, std::string* out) {
    *out += '"';
    *out += type;
    *out += "--";
    id.AppendTo(out);
    *out += '"';
  }

  // The members that every object begins with. Gives the place of the time that it was modified.
  static std::size_t AppendHead(std::string_view type, const Uuid& id, Time created,
                                std::string* out) {
    *out += R"({"type":")";
    *out += type;
    *out += R"(","spec_version":"2.1","id":)";
    AppendRef(type, id, out);
    *out += R"(,"created":")";
    *out += StixTime(created);
    *out += R"(","modified":")";
    const std::size_t place = out->size();
    *out += '"';
    return place;
  }

  static void AppendMarking(Tlp tlp, std::string* out) {
    *out += R"(,"object_marking_refs":[")";
    *out += StixMarkingOf(tlp);
    *out += R"("]})";
  }

  // The members that end an indicator and a report.
  void AppendTail(Tlp tlp, std::string* out) const {
    *out += R"(,"external_references":[{"source_name":"MISP event","external_id":")";
    head_.uuid.AppendTo(out);
    *out += R"("}])";
    AppendMarking(tlp, out);
  }

  std::size_t AppendIndicator(const Uuid& id, const Candidate& candidate, const Times& times,
                              std::string* out) const {
    const Mention& mention = candidate.mentions[0];
    const std::size_t place = AppendHead("indicator", id, times.created, out);
    *out += R"(,"name":)";
    std::string name(mention.type);
    name += ' ';
    name += Shortened(candidate.value);
    AppendJson(name, out);
    *out += R"(,"indicator_types":["malicious-activity"],"pattern":)";
    AppendJson(candidate.kind == IndicatorKind::kAddress
                   ? StixAddressPattern(candidate)
                   : StixPattern({candidate.kind, candidate.value}, mention.type),
               out);
    *out += R"(,"pattern_type":"stix","valid_from":")";
    *out += StixTime(std::max(times.created, times.active));
    // Names of types have nothing that JSON escapes.
    *out += R"(","labels":["misp:type=\")";
    *out += mention.type;
    *out += R"(\""])";
    AppendTail(candidate.tlp, out);
    return place;
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
    GF_CHECK(Write(report, modified_, [&](std::string* out) { return AppendReport(report, out); }));
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
      const std::size_t place = AppendHead("attack-pattern", id, created_, out);
      *out += fmt::format(R"(,"name":"{0}","external_references":[{{"source_name":"mitre-attack",)"
                          R"("external_id":"{0}"}}])",
                          technique);
      AppendMarking(tlp_, out);
      return place;
    });
  }

  std::size_t AppendReport(const Uuid& id, std::string* out) const {
    const std::size_t place = AppendHead("report", id, created_, out);
    *out += R"(,"name":)";
    AppendJson(head_.info.empty() ? "MISP event " + head_.uuid.ToString() : head_.info, out);
    *out += R"(,"report_types":["threat-report"],"published":")";
    *out += StixTime(created_);
    *out += R"(","object_refs":[)";
    bool first = true;
    const auto add = [&](std::string_view type, const Uuid& object) {
      if (!first) *out += ',';
      first = false;
      AppendRef(type, object, out);
    };
    for (const Uuid& object : objects_)
      add("indicator", object);
    for (const Uuid& technique : techniques_)
      add("attack-pattern", technique);
    *out += ']';
    AppendTail(tlp_, out);
    return place;
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
