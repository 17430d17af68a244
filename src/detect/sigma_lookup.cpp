#include "detect/sigma_lookup.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "base/hash.h"
#include "detect/csv_text.h"
#include "detect/sigma_fields.h"
#include "detect/sigma_text.h"

namespace gapferry::detect {
namespace {

using intel::IndicatorKind;

constexpr CsvOptions kPlain{.guard_formulas = false, .crlf = false};
constexpr std::string_view kPipeline = "misp_placeholders.yaml";

std::string_view KindWord(IndicatorKind kind) {
  switch (kind) {
    case IndicatorKind::kAddress:
      return "addresses";
    case IndicatorKind::kDomain:
      return "domains";
    case IndicatorKind::kHostname:
      return "hostnames";
    case IndicatorKind::kUrl:
      return "urls";
    case IndicatorKind::kUserAgent:
      return "user_agents";
    case IndicatorKind::kFilename:
      return "filenames";
    default:
      return IndicatorKindName(kind);  // md5, sha1, sha256
  }
}

// Values of one kind that a field is compared with in one way.
struct FieldWay {
  std::string placeholder;
  bool star_before;
  bool star_after;
};

// The whole value is the placeholder, wildcards too: lookups of a SIEM can stand for nothing less.
std::vector<FieldWay> WaysOf(const SigmaField& field) {
  std::string name = "gapferry_" + std::string(KindWord(field.kind));
  if (field.side != SigmaSide::kEither) name += field.side == SigmaSide::kFrom ? "_from" : "_to";
  const bool contains = field.modifier == "|contains";
  std::vector<FieldWay> ways = {{name, contains || field.modifier == "|endswith", contains}};
  if (field.form == SigmaForm::kBelow) ways.push_back({name + "_below", true, false});
  return ways;
}

class SigmaLookupWriter : public Writer {
 public:
  explicit SigmaLookupWriter(const WriterContext& context)
      : context_(context), options_(context.destination.sigma) {}

  Status Add(EventNumber, const Candidate& candidate) override {
    std::set<std::string> written;  // several sources compare with the same list
    for (const SigmaSource& source : SigmaSources()) {
      for (const SigmaField& field : FieldsOf(source)) {
        if (!field.Takes(candidate.kind, candidate.from, candidate.to)) continue;
        for (const FieldWay& way : WaysOf(field)) {
          if (written.insert(way.placeholder).second)
            GF_CHECK(Put(way, TextFor(field, way, candidate), candidate));
        }
      }
    }
    return Ok();
  }

  Status Finish() override {
    for (auto& [name, list] : lists_) {
      GF_CHECK(list.patterns.Close());
      GF_CHECK(list.lookup.Close());
    }
    for (const SigmaSource& source : SigmaSources())
      GF_CHECK(WriteRule(source));
    return lists_.empty() ? Ok() : WritePipeline();
  }

 private:
  struct List {
    OutputFile patterns;
    OutputFile lookup;
    intel::Tlp tlp = intel::Tlp::kClear;
  };

  // Without the wildcards of the way.
  static std::string TextFor(const SigmaField& field, const FieldWay& way,
                             const Candidate& candidate) {
    if (way.placeholder.ends_with("_below")) return '.' + candidate.value;
    return SigmaText(field.form, candidate.kind, candidate.value);
  }

  Result<List*> Open(const std::string& placeholder) {
    const auto found = lists_.find(placeholder);
    if (found != lists_.end()) return &found->second;
    GF_TRY(OutputFile patterns, context_.output.Open(placeholder + ".txt"));
    GF_TRY(OutputFile lookup, context_.output.Open(placeholder + ".csv"));
    GF_CHECK(lookup.Write("indicator,event_uuid,tlp,warninglist\n"));
    return &lists_.emplace(placeholder, List{std::move(patterns), std::move(lookup)}).first->second;
  }

  Status Put(const FieldWay& way, const std::string& text, const Candidate& candidate) {
    GF_TRY(List* const list, Open(way.placeholder));
    list->tlp = std::max(list->tlp, candidate.tlp);
    const std::string before = way.star_before ? "*" : "";
    const std::string after = way.star_after ? "*" : "";
    GF_CHECK(list->patterns.Write(before + SigmaEscape(text) + after + '\n'));
    std::string line;
    CsvRow row(kPlain, &line);
    row.Cell(before + text + after)
        .Cell(candidate.mentions[0].event_uuid.ToString())
        .Cell(intel::TlpName(candidate.tlp))
        .Cell(candidate.warninglist)
        .End();
    return list->lookup.Write(line);
  }

  Status WriteRule(const SigmaSource& source) {
    SigmaRule rule;
    intel::Tlp tlp = intel::Tlp::kClear;
    for (const SigmaField& field : FieldsOf(source)) {
      for (const FieldWay& way : WaysOf(field)) {
        const auto list = lists_.find(way.placeholder);
        if (list == lists_.end()) continue;
        tlp = std::max(tlp, list->second.tlp);
        Append(std::string(field.field) + "|expand", '%' + way.placeholder + '%', &rule);
        rule.placeholders.push_back(way.placeholder);
      }
    }
    if (rule.fields.empty()) return Ok();
    rule.title = fmt::format("MISP Lookups in {}", source.title);
    rule.description =
        fmt::format("Detects {} that are on the lists beside this rule", source.what);
    rule.status = options_.status;
    rule.author = options_.author;
    rule.tags.push_back(SigmaTlpTag(tlp));
    rule.false_positives.emplace_back("Unknown");
    rule.level = options_.level.empty() ? "medium" : options_.level;
    if (!source.product.empty()) rule.logsource.emplace_back("product", source.product);
    rule.logsource.emplace_back("category", source.category);
    const std::string key = fmt::format("lookup|{}", source.key);
    rule.id = UuidFromContent(AsBytes("gapferry sigma|" + context_.destination.name + '|' + key))
                  .ToString();
    GF_TRY(const StableId id,
           context_.registry.Assign(context_.destination.name + "/sigma", key, rule.ToYaml(), {}));
    rule.date = FormatDate(id.first);
    if (id.rev > 1) rule.modified = FormatDate(id.changed);
    return context_.output.WriteFile(std::string(source.prefix) + "misp_lookup.yml", rule.ToYaml());
  }

  // Lists of one field are alternatives, as are fields.
  static void Append(std::string field, std::string value, SigmaRule* rule) {
    const auto found = std::find_if(rule->fields.begin(), rule->fields.end(),
                                    [&](const auto& entry) { return entry.first == field; });
    if (found == rule->fields.end()) {
      rule->fields.emplace_back(std::move(field), std::vector<std::string>{std::move(value)});
    } else {
      found->second.push_back(std::move(value));
    }
  }

  // The lists are read back: a million of their lines are in no memory.
  Status WritePipeline() {
    GF_TRY(OutputFile file, context_.output.Open(std::string(kPipeline)));
    GF_CHECK(file.Write("name: MISP lists\npriority: 10\nvars:\n"));
    for (const auto& [name, list] : lists_) {
      GF_CHECK(file.Write("    " + name + ":\n"));
      std::ifstream patterns(context_.output.path() / (name + ".txt"), std::ios::binary);
      for (std::string line; std::getline(patterns, line);)
        GF_CHECK(file.Write("        - " + YamlQuote(line) + '\n'));
      if (patterns.bad() || !patterns.eof())
        return Error::Make(Kind::kIo, "cannot read {}.txt back", name);
    }
    GF_CHECK(
        file.Write("transformations:\n    - id: misp_lists\n      type: value_placeholders\n"
                   "      include:\n"));
    for (const auto& [name, list] : lists_)
      GF_CHECK(file.Write("          - " + name + '\n'));
    return file.Close();
  }

  WriterContext context_;
  const SigmaOptions& options_;
  std::map<std::string, List> lists_;  // by placeholder
};

}  // namespace

std::unique_ptr<Writer> MakeSigmaLookupWriter(const WriterContext& context) {
  return std::make_unique<SigmaLookupWriter>(context);
}

}  // namespace gapferry::detect
