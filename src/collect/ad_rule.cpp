#include "collect/ad_rule.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "collect/line_form.h"
#include "intel/tld.h"
#include "intel/value.h"

namespace gapferry::collect {
namespace {

using Ruled = std::optional<BlockLine>;

constexpr std::size_t kNoSign = std::string_view::npos;
constexpr std::string_view kRuleBlanks = " \t";

// What ad blockers write behind "$": "third-party,domain=a.example|~b.example".
bool IsOptions(std::string_view text) {
  constexpr std::string_view kSigns = "-_=~|.,*:;";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return IsAsciiAlnum(c) || kSigns.find(c) != kNoSign;
  });
}

// Where the "$" of a rule's options stands. Behind "^", and where nothing is before it, they may
// hold anything.
std::size_t OptionsPlace(std::string_view rule) {
  const std::size_t certain = rule.find("^$");
  if (certain != kNoSign) return certain + 1;
  if (rule.starts_with("*$")) return 1;
  if (rule.starts_with('$')) return 0;
  const std::size_t place = rule.rfind('$');
  return place != kNoSign && IsOptions(rule.substr(place + 1)) ? place : kNoSign;
}

// Each sorted. Options of rules that change what a page shows or is told, or switch another rule
// off.
constexpr auto kNotBlocking =
    std::to_array<std::string_view>({"badfilter",    "cookie",        "csp",
                                     "ehide",        "elemhide",      "extension",
                                     "genericblock", "generichide",   "ghide",
                                     "hls",          "inline-font",   "inline-script",
                                     "jsinject",     "jsonprune",     "permissions",
                                     "queryprune",   "redirect-rule", "referrerpolicy",
                                     "removeheader", "removeparam",   "replace",
                                     "shide",        "specifichide",  "stealth",
                                     "uritransform", "urlblock",      "urlskip",
                                     "urltransform", "xmlprune"});
// What a rule holds for: sites, exemptions, programs, answers. Names there are not blocked.
constexpr auto kHoldsFor = std::to_array<std::string_view>(
    {"app", "client", "ctag", "denyallow", "dnstype", "domain", "from", "header", "ipaddress",
     "method", "network", "requestheader", "responseheader", "to", "top"});
// What of a page it blocks.
constexpr auto kParts =
    std::to_array<std::string_view>({"1p",         "3p",          "all",           "beacon",
                                     "css",        "dnsrewrite",  "doc",           "document",
                                     "empty",      "first-party", "font",          "frame",
                                     "image",      "important",   "match-case",    "media",
                                     "mp4",        "object",      "other",         "ping",
                                     "popunder",   "popup",       "redirect",      "script",
                                     "stylesheet", "subdocument", "third-party",   "webrtc",
                                     "websocket",  "xhr",         "xmlhttprequest"});
static_assert(std::is_sorted(kNotBlocking.begin(), kNotBlocking.end()));
static_assert(std::is_sorted(kHoldsFor.begin(), kHoldsFor.end()));
static_assert(std::is_sorted(kParts.begin(), kParts.end()));

enum class Effect : std::uint8_t { kBlocks, kNone, kOther };

// What the options say, each in lower case.
struct Options {
  std::vector<std::string> names;  // "third-party", without "~"
  Effect effect = Effect::kBlocks;

  template <std::size_t kSize>
  [[nodiscard]] std::ptrdiff_t Count(const std::array<std::string_view, kSize>& of) const {
    return std::count_if(names.begin(), names.end(), [&](const std::string& name) {
      return std::binary_search(of.begin(), of.end(), std::string_view(name));
    });
  }
  [[nodiscard]] bool HoldsForSome() const { return Count(kHoldsFor) > 0; }
  // All of them are options of ad blockers.
  [[nodiscard]] bool AreKnown() const {
    const auto known = Count(kNotBlocking) + Count(kHoldsFor) + Count(kParts);
    return !names.empty() && known == static_cast<std::ptrdiff_t>(names.size());
  }
  [[nodiscard]] bool AnyKnown() const {
    return Count(kNotBlocking) + Count(kHoldsFor) + Count(kParts) > 0;
  }
};

// "NXDOMAIN", "NXDOMAIN;;" or "NOERROR;A;192.0.2.1": whether nobody answers.
bool Refuses(std::string_view rewrite) {
  constexpr auto kRefusals =
      std::to_array<std::string_view>({"", "noerror", "nxdomain", "refused", "servfail"});
  const std::string_view answer = rewrite.substr(rewrite.rfind(';') + 1);
  return IsNobodysAddress(answer) ||
         std::find(kRefusals.begin(), kRefusals.end(), answer) != kRefusals.end();
}

Options ReadOptions(std::string_view text) {
  Options options;
  for (const std::string& option : SplitAt(AsciiLower(text), ",")) {
    std::string_view name = std::string_view(option).substr(0, option.find('='));
    name.remove_prefix(std::min(name.find_first_not_of(" ~"), name.size()));
    options.names.emplace_back(name);
    if (std::binary_search(kNotBlocking.begin(), kNotBlocking.end(), name))
      options.effect = Effect::kNone;
    // What is blocked depends on the answer.
    if (name.ends_with("header") && options.effect == Effect::kBlocks)
      options.effect = Effect::kOther;
    const bool rewrites = name == "dnsrewrite" && option.find('=') != std::string::npos;
    if (rewrites && options.effect == Effect::kBlocks &&
        !Refuses(std::string_view(option).substr(option.find('=') + 1)))
      options.effect = Effect::kOther;
  }
  return options;
}

// One of the sites before "##": a name, also without its ending ("a.*"), an address, a pattern.
bool IsSite(std::string_view site) {
  const bool is_pattern = site.size() > 1 && site.starts_with('/') && site.ends_with('/');
  const bool is_v6 = site.starts_with('[') && site.ends_with(']');
  constexpr std::string_view kSigns = "-_.*";
  return is_pattern || is_v6 || std::all_of(site.begin(), site.end(), [&](char c) {
           return IsAsciiAlnum(c) || static_cast<std::uint8_t>(c) >= 0x80 ||
                  kSigns.find(c) != kNoSign;
         });
}

// The name of a file may have the marks of a rule in it, and the sites may be of any form.
bool IsSureSite(std::string_view site) {
  if (site == "*" || site.ends_with(".*") || intel::ParseNetwork(site)) return true;
  if (site.starts_with("*.")) site.remove_prefix(2);
  const auto name = intel::NormaliseName(site);
  return name && name->find('.') != std::string::npos && intel::HasKnownTld(*name);
}

// "a.example,b.example##.ad", "[$path=/x]a.example##.ad": changes a part of those pages.
bool ChangesPages(std::string_view line) {
  constexpr auto kMarks = std::to_array<std::string_view>(
      {"##", "#@#", "#?#", "#@?#", "#$#", "#@$#", "#$?#", "#%#", "#@%#", "$$", "$@$"});
  if (line.starts_with("[$")) {
    const std::size_t end = line.find(']');
    if (end == kNoSign) return false;
    line.remove_prefix(end + 1);
  }
  const std::size_t place = line.find_first_of("#$");
  if (place == kNoSign) return false;
  const std::string_view mark = line.substr(place);
  if (std::none_of(kMarks.begin(), kMarks.end(),
                   [&](std::string_view each) { return mark.starts_with(each); }))
    return false;
  bool sure = place == 0;
  for (const std::string& each : SplitAt(line.substr(0, place), ",")) {
    std::string_view site = each;
    site.remove_prefix(std::min(site.find_first_not_of('~'), site.size()));
    if (!IsSite(site)) return false;
    sure = sure || IsSureSite(site);
  }
  return sure;
}

// "[Adblock Plus 2.0]"
bool IsHeader(std::string_view line) {
  if (!line.starts_with('[') || !line.ends_with(']')) return false;
  const std::string lower = AsciiLower(line.substr(1));
  return lower.starts_with("adblock") || lower.starts_with("ublock") ||
         lower.starts_with("adguard");
}

// "!#include", "!https://…", "!a.example is fixed". In a sentence, no blank follows before a word.
bool IsAdComment(std::string_view line, ListForm form) {
  if (!line.starts_with('!') || line.starts_with("![")) return false;  // a picture of Markdown
  if (form == ListForm::kAdBlocker || line.find_first_of(kRuleBlanks) != kNoSign) return true;
  line.remove_prefix(1);
  return line.empty() || line.starts_with('#') || line.starts_with('+') || line.starts_with('!') ||
         line.starts_with("http");
}

// The pattern of a rule as a value.
BlockLine ByPattern(std::string_view pattern) {
  if (pattern.starts_with("*://")) {
    pattern.remove_prefix(4);
    if (pattern.ends_with("/*")) pattern.remove_suffix(2);
  }
  if (pattern.starts_with("://")) pattern.remove_prefix(3);
  pattern.remove_prefix(std::min(pattern.find_first_not_of('|'), pattern.size()));
  while (pattern.ends_with('^') || pattern.ends_with('|') || pattern.ends_with('*'))
    pattern.remove_suffix(1);
  if (pattern.starts_with("*.")) pattern.remove_prefix(2);
  if (pattern.starts_with('[') && pattern.ends_with(']'))
    pattern = pattern.substr(1, pattern.size() - 2);
  if (pattern.empty()) return {{}, true};
  // Such patterns stand for many names.
  if (pattern.find_first_of("^*") != kNoSign) return BlockLine{{}, true};
  return BlockLine{{std::string(pattern)}};
}

// How a rule begins that stands for a host.
bool BeginsAtHost(std::string_view line) {
  return line.starts_with("||") || line.starts_with("*://") ||
         (line.starts_with("://") && line.ends_with('^'));
}

// "||a||b"
bool IsOfTable(std::string_view pattern) {
  pattern.remove_prefix(std::min(pattern.find_first_not_of('|'), pattern.size()));
  while (pattern.ends_with('^') || pattern.ends_with('|'))
    pattern.remove_suffix(1);
  return pattern.empty() || pattern.find('|') != kNoSign;
}

// The rule without what stands behind it: "||evil.example^ # since May". Nothing if the blank in it
// is that of a sentence.
std::optional<std::string_view> WithoutNote(std::string_view line) {
  const std::size_t blank = line.find_first_of(kRuleBlanks);
  const std::size_t options = OptionsPlace(line);
  if (blank == kNoSign || options < blank) return line;
  const std::string_view note = AsciiTrim(line.substr(blank));
  const bool is_note = line.starts_with("||") && blank > 2 && (note[0] == '#' || note[0] == '!');
  return is_note ? std::optional(line.substr(0, blank)) : std::nullopt;
}

}  // namespace

std::optional<BlockLine> ReadAdRule(std::string_view line, ListForm form) {
  constexpr std::string_view kException = "@@";
  if (line.starts_with(kException) && line.size() > kException.size() &&
      (form == ListForm::kAdBlocker || kRuleBlanks.find(line[kException.size()]) == kNoSign))
    return BlockLine();
  if (IsAdComment(line, form) || IsHeader(line) || ChangesPages(line)) return BlockLine();
  const auto rule = WithoutNote(line);
  if (!rule) return std::nullopt;
  const std::size_t place = OptionsPlace(*rule);
  const Options options = ReadOptions(place == kNoSign ? "" : rule->substr(place + 1));
  const std::string_view pattern = rule->substr(0, place);
  const bool is_rule = BeginsAtHost(pattern) || rule->find("^$") != kNoSign;
  if (is_rule) {
    if (options.effect != Effect::kBlocks) return BlockLine{{}, options.effect == Effect::kOther};
    if (IsOfTable(pattern)) return std::nullopt;
    return ByPattern(pattern);
  }
  if (place == kNoSign) return std::nullopt;
  // A URL may end like options.
  const bool everywhere = pattern.empty() || pattern == "*";
  const bool is_off =
      std::find(options.names.begin(), options.names.end(), "badfilter") != options.names.end();
  if (is_off || (everywhere && options.AnyKnown() && options.effect == Effect::kNone))
    return BlockLine();
  if (everywhere && options.AnyKnown()) return BlockLine{{}, true};
  // Its sites are where it holds, not what it blocks.
  if (options.HoldsForSome()) return BlockLine{{}, options.effect != Effect::kNone};
  if (options.AreKnown() && options.effect == Effect::kOther) return BlockLine{{}, true};
  if (options.AreKnown() && options.effect == Effect::kBlocks && IsAsciiAlnum(pattern.front()))
    return ByPattern(pattern);
  return std::nullopt;
}

LikeList LikeAdBlocker(std::string_view line) {
  if (IsHeader(line)) return LikeList::kHeader;
  return ReadAdRule(line, ListForm::kNone) ? LikeList::kSure : LikeList::kNo;
}

}  // namespace gapferry::collect
