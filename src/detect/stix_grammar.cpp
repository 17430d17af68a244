#include "detect/stix_grammar.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "detect/token_reader.h"

namespace gapferry::detect {
namespace {

constexpr auto kPatternWords = std::to_array<std::string_view>(
    {"AND", "EXISTS", "FOLLOWEDBY", "IN", "ISSUBSET", "ISSUPERSET", "LAST", "LIKE", "MATCHES",
     "NOT", "OR", "REPEATS", "SECONDS", "START", "STOP", "TIMES", "WITHIN", "false", "true"});

Error BadPattern(std::string_view what) {
  return Error::Make(Kind::kMalformed, "{}", what);
}

bool IsStixWordChar(char c) {
  return IsAsciiAlnum(c) || c == '_' || c == '-';
}

// Lower-case words with hyphens between them.
bool IsStixType(std::string_view name) {
  static const RE2 form("[a-z0-9]+(?:-[a-z0-9]+)*");
  return name.size() >= 3 && name.size() <= 250 &&
         RE2::FullMatch(re2::StringPiece(name.data(), name.size()), form);
}

bool IsStixProperty(std::string_view name) {
  static const RE2 form("[a-z0-9_]{3,250}");
  return RE2::FullMatch(re2::StringPiece(name.data(), name.size()), form);
}

// Hexadecimal digits of the hashes of the specification's list, by name without hyphens.
constexpr std::size_t kOtherForm = 0;
struct StixHash {
  std::string_view name;
  std::size_t digits;
};
constexpr auto kStixHashes = std::to_array<StixHash>({{"MD5", 32},
                                                      {"MD6", kOtherForm},
                                                      {"RIPEMD160", 40},
                                                      {"SHA1", 40},
                                                      {"SHA224", 56},
                                                      {"SHA256", 64},
                                                      {"SHA384", 96},
                                                      {"SHA512", 128},
                                                      {"SHA3224", 56},
                                                      {"SHA3256", 64},
                                                      {"SHA3384", 96},
                                                      {"SHA3512", 128},
                                                      {"SSDEEP", kOtherForm},
                                                      {"WHIRLPOOL", 128}});

// "sha-256" has a form; nullptr for what is not on the list.
const StixHash* FindStixHash(std::string_view name) {
  std::string upper;
  for (const char c : name) {
    if (c != '-') upper += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  const auto found = std::find_if(kStixHashes.begin(), kStixHashes.end(),
                                  [&](const StixHash& hash) { return hash.name == upper; });
  return found == kStixHashes.end() ? nullptr : &*found;
}

bool IsStixHash(const StixHash& hash, std::string_view text) {
  static const RE2 ssdeep("[a-zA-Z0-9/+:.]{1,128}");
  if (hash.name == "SSDEEP")
    return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), ssdeep);
  constexpr auto kMd6 = std::to_array<std::size_t>({32, 40, 56, 64, 96, 128});
  const bool size = hash.name == "MD6"
                        ? std::find(kMd6.begin(), kMd6.end(), text.size()) != kMd6.end()
                        : text.size() == hash.digits;
  return size && std::all_of(text.begin(), text.end(), IsAsciiHex);
}

// Strings in quotes, with a letter before them where the grammar has one; numbers, words and signs.
class PatternLexer {
 public:
  explicit PatternLexer(std::string_view text) : text_(text) {}

  Result<std::vector<std::string>> Run() {
    std::vector<std::string> tokens;
    while (at_ < text_.size()) {
      if (std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) {
        ++at_;
        continue;
      }
      const std::size_t begin = at_;
      GF_CHECK(Token());
      tokens.emplace_back(text_.substr(begin, at_ - begin));
    }
    return tokens;
  }

 private:
  Status Token() {
    static const RE2 number("[-+]?(?:[0-9]*\\.[0-9]+|0|[1-9][0-9]*)");
    re2::StringPiece rest(text_.data() + at_, text_.size() - at_);
    if (text_[at_] == '\'') return String();
    if (RE2::Consume(&rest, number)) {
      at_ = text_.size() - rest.size();
      return Ok();
    }
    if (IsStixWordChar(text_[at_]) && text_[at_] != '-' && !IsAsciiDigit(text_[at_])) return Word();
    const std::string_view two = text_.substr(at_, 2);
    if (two == "!=" || two == "<=" || two == ">=") {
      at_ += 2;
    } else if (std::string_view("[]().,:*=<>").find(text_[at_]) != std::string_view::npos) {
      ++at_;
    } else {
      return BadPattern("unknown sign");
    }
    return Ok();
  }

  Status String() {
    for (++at_; at_ < text_.size() && text_[at_] != '\''; ++at_) {
      if (text_[at_] != '\\') continue;
      ++at_;
      if (at_ < text_.size() && text_[at_] != '\\' && text_[at_] != '\'')
        return BadPattern("unknown escape");
    }
    if (at_ >= text_.size()) return BadPattern("unfinished string");
    ++at_;
    return Ok();
  }

  // A name, or a letter that says what the string behind it is.
  Status Word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && IsStixWordChar(text_[at_]))
      ++at_;
    const std::string_view word = text_.substr(begin, at_ - begin);
    const bool letter = word == "t" || word == "h" || word == "b";
    const bool literal = letter && at_ < text_.size() && text_[at_] == '\'';
    return literal ? Literal(word) : Ok();
  }

  Status Literal(std::string_view letter) {
    static const RE2 time(
        "[0-9]{4}-(?:0[1-9]|1[012])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:"
        "(?:[0-5][0-9]|60)(?:\\.[0-9]+)?Z");
    const std::size_t begin = at_ + 1;
    GF_CHECK(String());
    const std::string body(text_.substr(begin, at_ - 1 - begin));
    if (letter == "t")
      return RE2::FullMatch(body, time) ? Ok() : Status(BadPattern("not a timestamp"));
    if (letter == "h")
      return HexDecode(AsciiLower(body)) ? Ok() : Status(BadPattern("not hexadecimal"));
    return Base64Decode(body) ? Ok() : Status(BadPattern("not base64"));
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

class PatternParser {
 public:
  explicit PatternParser(std::vector<std::string> tokens) : tokens_(std::move(tokens)) {}

  Status Run() {
    GF_CHECK(Observations(0));
    return tokens_.AtEnd() ? Ok() : Status(BadPattern("text after the pattern"));
  }

 private:
  bool Take(std::string_view word) { return tokens_.Take(word); }
  // A token that begins so and is no name.
  bool TakeQuoted(std::string_view head) {
    if (!tokens_.Now().starts_with(head)) return false;
    tokens_.Next();
    return true;
  }
  bool TakeString() { return TakeQuoted("'"); }
  bool TakeNumber() { return TakeMatch(true, true); }
  // Numbers of which some are whole, or have no sign.
  bool TakeMatch(bool fractions, bool negatives) {
    const std::string_view now = tokens_.Now();
    const std::size_t sign = now.starts_with('-') || now.starts_with('+') ? 1 : 0;
    const std::string_view digits = now.substr(sign);
    const bool number =
        !digits.empty() && (IsAsciiDigit(digits[0]) || (digits[0] == '.' && digits.size() > 1));
    const bool fits = (fractions || digits.find('.') == std::string_view::npos) &&
                      (negatives || !now.starts_with('-'));
    if (!number || !fits) return false;
    tokens_.Next();
    return true;
  }
  // More than nothing.
  bool TakeAmount(bool fractions) {
    const bool something = tokens_.Now().find_first_of("123456789") != std::string_view::npos;
    return something && TakeMatch(fractions, false);
  }
  bool TakeName(bool hyphens) {
    const std::string_view now = tokens_.Now();
    const bool name =
        !now.empty() && IsStixWordChar(now[0]) && now[0] != '-' && !IsAsciiDigit(now[0]) &&
        std::all_of(now.begin(), now.end(), IsStixWordChar) &&
        (hyphens || now.find('-') == std::string_view::npos) &&
        std::find(kPatternWords.begin(), kPatternWords.end(), now) == kPatternWords.end();
    if (name) tokens_.Next();
    return name;
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

  // Each of them once.
  Status Qualifiers() {
    std::string seen;
    while (true) {
      const std::string word(tokens_.Now());
      bool good = seen.find(word) == std::string::npos;
      if (Take("WITHIN")) {
        good = good && TakeAmount(true) && Take("SECONDS");
      } else if (Take("REPEATS")) {
        good = good && TakeAmount(false) && Take("TIMES");
      } else if (Take("START")) {
        const std::string start(tokens_.Now());
        good =
            good && TakeQuoted("t'") && Take("STOP") && tokens_.Now() > start && TakeQuoted("t'");
      } else {
        return Ok();
      }
      if (!good) return BadPattern("qualifier");
      seen += word;
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
    const bool negated = Take("NOT");
    if (Take("EXISTS")) {
      const Result<const StixHash*> path = Path();
      return path.ok() ? Ok() : Status(path.error());
    }
    if (negated) return BadPattern("no path");
    GF_TRY(const StixHash* hash, Path());
    Take("NOT");
    constexpr auto kEqual = std::to_array<std::string_view>({"=", "!="});
    constexpr auto kOrder = std::to_array<std::string_view>({"<", "<=", ">", ">="});
    constexpr auto kTexts =
        std::to_array<std::string_view>({"LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET"});
    const auto take = [&](std::string_view word) { return Take(word); };
    const bool equal = std::any_of(kEqual.begin(), kEqual.end(), take);
    const bool order = !equal && std::any_of(kOrder.begin(), kOrder.end(), take);
    const bool text = !equal && !order && std::any_of(kTexts.begin(), kTexts.end(), take);
    if (hash != nullptr)
      return equal || order || text ? Hash(*hash) : Status(BadPattern("no operator for a hash"));
    if (equal || order) return Literal(equal);
    if (text) return TakeString() ? Ok() : Status(BadPattern("operator without text"));
    return Take("IN") ? Set() : Status(BadPattern("no operator"));
  }

  // A name, also in quotes, which are not part of it.
  Result<std::string> Name() {
    const std::string token(tokens_.Now());
    if (TakeName(false)) return token;
    if (TakeString()) return token.substr(1, token.size() - 2);
    return BadPattern("path without name");
  }

  // type:property, with further properties and indexes. Only a type has hyphens without quotes.
  // The hash that it names, if that is one with a form of its own.
  Result<const StixHash*> Path() {
    const std::string type(tokens_.Now());
    if (!TakeName(true) || !Take(":")) return BadPattern("no path");
    if (!IsStixType(type)) return BadPattern("no type of an object");
    GF_TRY(std::string name, Name());
    if (!IsStixProperty(name)) return BadPattern("no name of a property");
    bool hashes = name == "hashes";
    bool numbered = false;
    while (true) {
      if (Take(".")) {
        GF_TRY(name, Name());
        hashes = hashes || name == "hashes";
        numbered = false;
      } else if (Take("[")) {
        name.clear();
        numbered = TakeMatch(false, true);
        if (!(numbered || Take("*")) || !Take("]")) return BadPattern("path without index");
      } else if (hashes && numbered) {
        return BadPattern("a hash by its number");
      } else {
        return hashes ? FindStixHash(name) : nullptr;
      }
    }
  }

  Status Hash(const StixHash& hash) {
    const std::string token(tokens_.Now());
    const bool good = TakeString() && IsStixHash(hash, token.substr(1, token.size() - 2));
    return good ? Ok() : Status(BadPattern("not a hash"));
  }

  Status Literal(bool booleans) {
    const bool taken = TakeString() || TakeNumber() || TakeQuoted("t'") || TakeQuoted("b'") ||
                       TakeQuoted("h'") || (booleans && (Take("true") || Take("false")));
    return taken ? Ok() : Status(BadPattern("operator without value"));
  }

  Status Set() {
    if (!Take("(")) return BadPattern("operator without value");
    do {
      GF_CHECK(Literal(true));
    } while (Take(","));
    return Take(")") ? Ok() : Status(BadPattern("parenthesis without end"));
  }

  TokenReader tokens_;
};

}  // namespace

Status CheckStixPattern(std::string_view text) {
  if (text.size() > kMaxPatternBytes) return BadPattern("too long");
  GF_TRY(std::vector<std::string> tokens, PatternLexer(text).Run());
  return PatternParser(std::move(tokens)).Run();
}

}  // namespace gapferry::detect
