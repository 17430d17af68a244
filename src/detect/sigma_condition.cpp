#include "detect/sigma_condition.h"

#include <algorithm>
#include <vector>

#include "base/bytes.h"
#include "detect/token_reader.h"

namespace gapferry::detect {
namespace {

// Parsers of converters descend into each of these.
constexpr int kMaxConditionDepth = 8;

Error BadCondition(std::string_view what) {
  return Error::Make(Kind::kMalformed, "{}", what);
}

std::vector<std::string> SplitCondition(std::string_view text) {
  std::vector<std::string> tokens;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) tokens.push_back(std::move(word));
    word.clear();
  };
  for (const char c : text) {
    if (c == ' ' || c == '\n') {
      end_word();
    } else if (c == '(' || c == ')') {
      end_word();
      tokens.emplace_back(1, c);
    } else {
      word += c;
    }
  }
  end_word();
  return tokens;
}

class ConditionParser {
 public:
  ConditionParser(std::string_view text, const std::map<std::string, SigmaTruth>& searches)
      : searches_(searches), tokens_(SplitCondition(text)) {}

  Result<SigmaTruth> Run() {
    GF_TRY(const SigmaTruth value, Or(0));
    if (!tokens_.AtEnd()) return BadCondition("condition is not understood");
    return value;
  }

 private:
  Result<SigmaTruth> Or(int depth) {
    if (depth > kMaxConditionDepth) return BadCondition("condition is too deep");
    GF_TRY(SigmaTruth value, And(depth));
    while (tokens_.Take("or")) {
      GF_TRY(const SigmaTruth other, And(depth));
      value = std::max(value, other);
    }
    return value;
  }

  Result<SigmaTruth> And(int depth) {
    GF_TRY(SigmaTruth value, Not(depth));
    while (tokens_.Take("and")) {
      GF_TRY(const SigmaTruth other, Not(depth));
      value = std::min(value, other);
    }
    return value;
  }

  Result<SigmaTruth> Not(int depth) {
    int negations = 0;
    while (tokens_.Take("not"))
      ++negations;
    if (depth + negations > kMaxConditionDepth) return BadCondition("condition is too deep");
    GF_TRY(const SigmaTruth value, Operand(depth));
    return negations % 2 == 0 ? value : Opposite(value);
  }

  Result<SigmaTruth> Operand(int depth) {
    if (tokens_.Take("(")) {
      GF_TRY(const SigmaTruth value, Or(depth + 1));
      if (!tokens_.Take(")")) return BadCondition("condition is not understood");
      return value;
    }
    const std::string word(tokens_.Next());
    if ((word == "1" || word == "any" || word == "all") && tokens_.Take("of"))
      return Several(tokens_.Next(), word == "all");
    if (word.starts_with("not"))
      return BadCondition("condition names a search that begins with not");
    const auto found = searches_.find(word);
    if (found == searches_.end()) return BadCondition("condition names no search");
    return found->second;
  }

  [[nodiscard]] Result<SigmaTruth> Several(std::string_view pattern, bool all) const {
    bool any_named = false;
    SigmaTruth value = all ? SigmaTruth::kYes : SigmaTruth::kNo;
    for (const auto& [name, met] : searches_) {
      // Names that begin so are hidden from all patterns that don't.
      if (name.starts_with('_') && !pattern.starts_with('_')) continue;
      if (pattern != "them" && !Matches(pattern, name)) continue;
      any_named = true;
      value = all ? std::min(value, met) : std::max(value, met);
    }
    if (!any_named) return BadCondition("condition names no search");
    return value;
  }

  // With * for any text, of which there is one at the most.
  static bool Matches(std::string_view pattern, std::string_view name) {
    const bool plain = std::all_of(pattern.begin(), pattern.end(),
                                   [](char c) { return IsAsciiAlnum(c) || c == '_' || c == '*'; });
    if (!plain) return false;
    const std::size_t star = pattern.find('*');
    if (star == std::string_view::npos) return pattern == name;
    const std::string_view end = pattern.substr(star + 1);
    return name.size() + 1 >= pattern.size() && name.starts_with(pattern.substr(0, star)) &&
           name.ends_with(end);
  }

  const std::map<std::string, SigmaTruth>& searches_;
  TokenReader tokens_;
};

}  // namespace

Result<SigmaTruth> EvaluateSigmaCondition(std::string_view condition,
                                          const std::map<std::string, SigmaTruth>& searches) {
  return ConditionParser(condition, searches).Run();
}

}  // namespace gapferry::detect
