// detect/yara_text.h: the text of somebody else's YARA rules, as far as they must be understood to
// stand in one file with others (YARA 4 grammar: lexer.l, grammar.y). Whether they compile, YARA
// itself says.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gapferry::detect {

constexpr std::size_t kMaxYaraBytes = 65535;
constexpr std::size_t kMaxYaraName = 128;

struct YaraToken {
  enum class Kind { kName, kText, kSign };  // kText: string, regular expression, hex string
  Kind kind;
  std::size_t begin;
  std::size_t end;
};

struct YaraRules {
  std::vector<YaraToken> tokens;  // without comments and space
  std::vector<std::string> names;
};

// Errors: kMalformed with one word or two, fit to be counted: "unfinished string", "include" (reads
// a file of the consumer), "global rule" (switches all other rules of the file off), "asks for
// nothing" (its condition names no string, byte, module or rule), "no rule".
[[nodiscard]] Result<YaraRules> ReadYara(std::string_view text);

// The text with the rules' names replaced, where they are defined and where they are used.
[[nodiscard]] std::string RenameYara(std::string_view text, const YaraRules& rules,
                                     const std::map<std::string, std::string>& names);

}  // namespace gapferry::detect
