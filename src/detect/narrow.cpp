#include "detect/narrow.h"

#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "policy/use.h"

namespace gapferry::detect {
namespace {

// The most addresses, as powers of two.
constexpr int kMostBitsV4 = 24;
constexpr int kMostBitsV6 = 112;
constexpr int kMostReservedBitsV4 = 8;
constexpr int kMostReservedBitsV6 = 64;
constexpr int kDeepestGroup = 50;

class LiteralReader {
 public:
  explicit LiteralReader(std::string_view text) : text_(text) {}

  // Up to the end of the group: the shortest of its alternatives' longest texts.
  std::size_t Alternatives(int depth) {
    if (depth > kDeepestGroup) at_ = text_.size();
    std::size_t shortest = Sequence(depth);
    while (at_ < text_.size() && text_[at_] == '|') {
      ++at_;
      shortest = std::min(shortest, Sequence(depth));
    }
    return shortest;
  }

 private:
  std::size_t Sequence(int depth) {
    std::size_t longest = 0;
    std::size_t run = 0;
    while (at_ < text_.size() && text_[at_] != '|' && text_[at_] != ')') {
      const char c = text_[at_];
      std::size_t piece = 0;
      bool literal = false;
      if (c == '(') {
        piece = Group(depth);
      } else if (c == '[') {
        SkipClass();
      } else if (c == '\\') {
        literal = Escape();
      } else {
        literal = std::string_view(".^$\"{}?*+").find(c) == std::string_view::npos;
        ++at_;
      }
      if (MayBeMissing()) {
        literal = false;
        piece = 0;
      }
      run = literal ? run + 1 : 0;
      longest = std::max({longest, run, piece});
    }
    return longest;
  }

  // A quantifier that begins with what has been read none at all. A plus leaves one, and more of
  // the same may follow it.
  bool MayBeMissing() {
    const char c = at_ < text_.size() ? text_[at_] : ' ';
    if (c != '*' && c != '?' && c != '{') return false;
    at_ = c == '{' ? std::min(text_.find('}', at_), text_.size() - 1) + 1 : at_ + 1;
    return true;
  }

  std::size_t Group(int depth) {
    ++at_;
    bool counts = true;
    if (at_ < text_.size() && text_[at_] == '?') {
      const std::string_view rest = text_.substr(at_ + 1);
      counts = rest.starts_with(':') || rest.starts_with('=') || rest.starts_with('>');
      if (counts) at_ += 2;
    }
    const std::size_t found = Alternatives(depth + 1);
    at_ = std::min(at_ + 1, text_.size());
    return counts ? found : 0;
  }

  void SkipClass() {
    ++at_;
    if (at_ < text_.size() && text_[at_] == '^') ++at_;
    if (at_ < text_.size() && text_[at_] == ']') ++at_;
    for (; at_ < text_.size() && text_[at_] != ']'; ++at_)
      at_ += text_[at_] == '\\' ? 1U : 0U;
    at_ = std::min(at_ + 1, text_.size());
  }

  // Whether it is one byte: a sign that is protected, or "\x41".
  bool Escape() {
    const char c = text_.substr(at_ + 1, 1).empty() ? 'Q' : text_[at_ + 1];
    at_ = std::min(at_ + 2, text_.size());
    if (c != 'x') return !IsAsciiAlnum(c);
    const bool two =
        at_ + 2 <= text_.size() && IsAsciiAlnum(text_[at_]) && IsAsciiAlnum(text_[at_ + 1]);
    if (two) at_ += 2;
    return two;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// Verbs such as (*ACCEPT), comments, quotes of \Q, options such as (?x), recursion, groups that
// have names and references to them, classes within classes: they change what stands around them,
// or hold letters that are no text, and no rule needs them.
bool HasOddGroup(std::string_view expression) {
  constexpr std::string_view kPlain = ":=!<>|";
  for (const std::string_view odd : {"(*", "\\Q", "\\k", "\\g", "[:", "[.", "[="}) {
    if (expression.find(odd) != std::string_view::npos) return true;
  }
  for (std::size_t at = expression.find("(?"); at != std::string_view::npos;
       at = expression.find("(?", at + 2)) {
    if (at + 2 == expression.size() || kPlain.find(expression[at + 2]) == std::string_view::npos)
      return true;
    const std::string_view behind = expression.substr(at + 3, 1);
    if (expression[at + 2] == '<' && behind != "=" && behind != "!") return true;
  }
  return false;
}

}  // namespace

bool AreNarrow(const std::vector<intel::Network>& networks) {
  // Parts of what there may be: IPv4 and IPv6 add up.
  double all = 0;
  double reserved = 0;
  for (const intel::Network& network : networks) {
    if (!policy::DecideTarget(network).allowed) return false;
    const int bits = (network.v6 ? 128 : 32) - network.prefix;
    all += std::ldexp(1.0, bits - (network.v6 ? kMostBitsV6 : kMostBitsV4));
    if (policy::IsBogon(network))
      reserved += std::ldexp(1.0, bits - (network.v6 ? kMostReservedBitsV6 : kMostReservedBitsV4));
  }
  return !networks.empty() && all <= 1 && reserved <= 1;
}

std::size_t LongestLiteral(std::string_view expression) {
  return HasOddGroup(expression) ? 0 : LiteralReader(expression).Alternatives(0);
}

}  // namespace gapferry::detect
