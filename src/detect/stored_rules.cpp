// Rules that analysts put into attributes of the types suricata, snort, sigma, zeek and
// stix2-pattern: checked, given numbers of this site, and passed on. What a check cannot vouch for
// is refused with its reason.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/hash.h"
#include "detect/alert_rate.h"
#include "detect/format.h"
#include "detect/ids_bits.h"
#include "detect/ids_problem.h"
#include "detect/json_text.h"
#include "detect/sigma_rule.h"
#include "detect/stix_grammar.h"
#include "detect/stix_marking.h"
#include "detect/stored_owner.h"
#include "detect/stored_sids.h"
#include "detect/trial.h"
#include "detect/zeek_signature.h"

namespace gapferry::detect {
namespace {

using policy::Decision;
using policy::Reason;

std::string Origin(const Stored& stored, std::string_view more = "") {
  return fmt::format("# event {}, attribute {}, tlp:{}{}\n", stored.mention.event_uuid.ToString(),
                     stored.mention.attribute_uuid.ToString(), intel::TlpName(stored.tlp), more);
}

// Rules of one attribute for Suricata or Snort.
struct StoredIds {
  const Stored* stored;
  std::vector<IdsRule> rules;
  std::vector<std::string> more;  // options that each is given besides
  bool tamed = false;             // some would block, and do not

  // Under numbers that nobody else has, for a trial.
  [[nodiscard]] std::string Lines(std::int64_t first) const {
    std::string text;
    for (std::size_t i = 0; i < rules.size(); ++i)
      text += rules[i].ToLine(first + static_cast<std::int64_t>(i), 1, more[i]) + '\n';
    return text;
  }
};

class StoredRulesWriter : public Writer {
 public:
  explicit StoredRulesWriter(const WriterContext& context)
      : context_(context), options_(context.destination.stored_rules) {}

  Status Add(EventNumber, const Candidate& candidate) override {
    texts_.Add(candidate);
    return Ok();
  }

  Status Finish() override {
    GF_TRY(const auto settled, texts_.Settle(context_.registry, context_.destination.name));
    GF_TRY(StoredSids sids,
           StoredSids::Load(context_.registry, context_.destination.name,
                            {options_.sid_base, options_.sid_base + options_.sid_count - 1}));
    for (const auto& [type, list] : settled) {
      if (type == "suricata" || type == "snort") {
        GF_CHECK(WriteIds(type, list, &sids));
      } else if (type == "sigma") {
        GF_CHECK(WriteSigma(list));
      } else if (type == "zeek" || type == "bro") {
        GF_CHECK(WriteZeek(type, list));
      } else {
        GF_CHECK(WritePatterns(list));
      }
    }
    return WriteIndex();
  }

 private:
  void Refuse(const Stored& stored, std::string_view why) {
    late_refusals_.Add(fmt::format("{}: {}", stored.mention.type, why), stored.mentions,
                       stored.attributes);
    if (texts_.Drop(stored)) late_refusals_.TakeBack(intel::IndicatorKind::kOther);
  }

  Status WriteIds(const std::string& type, const std::vector<Stored>& list, StoredSids* sids) {
    const bool suricata = type == "suricata";
    std::vector<StoredIds> good = ReadIds(list, suricata ? Sensor::kSuricata : Sensor::kSnort);
    const std::string name = fmt::format("stored-{}.rules", type);
    GF_CHECK(Try(name, suricata ? options_.suricata : options_.snort, &good));
    std::string text;
    for (const StoredIds& each : good) {
      GF_TRY(const std::vector<std::string> lines,
             sids->Number(type, each.stored->attribute, each.rules, each.more));
      text += Origin(*each.stored, each.tamed ? ", drop written as alert" : "");
      for (const std::string& line : lines)
        text += line + '\n';
    }
    return Write(name, text);
  }

  std::vector<StoredIds> ReadIds(const std::vector<Stored>& list, Sensor sensor) {
    std::vector<StoredIds> good;
    for (const Stored& stored : list) {
      Result<StoredIds> each = ReadRulesOf(stored, sensor);
      if (each.ok()) {
        good.push_back(std::move(each).value());
      } else {
        Refuse(stored, each.error().what);
      }
    }
    return good;
  }

  // All rules of an attribute are passed on, or none.
  [[nodiscard]] Result<StoredIds> ReadRulesOf(const Stored& stored, Sensor sensor) const {
    GF_TRY(std::vector<IdsRule> rules, ReadIdsRules(stored.text));
    StoredIds each{&stored, std::move(rules), {}};
    for (IdsRule& rule : each.rules) {
      const bool unknown = sensor == Sensor::kSuricata && !IsActionOfSuricata(rule.action());
      if ((BlocksTraffic(rule) && !options_.may_block) || unknown) {
        rule.OnlyAlert();
        each.tamed = true;
      }
      std::string problem = IdsRuleProblem(rule, sensor);
      GiveBitsOfTheirOwn(sensor, &rule);
      const std::string more = sensor == Sensor::kSuricata ? RateOf(rule) : "";
      if (problem.empty() && !rule.FitsLine(more)) problem = "too long";
      if (!problem.empty()) return Error::Make(Kind::kMalformed, "{}", problem);
      each.more.push_back(more);
    }
    return each;
  }

  // One that has a limit of its own keeps it, and one that raises no alerts needs none.
  [[nodiscard]] std::string RateOf(const IdsRule& rule) const {
    for (const std::string_view key : {"threshold", "detection_filter", "noalert"}) {
      if (rule.Has(key)) return "";
    }
    return SuricataThreshold(context_.destination);
  }

  // Drops what the engine refuses, if the site names one.
  Status Try(const std::string& name, const std::vector<std::string>& command,
             std::vector<StoredIds>* good) {
    if (command.empty() || good->empty()) return Ok();
    Trial trial(context_.fenced, command, context_.output.path(), name);
    GF_TRY(const bool works, trial.Takes("alert tcp any any -> any any (msg:\"trial\"; "
                                         "content:\"trial\"; sid:1; rev:1;)\n"));
    if (!works) {
      return Error::Make(Kind::kArtifactCheck,
                         "{}: {} refuses every rule: stored_rules names it to try them",
                         context_.destination.name, command[0])
          .Hint("it says: {}", trial.FirstError());
    }
    std::vector<std::string> texts;
    std::int64_t number = 1;
    for (const StoredIds& each : *good) {
      texts.push_back(each.Lines(number));
      number += static_cast<std::int64_t>(each.rules.size());
    }
    GF_TRY(const std::vector<std::string> problems, trial.Sift(texts));
    std::vector<StoredIds> taken;
    for (std::size_t i = 0; i < good->size(); ++i) {
      if (problems[i].empty()) {
        taken.push_back(std::move((*good)[i]));
      } else {
        Refuse(*(*good)[i].stored, problems[i]);
      }
    }
    *good = std::move(taken);
    return Ok();
  }

  Status WriteSigma(const std::vector<Stored>& list) {
    std::set<std::string> ids;
    for (const Stored& stored : list) {
      const Result<StoredSigma> rule = ReadStoredSigma(stored.text);
      if (!rule.ok()) {
        Refuse(stored, rule.error().what);
        continue;
      }
      // An author's id is good all over the world, but only once.
      const bool keeps = MayKeepSigmaId(rule->id) && ids.insert(rule->id).second;
      const std::string id = keeps ? rule->id : StoredSigmaId(stored.attribute);
      GF_CHECK(
          Write(StoredSigmaFile(stored.attribute), Origin(stored) + WriteStoredSigma(*rule, id)));
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
    std::set<intel::Tlp> marked;
    const auto next = [&] { text += text.empty() ? "\n" : ",\n"; };
    for (const Stored& stored : list) {
      const Status checked = CheckStixPattern(stored.text);
      if (!checked.ok()) {
        Refuse(stored, checked.error().what);
        continue;
      }
      next();
      // A marking is defined where it is used first.
      if (marked.insert(stored.tlp).second) {
        AppendStixMarking(stored.tlp, &text);
        next();
      }
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
    const std::string time = StixTime(stored.mention.timestamp);
    JsonMembers members(out);
    members.Text("type", "indicator");
    members.Text("spec_version", "2.1");
    members.Text("id", "indicator--" + stored.attribute.ToString());
    members.Text("created", time);
    members.Text("modified", time);
    members.Text("name", "MISP event " + stored.mention.event_uuid.ToString());
    members.Text("pattern", stored.text);
    members.Text("pattern_type", "stix");
    members.Text("valid_from", time);
    *members.Raw("object_marking_refs") += fmt::format("[\"{}\"]", StixMarkingOf(stored.tlp));
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
  StoredTexts texts_;
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
    .rate_limits = RateLimits::kOfSuricataRules,
};

}  // namespace gapferry::detect
