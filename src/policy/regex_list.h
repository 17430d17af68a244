// policy/regex_list.h: the patterns of one regex warninglist. They are written for PHP's preg_match
// (delimiters, flags after the last one) and run here by RE2, in linear time whatever they say.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gapferry::policy {

constexpr std::size_t kMaxRegexesOfList = 10'000;

// From "/pattern/flags" to RE2's syntax; a text without delimiters is the pattern itself. The flag
// g, which is none in PHP and makes MISP's test always fail, is dropped.
// Errors: kUnsupported, naming the flag or what RE2 has against the pattern (back-references,
// look-around).
[[nodiscard]] Result<std::string> TranslateRegex(std::string_view entry);
// True if the translated pattern matches the empty text, and so every text.
[[nodiscard]] bool MatchesEverything(const std::string& pattern);

class RegexList {
 public:
  RegexList();
  RegexList(RegexList&&) noexcept;
  RegexList& operator=(RegexList&&) noexcept;
  ~RegexList();

  void Add(std::string pattern);  // as TranslateRegex gave it
  // Error: kTooLarge if all patterns together need more than RE2 is given.
  [[nodiscard]] Status Build();
  [[nodiscard]] bool Match(std::string_view value) const;
  [[nodiscard]] std::size_t size() const { return patterns_.size(); }

 private:
  struct Compiled;
  std::vector<std::string> patterns_;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace gapferry::policy
