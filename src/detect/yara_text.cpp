#include "detect/yara_text.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"

namespace gapferry::detect {
namespace {

Error BadYara(std::string_view what) {
  return Error::Make(Kind::kMalformed, "{}", what);
}

bool IsNameChar(char c) {
  return IsAsciiAlnum(c) || c == '_';
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<YaraToken>> Run() {
    while (at_ < text_.size()) {
      GF_TRY(const bool skipped, SkipComment());
      if (!skipped) GF_CHECK(Next());
    }
    return std::move(tokens_);
  }

 private:
  using TokenKind = YaraToken::Kind;

  [[nodiscard]] bool Sees(std::string_view what) const {
    return text_.substr(at_).starts_with(what);
  }

  Result<bool> SkipComment() {
    if (Sees("//")) {
      at_ = std::min(text_.find('\n', at_), text_.size());
      return true;
    }
    if (!Sees("/*")) return false;
    const std::size_t end = text_.find("*/", at_ + 2);
    if (end == std::string_view::npos) return BadYara("unfinished comment");
    at_ = end + 2;
    return true;
  }

  Status Next() {
    const char c = text_[at_];
    const std::size_t begin = at_;
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      ++at_;
      return Ok();
    }
    if (c == '"') {
      GF_CHECK(SkipQuoted('"', "unfinished string"));
    } else if (c == '/') {
      // Division is written with a backslash.
      GF_CHECK(SkipQuoted('/', "unfinished expression"));
    } else if (c == '{' && AfterAssignment()) {
      GF_CHECK(SkipHex());
    } else if (IsNameChar(c)) {
      while (at_ < text_.size() && IsNameChar(text_[at_]))
        ++at_;
      tokens_.push_back({TokenKind::kName, begin, at_});
      return Ok();
    } else {
      ++at_;
      // The name of a string, such as $a, is none of a rule.
      if (std::string_view("$#@!").find(c) != std::string_view::npos) {
        while (at_ < text_.size() && IsNameChar(text_[at_]))
          ++at_;
      }
      tokens_.push_back({TokenKind::kSign, begin, at_});
      return Ok();
    }
    tokens_.push_back({TokenKind::kText, begin, at_});
    return Ok();
  }

  [[nodiscard]] bool AfterAssignment() const {
    return !tokens_.empty() && text_.substr(tokens_.back().begin, 1) == "=";
  }

  Status SkipQuoted(char quote, std::string_view problem) {
    for (++at_; at_ < text_.size() && text_[at_] != '\n'; ++at_) {
      if (text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == quote) {
        ++at_;
        return Ok();
      }
    }
    return BadYara(problem);
  }

  Status SkipHex() {
    while (at_ < text_.size() && text_[at_] != '}') {
      GF_TRY(const bool skipped, SkipComment());
      if (!skipped) ++at_;
    }
    if (at_ >= text_.size()) return BadYara("unfinished hex string");
    ++at_;
    return Ok();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<YaraToken> tokens_;
};

// What a condition may say of any file.
constexpr auto kOfAnyFile = std::to_array<std::string_view>(
    {"all", "and", "any", "condition", "defined", "entrypoint", "false", "filesize", "for", "in",
     "none", "not", "of", "or", "true"});

// Whether a word of a condition asks for a string, a byte, a module or another rule.
bool AsksForSomething(const YaraToken& token, std::string_view word) {
  if (token.kind == YaraToken::Kind::kSign)
    return word.size() > 1 || (!word.empty() && word[0] == '$');
  return token.kind == YaraToken::Kind::kName && !IsAsciiDigit(word[0]) &&
         std::find(kOfAnyFile.begin(), kOfAnyFile.end(), word) == kOfAnyFile.end();
}

}  // namespace

Result<YaraRules> ReadYara(std::string_view text) {
  if (text.size() > kMaxYaraBytes) return BadYara("too long");
  YaraRules rules;
  GF_TRY(rules.tokens, Lexer(text).Run());
  const auto word = [&](std::size_t i) {
    const YaraToken& token = rules.tokens[i];
    return token.kind == YaraToken::Kind::kText ? std::string_view()
                                                : text.substr(token.begin, token.end - token.begin);
  };
  int depth = 0;
  bool helper = false;  // a private rule is for others to ask
  bool condition = false;
  bool asks = false;
  for (std::size_t i = 0; i < rules.tokens.size(); ++i) {
    const std::string_view now = word(i);
    if (now == "{") ++depth;
    if (now == "}") --depth;
    if (depth < 0) return BadYara("braces do not match");
    condition = condition || (depth > 0 && now == "condition");
    asks = asks || (condition && AsksForSomething(rules.tokens[i], now));
    if (depth > 0) continue;
    if (now == "}") {
      if (!asks && !helper) return BadYara("asks for nothing");
      helper = condition = asks = false;
    }
    helper = helper || now == "private";
    if (now == "include") return BadYara("include");
    if (now == "global") return BadYara("global rule");
    if (now != "rule") continue;
    if (i + 1 == rules.tokens.size() || rules.tokens[i + 1].kind != YaraToken::Kind::kName)
      return BadYara("rule without name");
    const std::string name(word(i + 1));
    if (name.size() > kMaxYaraName) return BadYara("name too long");
    if (std::find(rules.names.begin(), rules.names.end(), name) != rules.names.end())
      return BadYara("name used twice");
    rules.names.push_back(name);
  }
  if (depth != 0) return BadYara("braces do not match");
  if (rules.names.empty()) return BadYara("no rule");
  return rules;
}

std::string RenameYara(std::string_view text, const YaraRules& rules,
                       const std::map<std::string, std::string>& names) {
  std::string renamed;
  std::size_t copied = 0;
  for (std::size_t i = 0; i < rules.tokens.size(); ++i) {
    const YaraToken& token = rules.tokens[i];
    if (token.kind != YaraToken::Kind::kName) continue;
    // What follows a dot is a member of a module.
    if (i > 0 && text.substr(rules.tokens[i - 1].begin, 1) == ".") continue;
    const auto found = names.find(std::string(text.substr(token.begin, token.end - token.begin)));
    if (found == names.end()) continue;
    renamed += text.substr(copied, token.begin - copied);
    renamed += found->second;
    copied = token.end;
  }
  renamed += text.substr(copied);
  return renamed;
}

}  // namespace gapferry::detect
