#include "detect/sigma_modifier.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/bytes.h"
#include "detect/sigma_common.h"
#include "detect/sigma_match.h"
#include "intel/value.h"

namespace gapferry::detect {
namespace {

// Each dash makes five times as many queries.
constexpr std::size_t kMaxWindowsDashes = 4;
// Shorter ones give pieces of one or two letters.
constexpr std::size_t kMinBase64Bytes = 4;
constexpr int kLeastV4Prefix = 16;
constexpr int kLeastV6Prefix = 32;

using Words = std::vector<std::string_view>;

Error BadField(std::size_t line, std::string_view what) {
  return Error::Make(Kind::kMalformed, "line {}: {}", line, what);
}

bool IsListed(std::span<const std::string_view> list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

constexpr auto kPieces = std::to_array<std::string_view>({"contains", "endswith", "startswith"});
constexpr auto kEncodings =
    std::to_array<std::string_view>({"base64", "base64offset", "utf16", "utf16be", "wide"});
constexpr auto kOtherTexts = std::to_array<std::string_view>({"cased", "windash"});
constexpr auto kComparisons = std::to_array<std::string_view>({"gt", "gte", "lt", "lte"});
constexpr auto kTimes =
    std::to_array<std::string_view>({"day", "hour", "minute", "month", "week", "year"});
constexpr auto kRegexFlags =
    std::to_array<std::string_view>({"dotall", "i", "ignorecase", "m", "multiline", "s"});
// These say what the value is, so that they come first.
constexpr auto kFirst = std::to_array<std::string_view>({"cidr", "exists", "re"});
constexpr auto kOfWholeList = std::to_array<std::string_view>({"all", "neq"});  // of all values

bool IsModifier(std::string_view word) {
  const std::span<const std::string_view> lists[] = {
      kPieces, kEncodings, kOtherTexts, kTimes, kComparisons, kRegexFlags, kFirst, kOfWholeList};
  return word == "fieldref" || std::any_of(std::begin(lists), std::end(lists),
                                           [&](const auto& list) { return IsListed(list, word); });
}

// Signs and words that a query language has a use for are no name, but "cs(User-Agent)", "a{}.b"
// and "a[0].b" are.
bool IsSigmaFieldName(std::string_view name) {
  static const RE2 form(
      "[A-Za-z0-9_@][A-Za-z0-9_.@-]*(?:(?:\\{\\}|\\[[0-9]*\\])[A-Za-z0-9_.@-]*)*"
      "(?:\\([A-Za-z0-9_-]+\\))?");
  return !IsWordOfQueries(name) && RE2::FullMatch(re2::StringPiece(name.data(), name.size()), form);
}

// Of a dash or slash before a word, as pySigma's `\B[-/]\b`.
std::size_t CountDashes(std::string_view text) {
  const auto is_word = [&](std::size_t at) {
    return at < text.size() && (IsAsciiAlnum(text[at]) || text[at] == '_' ||
                                static_cast<std::uint8_t>(text[at]) >= 0x80);
  };
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if ((text[at] == '-' || text[at] == '/') && is_word(at + 1) && (at == 0 || !is_word(at - 1)))
      ++count;
  }
  return count;
}

// One value and what its modifiers make of it.
class SigmaValue {
 public:
  SigmaValue(const YamlNode& value, std::string_view field, const Words& modifiers)
      : value_(value), field_(field), modifiers_(modifiers) {}

  Result<SigmaTruth> Judge() {
    if (!value_.IsScalar() || value_.kind == YamlNode::Kind::kDate)
      return BadField(value_.line, "a value that is none");
    for (std::size_t at = 0; at < modifiers_.size(); ++at) {
      const std::string_view modifier = modifiers_[at];
      if (IsListed(kOfWholeList, modifier)) continue;
      if (IsListed(kFirst, modifier) && at > 0)
        return BadField(value_.line, fmt::format("modifier {} behind another", modifier));
      if (!Apply(modifier))
        return BadField(value_.line,
                        fmt::format("a value that modifier {} does not fit", modifier));
    }
    return Truth();
  }

 private:
  enum class What : std::uint8_t { kPlain, kRegex, kNetwork, kField, kExists, kCompared, kTime };

  [[nodiscard]] bool IsText() const {
    return value_.kind == YamlNode::Kind::kText && what_ == What::kPlain;
  }
  [[nodiscard]] bool IsNumber() const {
    const bool number =
        value_.kind == YamlNode::Kind::kInt || value_.kind == YamlNode::Kind::kFloat;
    return number && (what_ == What::kPlain || what_ == What::kTime);
  }

  // False if the modifier cannot be applied to what the value is now.
  bool Apply(std::string_view modifier) {
    if (IsListed(kPieces, modifier)) {
      open_before_ = open_before_ || modifier != "startswith";
      open_after_ = open_after_ || modifier != "endswith";
      return IsText() || what_ == What::kField;
    }
    if (IsListed(kEncodings, modifier)) return IsText() && Encode(modifier);
    if (modifier == "windash") return IsText() && CountDashes(value_.text) <= kMaxWindowsDashes;
    if (modifier == "cased") return IsText();
    if (IsListed(kRegexFlags, modifier)) {
      flags_ += modifier == "dotall" ? 's' : modifier[0];
      return what_ == What::kRegex;
    }
    if (IsListed(kComparisons, modifier)) return IsNumber() && Become(What::kCompared);
    if (IsListed(kTimes, modifier))
      return IsNumber() && what_ == What::kPlain && Become(What::kTime);
    if (modifier == "re") return IsText() && Become(What::kRegex);
    if (modifier == "cidr") return IsText() && ReadNetwork() && Become(What::kNetwork);
    if (modifier == "exists") return value_.kind == YamlNode::Kind::kBool && Become(What::kExists);
    return IsText() && IsSigmaFieldName(value_.text) && Become(What::kField);
  }

  bool Become(What what) {
    what_ = what;
    return true;
  }

  // Characters that are none of ASCII have no place in what pySigma makes of it.
  bool Encode(std::string_view modifier) {
    const bool ascii = std::all_of(value_.text.begin(), value_.text.end(),
                                   [](char c) { return static_cast<std::uint8_t>(c) < 0x80; });
    const bool base64 = modifier.starts_with("base64");
    short_ = short_ || (base64 && value_.text.size() < kMinBase64Bytes);
    encoded_ = encoded_ || base64;
    if (base64) return !value_.text.empty() && !HasSigmaWildcard(value_.text);
    return ascii && !value_.text.empty();
  }

  bool ReadNetwork() {
    const auto network = intel::ParseNetwork(value_.text);
    const auto address =
        intel::ParseNetwork(std::string_view(value_.text).substr(0, value_.text.find('/')));
    if (!network || !address || address->bytes != network->bytes) return false;
    narrow_ = network->prefix >= (network->v6 ? kLeastV6Prefix : kLeastV4Prefix);
    return true;
  }

  Result<SigmaTruth> Truth() {
    switch (what_) {
      case What::kNetwork:
        return narrow_ ? SigmaTruth::kNo : SigmaTruth::kPerhaps;
      case What::kRegex: {
        Result<SigmaTruth> truth = TruthOfSigmaRegex(value_.text, flags_);
        if (!truth.ok()) return BadField(value_.line, truth.error().what);
        return truth;
      }
      case What::kPlain:
        return PlainTruth();
      default:
        return SigmaTruth::kPerhaps;
    }
  }

  Result<SigmaTruth> PlainTruth() {
    const bool number = IsNumber();
    const bool anywhere = field_.empty();
    if ((value_.kind == YamlNode::Kind::kText && !short_) || (number && anywhere)) {
      // What is searched is longer, and no text that stands in logs.
      if (encoded_) return SigmaTruth::kNo;
      return TruthOfSigmaText(value_.text, open_before_ || anywhere, open_after_ || anywhere);
    }
    if (anywhere && !number && value_.kind != YamlNode::Kind::kText)
      return BadField(value_.line, "a word that is none");
    return number ? SigmaTruth::kNo : SigmaTruth::kPerhaps;
  }

  const YamlNode& value_;
  std::string_view field_;
  const Words& modifiers_;
  What what_ = What::kPlain;
  std::string flags_;
  bool open_before_ = false;
  bool open_after_ = false;
  bool short_ = false;
  bool encoded_ = false;
  bool narrow_ = false;
};

Result<Words> ReadModifiers(std::string_view key, std::size_t line) {
  Words modifiers;
  for (std::size_t at = key.find('|'); at != std::string_view::npos;) {
    const std::size_t next = std::min(key.find('|', at + 1), key.size());
    const std::string_view modifier = key.substr(at + 1, next - at - 1);
    if (modifier == "expand")
      return BadField(line, "modifier expand, which asks for a list that there is not");
    if (!IsModifier(modifier)) return BadField(line, "unknown modifier");
    if (IsListed(modifiers, modifier)) return BadField(line, "a modifier that is there twice");
    modifiers.push_back(modifier);
    at = next == key.size() ? std::string_view::npos : next;
  }
  return modifiers;
}

}  // namespace

Result<SigmaTruth> TruthOfSigmaField(std::string_view key, const YamlNode& values) {
  const std::string_view field = key.substr(0, key.find('|'));
  if (!field.empty() && !IsSigmaFieldName(field))
    return BadField(values.line, "a name of a field that is none");
  GF_TRY(const Words modifiers, ReadModifiers(key, values.line));
  if (field.empty() && !modifiers.empty() && modifiers != Words{"all"})
    return BadField(values.line, "a modifier without a field");
  if (values.kind == YamlNode::Kind::kMap || (!values.IsScalar() && values.items.empty()))
    return BadField(values.line, "a field without values");
  const bool all = IsListed(modifiers, "all");
  const std::span<const YamlNode> list =
      values.IsScalar() ? std::span(&values, 1) : std::span<const YamlNode>(values.items);
  SigmaTruth truth = all ? SigmaTruth::kYes : SigmaTruth::kNo;
  for (const YamlNode& value : list) {
    GF_TRY(const SigmaTruth met, SigmaValue(value, field, modifiers).Judge());
    truth = all ? std::min(truth, met) : std::max(truth, met);
  }
  return IsListed(modifiers, "neq") ? Opposite(truth) : truth;
}

}  // namespace gapferry::detect
