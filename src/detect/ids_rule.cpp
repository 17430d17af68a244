#include "detect/ids_rule.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"

namespace gapferry::detect {
namespace {

constexpr auto kDetects = std::to_array<std::string_view>({"alert", "log"});
constexpr auto kBlocks =
    std::to_array<std::string_view>({"block", "drop", "react", "reject", "rejectboth", "rejectdst",
                                     "rejectsrc", "rewrite", "sdrop"});
template <typename List>
bool Holds(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

Error BadRule(std::string_view what) {
  return Error::Make(Kind::kMalformed, "{}", what);
}

bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool HasControlInRule(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<std::uint8_t>(c);
    return (byte < 0x20 && !IsSpace(c)) || byte == 0x7F;
  });
}

// Fields of the header: a list in brackets is one field.
std::size_t CountFields(std::string_view header) {
  std::size_t fields = 0;
  int depth = 0;
  bool inside = false;
  for (const char c : header) {
    depth += c == '[' ? 1 : c == ']' ? -1 : 0;
    if (depth == 0 && IsSpace(c)) {
      inside = false;
    } else if (!inside) {
      inside = true;
      ++fields;
    }
  }
  return depth == 0 ? fields : 0;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<std::vector<IdsRule>> Run() {
    if (HasControlInRule(text_)) return BadRule("control character");
    std::vector<IdsRule> rules;
    for (SkipBetween(); at_ < text_.size(); SkipBetween()) {
      if (rules.size() == kMaxIdsRules) return BadRule("too many rules");
      GF_TRY(IdsRule rule, ReadRule());
      rules.push_back(std::move(rule));
    }
    if (rules.empty()) return BadRule("no rule");
    return rules;
  }

 private:
  void SkipBetween() {
    while (at_ < text_.size() && (IsSpace(text_[at_]) || text_[at_] == '#')) {
      at_ = text_[at_] == '#' ? std::min(text_.find('\n', at_), text_.size()) : at_ + 1;
    }
  }

  Result<IdsRule> ReadRule() {
    const std::size_t begin = at_;
    const std::size_t open = text_.find('(', at_);
    if (open == std::string_view::npos) return BadRule("no options");
    IdsRule rule;
    for (const char c : AsciiTrim(text_.substr(begin, open - begin)))
      rule.header += IsSpace(c) ? ' ' : c;
    const std::size_t fields = CountFields(rule.header);
    // Snort 3 may leave networks and ports out.
    if (fields != 7 && fields != 2) return BadRule("header without its fields");
    if (!Holds(kDetects, rule.action()) && !Holds(kBlocks, rule.action()) &&
        rule.action() != "pass")
      return BadRule("unknown action");
    at_ = open + 1;
    while (true) {
      while (at_ < text_.size() && IsSpace(text_[at_]))
        ++at_;
      if (at_ == text_.size()) return BadRule("options without end");
      if (text_[at_] == ')') break;
      if (rule.options.size() == kMaxIdsOptions) return BadRule("too many options");
      GF_TRY(IdsOption option, ReadOption());
      rule.options.push_back(std::move(option));
    }
    ++at_;
    if (at_ - begin > kMaxIdsRuleBytes) return BadRule("too long");
    const std::size_t line = std::min(text_.find('\n', at_), text_.size());
    if (!AsciiTrim(text_.substr(at_, line - at_)).empty()) return BadRule("text after the options");
    return rule;
  }

  // Up to the semicolon that no quote and no backslash protects.
  Result<IdsOption> ReadOption() {
    std::string text;
    bool quoted = false;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      // Suricata ends an option there, whatever the quotes say, so that what looks like a message
      // may be keywords; and it sees an escape in the last of two backslashes.
      if (c == ';' && (quoted || text.ends_with('\\'))) return BadRule("semicolon in a value");
      if (c == ';') break;
      if (c == '"') quoted = !quoted;
      text += IsSpace(c) ? ' ' : c;
      if (c == '\\' && at_ + 1 < text_.size()) text += text_[++at_];
    }
    if (at_ == text_.size()) return BadRule("option without semicolon");
    ++at_;
    IdsOption option;
    const std::size_t colon = text.find(':');
    option.has_value = colon != std::string::npos;
    option.key = AsciiTrim(std::string_view(text).substr(0, colon));
    if (option.has_value) option.value = AsciiTrim(std::string_view(text).substr(colon + 1));
    const bool named =
        !option.key.empty() && std::all_of(option.key.begin(), option.key.end(), [](char c) {
          return IsAsciiAlnum(c) || c == '_' || c == '.' || c == '-';
        });
    if (!named) return BadRule("option without name");
    if (text.find('\n') != std::string::npos) return BadRule("option over several lines");
    return option;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::string_view IdsRule::Value(std::string_view key) const {
  for (const IdsOption& option : options) {
    if (AsciiLower(option.key) == key) return option.value;
  }
  return "";
}

bool IdsRule::Has(std::string_view key) const {
  return std::any_of(options.begin(), options.end(),
                     [&](const IdsOption& option) { return AsciiLower(option.key) == key; });
}

void IdsRule::OnlyAlert() {
  header.replace(0, action().size(), "alert");
}

std::string IdsRule::ToLine(std::int64_t sid, std::int64_t rev, std::string_view more) const {
  std::string line = header + " (";
  for (const IdsOption& option : options) {
    const std::string key = AsciiLower(option.key);
    if (key == "sid" || key == "rev" || key == "gid" || key == "priority") continue;
    line += option.key;
    if (option.has_value) line += ':' + option.value;
    line += "; ";
  }
  return line + fmt::format("{}priority:{}; sid:{}; rev:{};)", more, kStoredPriority, sid, rev);
}

bool IdsRule::FitsLine(std::string_view more) const {
  constexpr std::int64_t kLongest = UINT32_MAX;
  return ToLine(kLongest, kLongest, more).size() <= kMaxIdsRuleBytes;
}

Result<std::vector<IdsRule>> ReadIdsRules(std::string_view text) {
  return Reader(text).Run();
}

bool IsActionOfSuricata(std::string_view action) {
  constexpr auto kKnown = std::to_array<std::string_view>(
      {"alert", "drop", "pass", "reject", "rejectboth", "rejectdst", "rejectsrc"});
  return Holds(kKnown, action);
}

bool BlocksTraffic(const IdsRule& rule) {
  return Holds(kBlocks, rule.action());
}

}  // namespace gapferry::detect
