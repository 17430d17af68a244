// Sigma 2: one rule for an event, a log source and a part of its values. Names are matched whole,
// or whole with all below them; never as a part of another word.
#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <span>
#include <unordered_map>

#include "base/hash.h"
#include "detect/attack_tactics.h"
#include "detect/format.h"
#include "detect/sigma_fields.h"
#include "detect/sigma_lookup.h"
#include "detect/sigma_text.h"

namespace gapferry::detect {
namespace {

using intel::IndicatorKind;
using policy::Decision;
using policy::Reason;

constexpr std::size_t kMaxInfo = 50;  // titles have at most 120 characters
constexpr std::size_t kMaxNamedLists = 5;
constexpr std::size_t kMaxLookupBytes = 2048;

// What is kept of a value until its event is whole: an event may have a million of them.
struct EventValue {
  std::string value;
  std::string_view warninglist;
  IndicatorKind kind;
  intel::Tlp tlp;
  bool from;
  bool to;
};

bool Takes(const SigmaField& field, const EventValue& value) {
  return field.Takes(value.kind, value.from, value.to);
}

std::string_view Level(std::uint8_t threat_level) {
  constexpr std::array<std::string_view, 4> kLevels = {"high", "medium", "low", "medium"};
  return kLevels[threat_level >= 1 && threat_level <= 4 ? threat_level - 1 : 3];
}

class SigmaWriter : public Writer {
 public:
  explicit SigmaWriter(const WriterContext& context)
      : context_(context), options_(context.destination.sigma) {}

  Status Add(EventNumber event, const Candidate& candidate) override {
    if (!values_.empty() && event != event_) GF_CHECK(WriteEvent());
    event_ = event;
    std::string_view warninglist;
    if (!candidate.warninglist.empty())
      warninglist = *warninglists_.insert(candidate.warninglist).first;
    values_.push_back({candidate.value, warninglist, candidate.kind, candidate.tlp, candidate.from,
                       candidate.to});
    return Ok();
  }

  Status Finish() override { return values_.empty() ? Ok() : WriteEvent(); }

 private:
  using Part = std::vector<const EventValue*>;

  Status WriteEvent() {
    GF_TRY(head_, context_.events.FindEvent(event_, context_.destination.use.clearance));
    // The same event may come from several sources, and each has rules of its own.
    key_ = head_.uuid.ToString();
    const int copy = ++copies_[head_.uuid];
    if (copy > 1) key_ += fmt::format("~{}", copy);
    for (const SigmaSource& source : SigmaSources()) {
      const std::span<const SigmaField> fields = FieldsOf(source);
      Part taken;
      for (const EventValue& value : values_) {
        if (std::any_of(fields.begin(), fields.end(),
                        [&](const SigmaField& field) { return Takes(field, value); }))
          taken.push_back(&value);
      }
      if (!taken.empty()) GF_CHECK(WriteSource(source, taken));
    }
    values_.clear();
    return Ok();
  }

  static std::vector<Part> Distribute(const Part& values, std::int64_t buckets) {
    std::vector<Part> parts(static_cast<std::size_t>(buckets));
    for (const EventValue* value : values)
      parts[BucketOf(value->value, buckets)].push_back(value);
    return parts;
  }

  Status WriteSource(const SigmaSource& source, const Part& values) {
    const std::string space = context_.destination.name + "/buckets";
    const std::string key = fmt::format("{}|{}", key_, source.key);
    // The parts stay as they were until one of them overflows.
    std::int64_t wanted = 1;
    std::vector<Part> parts;
    bool fits = false;
    while (!fits) {
      GF_TRY(const std::int64_t buckets, context_.registry.Grow(space, key, wanted));
      parts = Distribute(values, buckets);
      fits = std::all_of(parts.begin(), parts.end(),
                         [&](const Part& part) { return part.size() <= options_.values_per_rule; });
      wanted = std::max(buckets * 2, BucketsFor(values.size(), options_.values_per_rule));
    }
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (!parts[i].empty()) GF_CHECK(WriteRule(source, i, parts.size(), parts[i]));
    }
    return Ok();
  }

  Status WriteRule(const SigmaSource& source, std::size_t part, std::size_t parts,
                   const Part& values) {
    SigmaRule rule = Describe(source, part, parts, values);
    for (const SigmaField& field : FieldsOf(source))
      AddField(field, values, &rule);
    const std::string key = fmt::format("{}|{}|{}", key_, source.key, part);
    rule.id = UuidFromContent(AsBytes("gapferry sigma|" + key)).ToString();
    std::string yaml = rule.ToYaml();
    GF_TRY(const StableId id,
           context_.registry.Assign(context_.destination.name + "/sigma", key, yaml, {}));
    if (rule.date.empty() || id.rev > 1) {
      if (rule.date.empty()) rule.date = FormatDate(id.first);
      if (id.rev > 1) rule.modified = FormatDate(id.changed);
      yaml = rule.ToYaml();
    }
    std::string name = fmt::format("{}misp_{}_{:05}", source.prefix, key_, part + 1);
    name.erase(std::remove(name.begin(), name.end(), '-'), name.end());
    std::replace(name.begin(), name.end(), '~', '_');
    return context_.output.WriteFile(name + ".yml", yaml);
  }

  [[nodiscard]] SigmaRule Describe(const SigmaSource& source, std::size_t part, std::size_t parts,
                                   const Part& values) const {
    SigmaRule rule;
    // Titles must differ, and events may have the same name; the head of the UUID tells them apart,
    // in capitals as SigmaHQ wants the words of a title.
    std::string name = key_.substr(0, 13) + (key_.size() > 36 ? key_.substr(36) : "");
    for (char& letter : name) {
      if (letter >= 'a' && letter <= 'f') letter = static_cast<char>(letter - 'a' + 'A');
    }
    rule.title = fmt::format("MISP {} in {}", name, source.title);
    if (parts > 1) rule.title += fmt::format(" Part {}", part + 1);
    std::string info = SigmaPhrase(head_.info, kMaxInfo);
    // A description that holds a URL would need it as a reference.
    for (std::size_t at = info.find("://"); at != std::string::npos; at = info.find("://"))
      info.replace(at, 3, ": ");
    if (!info.empty()) rule.title += " - " + SigmaTitleCase(info);
    rule.status = options_.status;
    rule.description = fmt::format("Detects {} that are indicators of MISP event {}", source.what,
                                   head_.uuid.ToString());
    if (!info.empty()) rule.description += " (" + info + ")";
    rule.author = options_.author;
    rule.date = ParseDate(head_.date) ? head_.date : "";
    intel::Tlp tlp = intel::Tlp::kClear;
    std::set<std::string> lists;
    for (const EventValue* value : values) {
      tlp = std::max(tlp, value->tlp);
      if (!value->warninglist.empty() && lists.size() < kMaxNamedLists)
        lists.insert(std::string(value->warninglist));
    }
    AddAttackTags(&rule);
    rule.tags.push_back(SigmaTlpTag(tlp));
    rule.false_positives.emplace_back("Unknown");
    for (const std::string& list : lists)
      rule.false_positives.push_back("Values on the warninglist " + SigmaPhrase(list, 100));
    rule.level = options_.level.empty() ? Level(head_.threat_level) : options_.level;
    if (!source.product.empty()) rule.logsource.emplace_back("product", source.product);
    rule.logsource.emplace_back("category", source.category);
    rule.event_uuid = head_.uuid.ToString();
    return rule;
  }

  // Each technique with its tactics, as SigmaHQ wants it; then groups and software.
  void AddAttackTags(SigmaRule* rule) const {
    std::set<std::string_view> tactics;
    for (const std::string& technique : head_.techniques) {
      const std::vector<std::string_view> served = TacticsOf(technique);
      tactics.insert(served.begin(), served.end());
    }
    for (const std::string_view tactic : tactics)
      rule->tags.push_back("attack." + std::string(tactic));
    for (const std::string& technique : head_.techniques)
      rule->tags.push_back("attack." + AsciiLower(technique));
    for (const std::string& actor : head_.actors)
      rule->tags.push_back("attack." + AsciiLower(actor));
  }

  static void AddField(const SigmaField& field, const Part& values, SigmaRule* rule) {
    std::vector<std::string> whole;
    std::vector<std::string> below;
    for (const EventValue* value : values) {
      if (!Takes(field, *value)) continue;
      whole.push_back(SigmaEscape(SigmaText(field.form, value->kind, value->value)));
      if (field.form == SigmaForm::kBelow) below.push_back(SigmaEscape('.' + value->value));
    }
    Append(std::string(field.field) + std::string(field.modifier), whole, rule);
    Append(std::string(field.field) + "|endswith", below, rule);
  }

  // Two kinds may be looked for in one field, and an event may say one value twice.
  static void Append(const std::string& field, const std::vector<std::string>& values,
                     SigmaRule* rule) {
    if (values.empty()) return;
    auto found = std::find_if(rule->fields.begin(), rule->fields.end(),
                              [&](const auto& entry) { return entry.first == field; });
    if (found == rule->fields.end()) found = rule->fields.insert(found, {field, {}});
    std::vector<std::string>& list = found->second;
    list.reserve(list.size() + values.size());  // before anything looks at its strings
    std::set<std::string_view> seen(list.begin(), list.end());
    for (const std::string& value : values) {
      if (seen.insert(value).second) list.push_back(value);
    }
  }

  WriterContext context_;
  const SigmaOptions& options_;
  EventNumber event_ = 0;
  std::vector<EventValue> values_;  // of one event
  std::set<std::string> warninglists_;
  EventHead head_;
  std::string key_;
  std::unordered_map<Uuid, int> copies_;
};

bool Expands(const Destination& destination) {
  return destination.sigma.values == "expand";
}

Decision ExpressSigma(const Destination& destination, const intel::Indicator& indicator,
                      std::string_view type) {
  if (indicator.kind == IndicatorKind::kOther)
    return Decision::Refuse(Reason::kTypeNotDetectable, type);
  if (!HasSigmaField(indicator.kind))
    return Decision::Refuse(Reason::kFormatCannotExpress, IndicatorKindName(indicator.kind));
  // A list of networks can be compared with, a placeholder for one cannot.
  if (Expands(destination) && indicator.kind == IndicatorKind::kNetwork)
    return Decision::Refuse(Reason::kFormatCannotExpress, "network-in-a-lookup");
  if (indicator.kind == IndicatorKind::kFilename) {
    // Events hold what a variable stands for, and paths of Windows.
    if (indicator.value.starts_with('%') && indicator.value.find("%\\", 1) != std::string::npos)
      return CannotExpress("filename-variable");
    // A folder ends no path of a file.
    if (indicator.value.find('/') != std::string::npos || indicator.value.ends_with('\\'))
      return CannotExpress("no-windows-filename");
  }
  if (indicator.value.size() > kMaxLookupBytes)
    return Decision::Refuse(Reason::kFormatCannotExpress, "too-long");
  return Decision::Allow();
}

}  // namespace

constinit const Format kSigma{
    .name = "sigma",
    .summary = "Sigma 2 rules for SIEMs",
    .by_event = true,
    .checker = "sigma check -x attacktag -x d3_fendtag {}",
    .express = ExpressSigma,
    .make = [](const WriterContext& context) -> std::unique_ptr<Writer> {
      if (Expands(context.destination)) return MakeSigmaLookupWriter(context);
      return std::make_unique<SigmaWriter>(context);
    },
    .power = policy::Power::kReadsLogs,
    .rate_limits = RateLimits::kElsewhere,
    .by_event_if = [](const Destination& destination) { return !Expands(destination); },
};

}  // namespace gapferry::detect
