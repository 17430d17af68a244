#include "policy/regex_list.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>

#include "base/bytes.h"

namespace gapferry::policy {
namespace {

constexpr std::int64_t kPatternMemory = 1 << 20;
constexpr std::int64_t kSetMemory = 32 << 20;

RE2::Options Options(std::int64_t memory) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(memory);
  return options;
}

struct Delimited {
  std::string_view pattern;
  std::string_view flags;
};

char ClosingDelimiter(char open) {
  switch (open) {
    case '(':
      return ')';
    case '[':
      return ']';
    case '{':
      return '}';
    case '<':
      return '>';
    default:
      return open;
  }
}

// PHP: any byte but letters, digits, backslash and white space delimits. Without a second one, or
// with more than letters after it, the text is taken as a bare pattern.
Delimited Split(std::string_view entry) {
  const char open = entry.front();
  const Delimited bare = {entry, {}};
  if (IsAsciiAlnum(open) || open == '\\' || static_cast<std::uint8_t>(open) >= 0x80) return bare;
  const std::size_t close = entry.rfind(ClosingDelimiter(open));
  if (close == std::string_view::npos || close == 0) return bare;
  const std::string_view flags = entry.substr(close + 1);
  const bool letters = std::all_of(flags.begin(), flags.end(),
                                   [](char c) { return IsAsciiAlnum(c) && !IsAsciiDigit(c); });
  if (!letters) return bare;
  return {entry.substr(1, close - 1), flags};
}

}  // namespace

Result<std::string> TranslateRegex(std::string_view entry) {
  entry = AsciiTrim(entry);
  if (entry.empty()) return Error::Make(Kind::kUnsupported, "empty pattern");
  const Delimited parts = Split(entry);
  std::string inline_flags;
  bool anchored = false;
  for (const char flag : parts.flags) {
    if (flag == 'i' || flag == 'm' || flag == 's' || flag == 'U') {
      inline_flags.push_back(flag);
    } else if (flag == 'A') {
      anchored = true;
    } else if (flag != 'g' && flag != 'u' && flag != 'D' && flag != 'S') {
      return Error::Make(Kind::kUnsupported, "regex flag {}", flag);
    }
  }
  std::string pattern = inline_flags.empty() ? "(?:" : "(?" + inline_flags + ':';
  pattern.append(parts.pattern).push_back(')');
  if (anchored) pattern.insert(0, "\\A");
  // Checked bare as well, so that an unbalanced parenthesis cannot close our group.
  for (const std::string& text : {std::string(parts.pattern), pattern}) {
    const RE2 compiled(text, Options(kPatternMemory));
    if (!compiled.ok()) return Error::Make(Kind::kUnsupported, "{}", compiled.error());
  }
  return pattern;
}

bool MatchesEverything(const std::string& pattern) {
  return RE2::PartialMatch("", RE2(pattern, Options(kPatternMemory)));
}

struct RegexList::Compiled {
  RE2::Set set{Options(kSetMemory), RE2::UNANCHORED};
};

RegexList::RegexList() = default;
RegexList::RegexList(RegexList&&) noexcept = default;
RegexList& RegexList::operator=(RegexList&&) noexcept = default;
RegexList::~RegexList() = default;

void RegexList::Add(std::string pattern) {
  patterns_.push_back(std::move(pattern));
}

Status RegexList::Build() {
  compiled_ = std::make_unique<Compiled>();
  for (const std::string& pattern : patterns_) {
    std::string problem;
    if (compiled_->set.Add(pattern, &problem) < 0)
      return Error::Make(Kind::kTooLarge, "regex {}: {}", pattern, problem);
  }
  if (!compiled_->set.Compile()) {
    return Error::Make(Kind::kTooLarge, "{} regexes need more than {} bytes compiled",
                       patterns_.size(), kSetMemory);
  }
  return Ok();
}

bool RegexList::Match(std::string_view value) const {
  if (patterns_.empty()) return false;
  RE2::Set::ErrorInfo info{};
  const re2::StringPiece text(value.data(), value.size());
  std::vector<int> matched;
  if (compiled_->set.Match(text, &matched, &info)) return true;
  if (info.kind != RE2::Set::kOutOfMemory) return false;
  // The automaton of all patterns outgrew its memory on this text: one by one each is linear.
  return std::any_of(patterns_.begin(), patterns_.end(), [&](const std::string& pattern) {
    return RE2::PartialMatch(text, RE2(pattern, Options(kPatternMemory)));
  });
}

}  // namespace gapferry::policy
