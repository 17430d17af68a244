#include "detect/stix_grammar.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace gapferry::detect {
namespace {

Error BadPattern(std::string_view what) {
  return Error::Make(Kind::kMalformed, "{}", what);
}

// Strings in quotes, with a letter before them where the grammar has one; signs; and words, among
// them whole object paths up to a quote or a bracket.
Result<std::vector<std::string>> Split(std::string_view text) {
  constexpr std::string_view kSigns = "[]()=<>!,";
  std::vector<std::string> tokens;
  std::size_t at = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      ++at;
      continue;
    }
    const std::size_t begin = at;
    if (c == '\'') {
      for (++at; at < text.size() && text[at] != '\''; ++at) {
        if (text[at] == '\\') ++at;
      }
      if (at >= text.size()) return BadPattern("unfinished string");
      ++at;
    } else if (kSigns.find(c) != std::string_view::npos) {
      const bool two =
          at + 1 < text.size() && text[at + 1] == '=' && (c == '<' || c == '>' || c == '!');
      at += two ? 2 : 1;
    } else {
      while (at < text.size() &&
             (IsAsciiAlnum(text[at]) || text[at] == '_' || text[at] == '-' || text[at] == ':' ||
              text[at] == '.' || text[at] == '*' || text[at] == '+'))
        ++at;
      if (at == begin) return BadPattern("unknown sign");
    }
    tokens.emplace_back(text.substr(begin, at - begin));
  }
  return tokens;
}

bool IsName(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return IsAsciiAlnum(c) || c == '_' || c == '-';
  });
}

bool IsNumber(std::string_view word) {
  if (word.starts_with('-') || word.starts_with('+')) word.remove_prefix(1);
  const std::size_t dot = word.find('.');
  const auto digits = [](std::string_view part) {
    return !part.empty() && std::all_of(part.begin(), part.end(), IsAsciiDigit);
  };
  if (dot == std::string_view::npos) return digits(word);
  return digits(word.substr(0, dot)) && digits(word.substr(dot + 1));
}

class Parser {
 public:
  explicit Parser(std::vector<std::string> tokens) : tokens_(std::move(tokens)) {}

  Status Run() {
    GF_CHECK(Observations(0));
    return at_ == tokens_.size() ? Ok() : Status(BadPattern("text after the pattern"));
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
  bool TakeString() {
    if (!Now().starts_with('\'')) return false;
    ++at_;
    return true;
  }
  bool TakeNumber() {
    if (!IsNumber(Now())) return false;
    ++at_;
    return true;
  }

  Status Observations(int depth) {
    if (depth > kMaxPatternDepth) return BadPattern("too deep");
    do {
      GF_CHECK(Observation(depth));
    } while (Take("AND") || Take("OR") || Take("FOLLOWEDBY"));
    return Ok();
  }

  Status Observation(int depth) {
    if (Take("(")) {
      GF_CHECK(Observations(depth + 1));
      if (!Take(")")) return BadPattern("parenthesis without end");
    } else if (Take("[")) {
      GF_CHECK(Comparisons(depth + 1));
      if (!Take("]")) return BadPattern("bracket without end");
    } else {
      return BadPattern("no observation");
    }
    return Qualifiers();
  }

  Status Qualifiers() {
    while (true) {
      bool good = true;
      if (Take("WITHIN")) {
        good = TakeNumber() && Take("SECONDS");
      } else if (Take("REPEATS")) {
        good = TakeNumber() && Take("TIMES");
      } else if (Take("START")) {
        good = Take("t") && TakeString() && Take("STOP") && Take("t") && TakeString();
      } else {
        return Ok();
      }
      if (!good) return BadPattern("qualifier");
    }
  }

  Status Comparisons(int depth) {
    if (depth > kMaxPatternDepth) return BadPattern("too deep");
    do {
      if (Take("(")) {
        GF_CHECK(Comparisons(depth + 1));
        if (!Take(")")) return BadPattern("parenthesis without end");
      } else {
        GF_CHECK(Comparison());
      }
    } while (Take("AND") || Take("OR"));
    return Ok();
  }

  Status Comparison() {
    if (Take("EXISTS")) return Path();
    GF_CHECK(Path());
    Take("NOT");
    constexpr auto kOrder = std::to_array<std::string_view>({"=", "!=", "<", "<=", ">", ">="});
    constexpr auto kTexts =
        std::to_array<std::string_view>({"LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET"});
    const auto take = [&](std::string_view word) { return Take(word); };
    if (std::any_of(kOrder.begin(), kOrder.end(), take)) return Literal();
    if (std::any_of(kTexts.begin(), kTexts.end(), take))
      return TakeString() ? Ok() : Status(BadPattern("operator without text"));
    return Take("IN") ? Set() : Status(BadPattern("no operator"));
  }

  // type:property, with names in quotes, indexes and further properties.
  Status Path() {
    const std::string_view first = Now();
    const std::size_t colon = first.find(':');
    if (colon == std::string_view::npos || !IsName(first.substr(0, colon)))
      return BadPattern("no path");
    std::string_view rest = first.substr(colon + 1);
    ++at_;
    bool wants_name = false;
    while (true) {
      GF_CHECK(Names(rest, &wants_name));
      if (wants_name) {
        if (!TakeString()) return BadPattern("path without name");
        wants_name = false;
      }
      if (Now() == "[") {
        ++at_;
        if (!TakeNumber() && !Take("*")) return BadPattern("path without index");
        if (!Take("]")) return BadPattern("path without index");
      }
      if (!Now().starts_with('.')) return Ok();
      rest = Now();
      ++at_;
    }
  }

  // "a.b", "a.b.", ".b": `wants_name`, if a name in quotes must follow.
  static Status Names(std::string_view rest, bool* wants_name) {
    if (rest.starts_with('.')) rest.remove_prefix(1);
    *wants_name = rest.empty() || rest.ends_with('.');
    if (rest.ends_with('.')) rest.remove_suffix(1);
    while (!rest.empty()) {
      const std::size_t dot = std::min(rest.find('.'), rest.size());
      if (!IsName(rest.substr(0, dot))) return BadPattern("path without name");
      rest.remove_prefix(std::min(dot + 1, rest.size()));
    }
    return Ok();
  }

  Status Literal() {
    if (TakeString() || TakeNumber() || Take("true") || Take("false")) return Ok();
    if ((Take("t") || Take("b") || Take("h")) && TakeString()) return Ok();
    return BadPattern("operator without value");
  }

  Status Set() {
    if (!Take("(")) return BadPattern("operator without value");
    do {
      GF_CHECK(Literal());
    } while (Take(","));
    return Take(")") ? Ok() : Status(BadPattern("parenthesis without end"));
  }

  std::vector<std::string> tokens_;
  std::size_t at_ = 0;
};

}  // namespace

Status CheckStixPattern(std::string_view text) {
  if (text.size() > kMaxPatternBytes) return BadPattern("too long");
  GF_TRY(std::vector<std::string> tokens, Split(text));
  return Parser(std::move(tokens)).Run();
}

}  // namespace gapferry::detect
