#include "detect/sigma_condition.h"

#include <algorithm>
#include <vector>

#include "base/bytes.h"

namespace gapferry::detect {
namespace {

constexpr int kMaxConditionDepth = 32;

Error BadCondition(std::string_view what) {
  return Error::Make(Kind::kMalformed, "{}", what);
}

class ConditionParser {
 public:
  ConditionParser(std::string_view text, const std::map<std::string, bool>& searches)
      : searches_(searches) {
    std::string word;
    const auto end_word = [&] {
      if (!word.empty()) tokens_.push_back(std::move(word));
      word.clear();
    };
    for (const char c : text) {
      if (c == ' ' || c == '\t') {
        end_word();
      } else if (c == '(' || c == ')') {
        end_word();
        tokens_.emplace_back(1, c);
      } else {
        word += c;
      }
    }
    end_word();
  }

  Result<bool> Run() {
    GF_TRY(const bool value, Or(0));
    if (at_ < tokens_.size()) return BadCondition("condition is not understood");
    return value;
  }

 private:
  [[nodiscard]] std::string_view Now() const {
    return at_ < tokens_.size() ? std::string_view(tokens_[at_]) : std::string_view();
  }
  bool Take(std::string_view word) {
    if (Now() != word) return false;
    ++at_;
    return true;
  }

  Result<bool> Or(int depth) {
    if (depth > kMaxConditionDepth) return BadCondition("condition is too deep");
    GF_TRY(bool value, And(depth));
    while (Take("or")) {
      GF_TRY(const bool other, And(depth));
      value = value || other;
    }
    return value;
  }

  Result<bool> And(int depth) {
    GF_TRY(bool value, Not(depth));
    while (Take("and")) {
      GF_TRY(const bool other, Not(depth));
      value = value && other;
    }
    return value;
  }

  Result<bool> Not(int depth) {
    bool wanted = true;
    while (Take("not"))
      wanted = !wanted;
    GF_TRY(const bool value, Operand(depth));
    return value == wanted;
  }

  Result<bool> Operand(int depth) {
    if (Take("(")) {
      GF_TRY(const bool value, Or(depth + 1));
      if (!Take(")")) return BadCondition("condition is not understood");
      return value;
    }
    const std::string word(Now());
    ++at_;
    if ((word == "1" || word == "any" || word == "all") && Take("of")) {
      const std::string pattern(Now());
      ++at_;
      return Several(pattern, word == "all");
    }
    const auto found = searches_.find(word);
    if (found == searches_.end()) return BadCondition("condition names no search");
    return found->second;
  }

  [[nodiscard]] Result<bool> Several(std::string_view pattern, bool all) const {
    bool any_named = false;
    bool value = all;
    for (const auto& [name, met] : searches_) {
      if (pattern == "them" ? name.starts_with('_') : !Matches(pattern, name)) continue;
      any_named = true;
      value = all ? value && met : value || met;
    }
    if (!any_named) return BadCondition("condition names no search");
    return value;
  }

  // With * for any text, of which there is one at the most.
  static bool Matches(std::string_view pattern, std::string_view name) {
    const std::size_t star = pattern.find('*');
    if (star == std::string_view::npos) return pattern == name;
    const std::string_view end = pattern.substr(star + 1);
    return name.size() + 1 >= pattern.size() && name.starts_with(pattern.substr(0, star)) &&
           name.ends_with(end);
  }

  const std::map<std::string, bool>& searches_;
  std::vector<std::string> tokens_;
  std::size_t at_ = 0;
};

}  // namespace

Result<bool> EvaluateSigmaCondition(std::string_view condition,
                                    const std::map<std::string, bool>& searches) {
  return ConditionParser(condition, searches).Run();
}

}  // namespace gapferry::detect
