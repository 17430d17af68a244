#include "detect/sigma_detection.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "detect/sigma_condition.h"
#include "detect/sigma_modifier.h"

namespace gapferry::detect {
namespace {

using YamlKind = YamlNode::Kind;
constexpr std::size_t kMaxConditionBytes = 4096;

Error BadDetection(const YamlNode& node, std::string_view what) {
  return Error::Make(Kind::kMalformed, "line {}: {}", node.line, what);
}

// Fields of which all must be met.
Result<SigmaTruth> TruthOfFields(const YamlNode& map) {
  if (map.keys.empty()) return BadDetection(map, "a search without fields");
  SigmaTruth truth = SigmaTruth::kYes;
  for (std::size_t i = 0; i < map.keys.size(); ++i) {
    GF_TRY(const SigmaTruth field, TruthOfSigmaField(map.keys[i], map.items[i]));
    truth = std::min(truth, field);
  }
  return truth;
}

// A map of fields, a word anywhere, or a list of such, of which one must be met.
Result<SigmaTruth> TruthOfSearch(const YamlNode& search) {
  if (search.kind == YamlKind::kMap) return TruthOfFields(search);
  if (search.IsScalar()) return TruthOfSigmaField("", search);
  if (search.items.empty()) return BadDetection(search, "a search without fields");
  SigmaTruth truth = SigmaTruth::kNo;
  for (const YamlNode& item : search.items) {
    GF_TRY(const SigmaTruth met, TruthOfSearch(item));
    truth = std::max(truth, met);
  }
  return truth;
}

bool IsSearchName(std::string_view name) {
  constexpr auto kWords =
      std::to_array<std::string_view>({"1", "all", "and", "any", "not", "of", "or", "them"});
  return std::find(kWords.begin(), kWords.end(), name) == kWords.end() &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return IsAsciiAlnum(c) || c == '_' || c == '-'; });
}

Status CheckCondition(const YamlNode& condition,
                      const std::map<std::string, SigmaTruth>& searches) {
  if (condition.kind != YamlKind::kText || condition.text.size() > kMaxConditionBytes)
    return BadDetection(condition, "a condition that is none");
  const Result<SigmaTruth> truth = EvaluateSigmaCondition(condition.text, searches);
  if (!truth.ok()) return BadDetection(condition, truth.error().what);
  if (*truth != SigmaTruth::kNo) return BadDetection(condition, "matches everything");
  return Ok();
}

}  // namespace

Status CheckSigmaDetection(const YamlNode& detection) {
  if (detection.kind != YamlKind::kMap) return BadDetection(detection, "a detection that is none");
  std::map<std::string, SigmaTruth> searches;
  const YamlNode* condition = detection.Find("condition");
  for (std::size_t i = 0; i < detection.keys.size(); ++i) {
    const std::string& name = detection.keys[i];
    const YamlNode& search = detection.items[i];
    if (&search == condition) continue;
    if (name == "timeframe") return BadDetection(search, "timeframe, which only correlations have");
    if (!IsSearchName(name)) return BadDetection(search, "a name of a search that is none");
    GF_TRY(searches[name], TruthOfSearch(search));
  }
  if (condition == nullptr) return BadDetection(detection, "no condition");
  if (condition->kind != YamlKind::kList) return CheckCondition(*condition, searches);
  if (condition->items.empty()) return BadDetection(*condition, "no condition");
  for (const YamlNode& each : condition->items)
    GF_CHECK(CheckCondition(each, searches));
  return Ok();
}

}  // namespace gapferry::detect
