#include "detect/sigma_match.h"

#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "detect/sigma_common.h"

namespace gapferry::detect {
namespace {

constexpr std::int64_t kSigmaRegexMemory = 1 << 20;
constexpr auto kSamples = std::to_array<std::string_view>(
    {"kqzxwj.vbnm-example.org", "203.0.113.77", R"(C:\Xqz\Wvb\vbnm zz.exe /q "y")", "8675309",
     "/xq/zw.php?y=1&k=2", R"(NT-XQ\kzw$)", "Mozilla/5.0 (compatible; xq)", "2026-11-28T10:20:30Z",
     R"(D:\Kwj\pqvz.exe)", R"(\Device\Volume3\Zkq\wvxj.exe)", R"(C:\Kvq\zxj.dll)",
     R"(E:\Wqx\vbz.dll)", "https://wq.zkjxv.com/zq/vk.html", "http://www.kwvz-jq.net/xz/",
     "zxqv-kw.com", "www.vqxz.kjw.com", "jqx.wkvz.net", "vzk.qwxj.org"});

Error BadRegex(std::string_view what) {
  return Error::Make(Kind::kMalformed, "regular expression: {}", what);
}

RE2::Options SigmaRegexOptions() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kSigmaRegexMemory);
  return options;
}

// SigmaHQ has rules for parts as short as this, such as `~1\`.
constexpr int kShortestSigmaText = 3;

// Whether some text that meets it has no kShortestSigmaText characters in a row that are given, or
// only such as are common.
bool NeedsNoText(const std::string& pattern) {
  re2::FilteredRE2 filter(kShortestSigmaText);
  int id = 0;
  if (filter.Add(pattern, SigmaRegexOptions(), &id) != RE2::NoError) return true;
  std::vector<std::string> texts;
  filter.Compile(&texts);
  std::vector<int> common;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (IsCommonSigmaPart(texts[i])) common.push_back(static_cast<int>(i));
  }
  std::vector<int> without_others;
  filter.AllPotentials(common, &without_others);
  return !without_others.empty();
}

SigmaTruth TruthOfSamples(const RE2& regex) {
  const auto met = std::count_if(kSamples.begin(), kSamples.end(), [&](std::string_view sample) {
    return RE2::PartialMatch(re2::StringPiece(sample.data(), sample.size()), regex);
  });
  return met > 1 ? SigmaTruth::kPerhaps : SigmaTruth::kNo;
}

// `texts`: the pattern as far as its texts go (SigmaRegexScan).
SigmaTruth TruthOfPattern(const RE2& regex, const std::string& texts) {
  const SigmaTruth truth = TruthOfSamples(regex);
  return truth == SigmaTruth::kNo && NeedsNoText(texts) ? SigmaTruth::kPerhaps : truth;
}

// A value of Sigma as pieces: a wildcard, or a character that stands for itself.
template <typename Wildcard, typename Literal>
void ForEachSigmaPiece(std::string_view value, Wildcard wildcard, Literal literal) {
  for (std::size_t at = 0; at < value.size(); ++at) {
    const char next = at + 1 < value.size() ? value[at + 1] : ' ';
    if (value[at] == '\\' && (next == '*' || next == '?' || next == '\\')) {
      literal(next);
      ++at;
    } else if (value[at] == '*' || value[at] == '?') {
      wildcard(value[at]);
    } else {
      literal(value[at]);
    }
  }
}

// What says nothing of a text, and of which there may be several.
constexpr std::string_view kAnything = "(?:.*)";
// In place of a character that is not ASCII: it is rare enough by itself.
constexpr std::string_view kForeign = "(?:\x01\x01\x01)";

// Where Python and RE2 differ although both take it, or only one does. What Lucene reads otherwise
// is taken, but gives no text: @ for anything, & and quotes, ~ before what is not to be there, and
// <1-99>.
class SigmaRegexScan {
 public:
  explicit SigmaRegexScan(std::string_view pattern) : pattern_(pattern) {}

  Status Run() {
    for (; at_ < pattern_.size(); ++at_) {
      const std::size_t begin = at_;
      std::string_view instead;
      if (Now() == '\\') {
        GF_CHECK(Escape());
      } else if (in_class_) {
        GF_CHECK(InClass());
      } else {
        GF_TRY(instead, Outside());
      }
      texts_ += instead.empty() ? pattern_.substr(begin, at_ + 1 - begin) : instead;
    }
    return Ok();
  }
  // After Run: the pattern as far as its texts go; nothing if some engine finds none.
  [[nodiscard]] std::string texts() const { return unclear_ ? "" : texts_; }

 private:
  [[nodiscard]] char Now() const { return pattern_[at_]; }
  [[nodiscard]] char At(std::size_t at) const { return at < pattern_.size() ? pattern_[at] : '\0'; }
  [[nodiscard]] bool IsRepeat(std::size_t at) const {
    return At(at) == '*' || At(at) == '+' || At(at) == '?' || At(at) == '{';
  }

  // What stands in its place, if it is no text to everybody.
  Result<std::string_view> Outside() {
    const std::string_view rest = pattern_.substr(at_);
    if (Now() == '[') {
      BeginClass();
    } else if (Now() == '(') {
      GF_CHECK(Group());
    } else if ((Now() == '^' || Now() == '$') && IsRepeat(at_ + 1)) {
      return BadRegex("an anchor that is repeated");
    } else if (rest.starts_with("{,")) {
      return BadRegex("a repetition without its least number");
    } else if (Now() == '~') {
      GF_CHECK(Negated());
      return kAnything;
    } else if (Now() == '@' || Now() == '&' || Now() == '"') {
      return kAnything;
    } else if (const std::size_t interval = IntervalBytes(rest); interval > 0) {
      at_ += interval - 1;
      return kAnything;
    } else if (static_cast<std::uint8_t>(Now()) >= 0x80) {
      while ((static_cast<std::uint8_t>(At(at_ + 1)) & 0xC0) == 0x80)
        ++at_;
      return kForeign;
    }
    return std::string_view();
  }

  // Takes the character behind a ~.
  Status Negated() {
    const char next = At(at_ + 1);
    unclear_ = unclear_ || std::string_view("([<\"~@&#").find(next) != std::string_view::npos;
    if (next == '\\') {
      ++at_;
      return Escape();
    }
    if (IsAsciiAlnum(next) || next == '_' || next == '-' || next == '/') ++at_;
    return Ok();
  }

  static std::size_t IntervalBytes(std::string_view rest) {
    static const RE2 interval("(<[0-9]+-[0-9]+>)");
    re2::StringPiece input(rest.data(), rest.size());
    return RE2::Consume(&input, interval) ? rest.size() - input.size() : 0;
  }

  Status Escape() {
    const char letter = At(at_ + 1);
    constexpr std::string_view kShared = "abBdDfnrsStvwWAx";
    const bool shared = !IsAsciiAlnum(letter) || kShared.find(letter) != std::string_view::npos;
    const bool hex = letter != 'x' || (IsAsciiHex(At(at_ + 2)) && IsAsciiHex(At(at_ + 3)));
    if (letter == '\0' || !shared || !hex) return BadRegex("an escape that not every engine knows");
    const bool anchor = letter == 'b' || letter == 'B' || letter == 'A';
    if (anchor && !in_class_ && IsRepeat(at_ + 2)) return BadRegex("an anchor that is repeated");
    const bool many = std::string_view("dDsSwW").find(letter) != std::string_view::npos;
    if (in_class_ && many && At(at_ + 2) == '-' && At(at_ + 3) != ']')
      return BadRegex("a range that begins with a class");
    at_ += letter == 'x' ? 3U : 1U;
    return Ok();
  }

  void BeginClass() {
    in_class_ = true;
    if (At(at_ + 1) == '^') ++at_;
    if (At(at_ + 1) == ']') ++at_;
  }

  Status InClass() {
    if (Now() == ']') in_class_ = false;
    return Now() == '[' && At(at_ + 1) == ':' ? Status(BadRegex("a class by name")) : Ok();
  }

  // "(?:", "(?P<name>", "(?i:" and, at the very beginning, "(?i)".
  Status Group() {
    if (At(at_ + 1) != '?') return Ok();
    std::string_view rest = pattern_.substr(at_ + 2);
    if (rest.starts_with("P<")) return Ok();
    rest.remove_prefix(std::min(rest.find_first_not_of("ims"), rest.size()));
    const bool flags = rest.starts_with(')') && at_ == 0;
    return rest.starts_with(':') || flags ? Ok() : Status(BadRegex("a group of an unknown kind"));
  }

  std::string_view pattern_;
  std::size_t at_ = 0;
  bool in_class_ = false;
  bool unclear_ = false;
  std::string texts_;
};

}  // namespace

SigmaTruth TruthOfSigmaText(std::string_view value, bool open_before, bool open_after) {
  std::string pattern = open_before ? "(?is)" : "(?is)^";
  std::size_t literals = 0;
  bool foreign = false;
  bool whole = !open_before && !open_after;
  const auto wildcard = [&](char c) {
    pattern += c == '*' ? ".*" : ".";
    whole = false;
  };
  ForEachSigmaPiece(value, wildcard, [&](char c) {
    ++literals;
    // Bytes of a longer character are no word of the samples, whatever they are.
    const bool ascii = static_cast<std::uint8_t>(c) < 0x80;
    foreign = foreign || !ascii;
    pattern += ascii ? RE2::QuoteMeta(std::string(1, c)) : "\\x01";
  });
  if (!open_after) pattern += '$';
  if (literals == 0 || IsCommonSigmaValue(value)) return SigmaTruth::kPerhaps;
  const RE2 regex(pattern, SigmaRegexOptions());
  if (!regex.ok()) return SigmaTruth::kPerhaps;
  return whole || foreign ? TruthOfSamples(regex) : TruthOfPattern(regex, pattern);
}

bool HasSigmaWildcard(std::string_view value) {
  bool found = false;
  ForEachSigmaPiece(
      value, [&](char) { found = true; }, [](char) {});
  return found;
}

Result<SigmaTruth> TruthOfSigmaRegex(std::string_view pattern, std::string_view flags) {
  SigmaRegexScan scan(pattern);
  GF_CHECK(scan.Run());
  const RE2 bare(re2::StringPiece(pattern.data(), pattern.size()), SigmaRegexOptions());
  if (!bare.ok()) return BadRegex("it does not compile");
  const std::string prefix = flags.empty() ? "" : fmt::format("(?{})", flags);
  const RE2 regex(prefix + std::string(pattern), SigmaRegexOptions());
  if (!regex.ok()) return BadRegex("it does not compile");
  return TruthOfPattern(regex, prefix + scan.texts());
}

}  // namespace gapferry::detect
