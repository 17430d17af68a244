// Rules that analysts put into attributes of the types suricata, snort, sigma, zeek and
// stix2-pattern: checked, given numbers of this site, and passed on. What a check cannot vouch for
// is refused with its reason.
#include <algorithm>
#include <map>
#include <set>

#include "base/hash.h"
#include "detect/format.h"
#include "detect/ids_rule.h"
#include "detect/json_text.h"
#include "detect/stix_grammar.h"
#include "detect/stored_text.h"

namespace gapferry::detect {
namespace {

using policy::Decision;
using policy::Reason;

// One attribute's text.
struct Stored {
  std::string text;
  std::uint64_t mentions = 0;
  Mention mention;
  intel::Tlp tlp = intel::Tlp::kRed;
};

std::string Origin(const Stored& stored) {
  return fmt::format("# event {}, attribute {}, tlp:{}\n", stored.mention.event_uuid.ToString(),
                     stored.mention.attribute_uuid.ToString(), intel::TlpName(stored.tlp));
}

class StoredRulesWriter : public Writer {
 public:
  explicit StoredRulesWriter(const WriterContext& context)
      : context_(context), options_(context.destination.stored_rules) {}

  Status Add(EventNumber, const Candidate& candidate) override {
    // The same text may stand in attributes of several types.
    std::set<std::string_view> types;
    for (const Mention& mention : candidate.mentions) {
      if (!types.insert(mention.type).second) continue;
      stored_[std::string(mention.type)].push_back(
          {candidate.value, candidate.mention_count, mention, candidate.tlp});
    }
    return Ok();
  }

  Status Finish() override {
    for (auto& [type, list] : stored_) {
      // Whatever becomes of the text, its attribute keeps its place.
      std::sort(list.begin(), list.end(), [](const Stored& a, const Stored& b) {
        return a.mention.attribute_uuid < b.mention.attribute_uuid;
      });
      GF_CHECK(WriteType(type, list));
    }
    return WriteIndex();
  }

 private:
  void Refuse(const Stored& stored, std::string_view why) {
    late_refusals_.Add(Reason::kFormatCannotExpress,
                       fmt::format("{}: {}", stored.mention.type, why), stored.mentions);
  }

  Status WriteType(const std::string& type, const std::vector<Stored>& list) {
    if (type == "suricata") return WriteIds("stored-suricata.rules", list);
    if (type == "snort") return WriteIds("stored-snort.rules", list);
    if (type == "sigma") return WriteSigma(list);
    if (type == "zeek" || type == "bro") return WriteZeek(type, list);
    return WritePatterns(list);
  }

  Status WriteIds(const std::string& name, const std::vector<Stored>& list) {
    std::string text;
    for (const Stored& stored : list) {
      Result<std::vector<IdsRule>> rules = ReadIdsRules(stored.text);
      std::string problem = rules.ok() ? "" : rules.error().what;
      for (std::size_t i = 0; rules.ok() && i < rules->size() && problem.empty(); ++i)
        problem = IdsRuleProblem((*rules)[i], context_.destination.use.power);
      if (!problem.empty()) {
        Refuse(stored, problem);
        continue;
      }
      text += Origin(stored);
      for (std::size_t i = 0; i < rules->size(); ++i) {
        GF_TRY(const std::string line, Numbered(stored, (*rules)[i], i));
        text += line + '\n';
      }
    }
    return Write(name, text);
  }

  // The number stays when the attribute's text is edited; then the revision rises.
  Result<std::string> Numbered(const Stored& stored, const IdsRule& rule, std::size_t place) {
    const std::string key = fmt::format("{}|{}|{}", stored.mention.type,
                                        stored.mention.attribute_uuid.ToString(), place);
    GF_TRY(const StableId id, context_.registry.Assign(
                                  context_.destination.name + "/stored-sid", key, rule.ToLine(0, 0),
                                  {options_.sid_base, options_.sid_base + options_.sid_count - 1}));
    return rule.ToLine(id.id, id.rev);
  }

  Status WriteSigma(const std::vector<Stored>& list) {
    std::set<std::string> ids;
    for (const Stored& stored : list) {
      Result<std::string> id = ReadSigmaId(stored.text);
      if (!id.ok()) {
        Refuse(stored, id.error().what);
        continue;
      }
      const std::string attribute = stored.mention.attribute_uuid.ToString();
      // An author's id is good all over the world, but only once.
      const bool own = id->empty() || !ids.insert(*id).second;
      const std::string given =
          own ? UuidFromContent(AsBytes("gapferry stored sigma|" + attribute)).ToString() : *id;
      std::string name = "stored_sigma_" + attribute;
      std::replace(name.begin(), name.end(), '-', '_');
      GF_CHECK(Write(name + ".yml", Origin(stored) + WithSigmaId(stored.text, given)));
    }
    return Ok();
  }

  Status WriteZeek(const std::string& type, const std::vector<Stored>& list) {
    std::string text;
    for (const Stored& stored : list) {
      Result<std::vector<std::string>> names = ReadZeekSignatures(stored.text);
      if (!names.ok()) {
        Refuse(stored, names.error().what);
        continue;
      }
      const bool taken = std::any_of(names->begin(), names->end(), [&](const std::string& name) {
        return zeek_names_.contains(name);
      });
      if (taken) {
        Refuse(stored, "name used twice");
        continue;
      }
      zeek_names_.insert(names->begin(), names->end());
      text += Origin(stored) + stored.text + '\n';
    }
    return Write(fmt::format("stored-{}.sig", type), text);
  }

  Status WritePatterns(const std::vector<Stored>& list) {
    std::string text;
    for (const Stored& stored : list) {
      const Status checked = CheckStixPattern(stored.text);
      if (!checked.ok()) {
        Refuse(stored, checked.error().what);
        continue;
      }
      text += text.empty() ? "\n" : ",\n";
      AppendPattern(stored, &text);
    }
    if (text.empty()) return Ok();
    return Write("stored-patterns.json",
                 fmt::format("{{\"type\":\"bundle\",\"id\":\"bundle--{}\",\"objects\":[",
                             UuidFromContent(
                                 AsBytes("gapferry stored patterns|" + context_.destination.name))
                                 .ToString()) +
                     text + "\n]}\n");
  }

  static void AppendPattern(const Stored& stored, std::string* out) {
    std::string time = FormatTime(stored.mention.timestamp);
    time.insert(time.size() - 1, ".000");
    JsonMembers members(out);
    members.Text("type", "indicator");
    members.Text("spec_version", "2.1");
    members.Text("id", "indicator--" + stored.mention.attribute_uuid.ToString());
    members.Text("created", time);
    members.Text("modified", time);
    members.Text("name", "MISP event " + stored.mention.event_uuid.ToString());
    members.Text("pattern", stored.text);
    members.Text("pattern_type", "stix");
    members.Text("valid_from", time);
    *members.Raw("labels") += fmt::format("[\"tlp:{}\"]", intel::TlpName(stored.tlp));
    members.Close();
  }

  Status Write(const std::string& name, const std::string& text) {
    if (text.empty()) return Ok();
    written_.push_back(name);
    return context_.output.WriteFile(name, text);
  }

  // A folder without rules says so.
  Status WriteIndex() {
    std::string text;
    for (const std::string& name : written_)
      text += name + '\n';
    return context_.output.WriteFile("stored.txt", text);
  }

  WriterContext context_;
  const StoredRulesOptions& options_;
  std::map<std::string, std::vector<Stored>> stored_;
  std::set<std::string> zeek_names_;
  std::vector<std::string> written_;
};

Decision ExpressStored(const Destination&, const intel::Indicator& indicator,
                       std::string_view type) {
  constexpr auto kTypes = std::to_array<std::string_view>(
      {"bro", "sigma", "snort", "stix2-pattern", "suricata", "zeek"});
  if (std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end()) return Decision::Allow();
  if (indicator.kind == intel::IndicatorKind::kOther)
    return Decision::Refuse(Reason::kTypeNotDetectable, type);
  return Decision::Refuse(Reason::kFormatCannotExpress, IndicatorKindName(indicator.kind));
}

}  // namespace

constinit const Format kStoredRules{
    .name = "stored-rules",
    .summary = "rules for Suricata, Snort, Sigma, Zeek and STIX that attributes carry",
    .by_event = false,
    .checker = "suricata -T -S {}/stored-suricata.rules -l /tmp",
    .express = ExpressStored,
    .make = [](const WriterContext& context) -> std::unique_ptr<Writer> {
      return std::make_unique<StoredRulesWriter>(context);
    },
    .takes_text = true,
};

}  // namespace gapferry::detect
