#include "detect/sigma_rule.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/uuid.h"
#include "detect/sigma_detection.h"

namespace gapferry::detect {
namespace {

using YamlKind = YamlNode::Kind;

constexpr std::size_t kMaxTitleBytes = 256;
constexpr std::size_t kMaxTagBytes = 256;

Error BadSigma(const YamlNode& node, std::string_view what) {
  return Error::Make(Kind::kMalformed, "line {}: {}", node.line, what);
}

bool IsText(const YamlNode& node) {
  return node.kind == YamlKind::kText;
}

bool HasBreak(std::string_view text) {
  return text.find_first_of("\r\n\t") != std::string_view::npos;
}

bool IsWordOf(std::span<const std::string_view> words, const YamlNode& node) {
  const std::string word = AsciiLower(node.text);
  return IsText(node) && std::find(words.begin(), words.end(), word) != words.end();
}

Status CheckSigmaTitle(const YamlNode& title) {
  const bool good = IsText(title) && !title.text.empty() && title.text.size() <= kMaxTitleBytes &&
                    !HasBreak(title.text);
  return good ? Ok() : Status(BadSigma(title, "a title that is none"));
}

// Some write it without dashes.
std::optional<Uuid> SigmaUuid(std::string text) {
  if (text.size() == 32) {
    for (const std::size_t dash : {8U, 13U, 18U, 23U})
      text.insert(dash, 1, '-');
  }
  return ParseUuid(text);
}

Status CheckSigmaId(const YamlNode& id) {
  return IsText(id) && SigmaUuid(id.text) ? Ok() : Status(BadSigma(id, "an id that is no UUID"));
}

// What is for people and their tests, and for no converter.
Status CheckSigmaRemark(const YamlNode&) {
  return Ok();
}

Status CheckSigmaText(const YamlNode& text) {
  return IsText(text) ? Ok() : Status(BadSigma(text, "a text that is none"));
}

Status CheckSigmaName(const YamlNode& text) {
  const bool good = IsText(text) && !text.text.empty() && !HasBreak(text.text);
  return good ? Ok() : Status(BadSigma(text, "a text that is none"));
}

Status CheckSigmaTexts(const YamlNode& list) {
  if (list.kind != YamlKind::kList) return BadSigma(list, "a list that is none");
  for (const YamlNode& item : list.items)
    GF_CHECK(CheckSigmaText(item));
  return Ok();
}

Status CheckSigmaTags(const YamlNode& list) {
  static const RE2 tag("[A-Za-z0-9_-]+\\.[A-Za-z0-9_.-]+");
  GF_CHECK(CheckSigmaTexts(list));
  for (const YamlNode& item : list.items) {
    if (item.text.size() > kMaxTagBytes || !RE2::FullMatch(item.text, tag))
      return BadSigma(item, "a tag that is none");
  }
  return Ok();
}

Status CheckSigmaStatus(const YamlNode& status) {
  constexpr auto kStatuses = std::to_array<std::string_view>(
      {"stable", "test", "experimental", "deprecated", "unsupported"});
  return IsWordOf(kStatuses, status) ? Ok() : Status(BadSigma(status, "unknown status"));
}

Status CheckSigmaLevel(const YamlNode& level) {
  constexpr auto kLevels =
      std::to_array<std::string_view>({"informational", "low", "medium", "high", "critical"});
  return IsWordOf(kLevels, level) ? Ok() : Status(BadSigma(level, "unknown level"));
}

// "2024-02-09", also as a text, and "2024/2/9" of older rules.
Status CheckSigmaDate(const YamlNode& date) {
  static const RE2 form("([1-3][0-9]{3})(?:-([01][0-9])-([0-3][0-9])|/([01]?[0-9])/([0-3]?[0-9]))");
  std::array<std::string, 5> parts;
  const bool good =
      (IsText(date) || date.kind == YamlKind::kDate) &&
      RE2::FullMatch(date.text, form, &parts[0], &parts[1], &parts[2], &parts[3], &parts[4]);
  const auto number = [](const std::string& text) {
    unsigned value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  };
  const std::chrono::year_month_day day(std::chrono::year(static_cast<int>(number(parts[0]))),
                                        std::chrono::month(number(parts[1] + parts[3])),
                                        std::chrono::day(number(parts[2] + parts[4])));
  return good && day.ok() ? Ok() : Status(BadSigma(date, "a date that is none"));
}

Status CheckSigmaRelated(const YamlNode& list) {
  constexpr auto kTypes = std::to_array<std::string_view>(
      {"correlation", "derived", "merged", "obsolete", "renamed", "similar"});
  if (list.kind != YamlKind::kList) return BadSigma(list, "a list that is none");
  for (const YamlNode& item : list.items) {
    const YamlNode* id = item.Find("id");
    const YamlNode* type = item.Find("type");
    if (item.keys.size() != 2 || id == nullptr || type == nullptr)
      return BadSigma(item, "a related rule without id and type");
    GF_CHECK(CheckSigmaId(*id));
    if (!IsWordOf(kTypes, *type)) return BadSigma(*type, "unknown type of a related rule");
  }
  return Ok();
}

// Only `definition` is for people.
Status CheckSigmaLogsource(const YamlNode& source) {
  static const RE2 word("[A-Za-z0-9_.-]+");
  constexpr auto kSources = std::to_array<std::string_view>({"category", "product", "service"});
  bool named = false;
  for (std::size_t i = 0; i < source.keys.size(); ++i) {
    const YamlNode& value = source.items[i];
    if (value.kind == YamlKind::kNull) continue;
    if (source.keys[i] == "definition") {
      GF_CHECK(CheckSigmaText(value));
      continue;
    }
    const bool known =
        std::find(kSources.begin(), kSources.end(), source.keys[i]) != kSources.end();
    if (!known || !IsText(value) || !RE2::FullMatch(value.text, word))
      return BadSigma(value, "a log source that is none");
    named = true;
  }
  return named ? Ok() : Status(BadSigma(source, "a log source that is none"));
}

enum class Presence : std::uint8_t { kOptional, kNotNull, kNeeded };
struct SigmaKey {
  std::string_view name;
  Status (*check)(const YamlNode&);
  Presence presence = Presence::kOptional;
};

// `name` is missing: a correlation of the site's own may go by it. Of the keys that the
// specification leaves to everybody only `custom` and the two of SigmaHQ are taken: what another
// one does to the rules beside it is not known here.
constexpr auto kSigmaKeys = std::to_array<SigmaKey>({
    {"author", CheckSigmaText},
    {"custom", CheckSigmaRemark},
    {"date", CheckSigmaDate},
    {"description", CheckSigmaText},
    {"detection", CheckSigmaDetection, Presence::kNeeded},
    {"falsepositives", CheckSigmaTexts},
    {"fields", CheckSigmaTexts},
    {"id", CheckSigmaId},
    {"level", CheckSigmaLevel},
    {"license", CheckSigmaText},
    {"logsource", CheckSigmaLogsource, Presence::kNeeded},
    {"modified", CheckSigmaDate},
    {"references", CheckSigmaTexts},
    {"regression_tests_path", CheckSigmaRemark},
    {"related", CheckSigmaRelated},
    {"scope", CheckSigmaTexts},
    {"simulation", CheckSigmaRemark},
    {"status", CheckSigmaStatus},
    {"tags", CheckSigmaTags},
    {"taxonomy", CheckSigmaName, Presence::kNotNull},
    {"title", CheckSigmaTitle, Presence::kNeeded},
});

// A title in a block of text ends with a break.
void TrimSigmaTitle(YamlNode* rule) {
  for (std::size_t i = 0; i < rule->keys.size(); ++i) {
    std::string& text = rule->items[i].text;
    while (rule->keys[i] == "title" && text.ends_with('\n'))
      text.pop_back();
  }
}

YamlNode MakeText(std::string_view text) {
  YamlNode node;
  node.kind = YamlKind::kText;
  node.text = text;
  return node;
}

// As the first of those that it is related to.
void AddOrigin(std::string_view id, YamlNode* rule) {
  YamlNode origin;
  origin.kind = YamlKind::kMap;
  origin.keys = {"id", "type"};
  origin.items = {MakeText(id), MakeText("derived")};
  auto found = std::find(rule->keys.begin(), rule->keys.end(), "related");
  if (found == rule->keys.end()) {
    found = rule->keys.insert(found, "related");
    rule->items.emplace_back();
  }
  YamlNode& related = rule->items[static_cast<std::size_t>(found - rule->keys.begin())];
  related.kind = YamlKind::kList;
  related.items.insert(related.items.begin(), std::move(origin));
}

void SetSigmaId(std::string_view id, YamlNode* rule) {
  const auto before = std::find(rule->keys.begin(), rule->keys.end(), "id");
  if (before != rule->keys.end()) {
    rule->items.erase(rule->items.begin() + (before - rule->keys.begin()));
    rule->keys.erase(before);
  }
  const auto title = std::find(rule->keys.begin(), rule->keys.end(), "title");
  rule->items.insert(rule->items.begin() + (title - rule->keys.begin()) + 1, MakeText(id));
  rule->keys.insert(title + 1, "id");
}

}  // namespace

Result<StoredSigma> ReadStoredSigma(std::string_view text) {
  StoredSigma stored;
  GF_TRY(stored.rule, ReadYaml(text));
  TrimSigmaTitle(&stored.rule);
  for (const SigmaKey& key : kSigmaKeys) {
    const YamlNode* value = stored.rule.Find(key.name);
    if (value == nullptr && key.presence == Presence::kNeeded)
      return Error::Make(Kind::kMalformed, "no {}", key.name);
    const bool nothing =
        value == nullptr || (value->kind == YamlKind::kNull && key.presence == Presence::kOptional);
    if (nothing) continue;
    GF_CHECK(key.check(*value));
  }
  for (std::size_t i = 0; i < stored.rule.keys.size(); ++i) {
    const bool known = std::any_of(kSigmaKeys.begin(), kSigmaKeys.end(), [&](const SigmaKey& key) {
      return key.name == stored.rule.keys[i];
    });
    if (!known)
      return BadSigma(stored.rule.items[i],
                      fmt::format("{} is no key of a single rule", stored.rule.keys[i]));
  }
  if (const YamlNode* id = stored.rule.Find("id"); id != nullptr && IsText(*id))
    stored.id = SigmaUuid(id->text)->ToString();
  return stored;
}

std::string WriteStoredSigma(const StoredSigma& stored, std::string_view id) {
  YamlNode rule = stored.rule;
  SetSigmaId(id, &rule);
  if (!stored.id.empty() && stored.id != id) AddOrigin(stored.id, &rule);
  return WriteYaml(rule);
}

}  // namespace gapferry::detect
