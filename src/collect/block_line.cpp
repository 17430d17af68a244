#include "collect/block_line.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "collect/line_form.h"
#include "intel/tld.h"
#include "intel/value.h"

namespace gapferry::collect {
namespace {

using Blocked = std::optional<BlockLine>;

constexpr std::size_t kNoPlace = std::string_view::npos;
constexpr std::string_view kSpace = " \t";

Blocked ByDnsmasq(std::string_view line) {
  for (const std::string_view key : {"address=/", "local=/", "server=/"}) {
    if (!line.starts_with(key)) continue;
    line.remove_prefix(key.size());
    const std::size_t end = line.rfind('/');
    if (end == kNoPlace) return std::nullopt;
    // "#" stands for the usual servers; a server that is named is asked, and blocks nothing.
    const std::string_view answer = line.substr(end + 1);
    const bool asks = answer.starts_with('#') || (!key.starts_with('a') && !answer.empty());
    return asks ? BlockLine() : BlockLine{SplitAt(line.substr(0, end), "/")};
  }
  return std::nullopt;
}

Blocked ByHostsFile(std::string_view line) {
  const std::size_t end = line.find_first_of(kSpace);
  if (end == kNoPlace || !IsNobodysAddress(line.substr(0, end))) return std::nullopt;
  std::vector<std::string> names = SplitAt(line.substr(end, line.find('#') - end), kSpace);
  // A sentence that begins with such an address has more than names in it.
  const auto is_name = [](const std::string& word) {
    return std::all_of(word.begin(), word.end(), [](char c) {
      return IsAsciiAlnum(c) || static_cast<std::uint8_t>(c) >= 0x80 || c == '.' || c == '-' ||
             c == '_';
    });
  };
  if (names.empty() || !std::all_of(names.begin(), names.end(), is_name)) return std::nullopt;
  std::erase_if(names,
                [](const std::string& name) { return intel::ParseNetwork(name).has_value(); });
  return BlockLine{std::move(names)};
}

// What ad blockers write behind "$": "third-party,domain=a.example|~b.example".
bool IsOptions(std::string_view text) {
  constexpr std::string_view kSigns = "-_=~|.,*:;";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return IsAsciiAlnum(c) || kSigns.find(c) != kNoPlace;
  });
}

// Where the "$" of a rule's options stands. Behind "^" they may hold anything.
std::size_t OptionsPlace(std::string_view rule) {
  const std::size_t certain = rule.find("^$");
  if (certain != kNoPlace) return certain + 1;
  const std::size_t place = rule.rfind('$');
  return place != kNoPlace && IsOptions(rule.substr(place + 1)) ? place : kNoPlace;
}

// Options of rules that change what a page shows or is told, or switch another rule off.
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

enum class Effect : std::uint8_t { kBlocks, kNone, kOther };

Effect EffectOf(std::string_view options) {
  constexpr std::string_view kRewrite = "dnsrewrite=";
  constexpr auto kRefusals =
      std::to_array<std::string_view>({"", "noerror", "nxdomain", "refused", "servfail"});
  for (const std::string& option : SplitAt(AsciiLower(options), ",")) {
    const std::string_view name = std::string_view(option).substr(0, option.find('='));
    if (std::binary_search(kNotBlocking.begin(), kNotBlocking.end(), name)) return Effect::kNone;
    if (!option.starts_with(kRewrite)) continue;
    std::string_view answer = std::string_view(option).substr(kRewrite.size());
    // "NXDOMAIN", "NXDOMAIN;;" or "NOERROR;A;192.0.2.1"
    answer = answer.substr(answer.rfind(';') + 1);
    const bool refuses = IsNobodysAddress(answer) ||
                         std::find(kRefusals.begin(), kRefusals.end(), answer) != kRefusals.end();
    if (!refuses) return Effect::kOther;
  }
  return Effect::kBlocks;
}

// "a.example,b.example##.ad": changes a part of those pages.
bool ChangesPages(std::string_view line) {
  constexpr auto kMarks = std::to_array<std::string_view>(
      {"##", "#@#", "#?#", "#@?#", "#$#", "#@$#", "#$?#", "#%#", "#@%#", "$$", "$@$"});
  const std::size_t place = line.find_first_of("#$");
  if (place == kNoPlace) return false;
  // The name of a file may have such signs in it.
  const auto is_page = [](std::string_view page) {
    page.remove_prefix(std::min(page.find_first_not_of('~'), page.size()));
    if (page.starts_with("*.")) page.remove_prefix(2);
    constexpr std::string_view kSigns = "-_.";
    return std::all_of(page.begin(), page.end(),
                       [&](char c) { return IsAsciiAlnum(c) || kSigns.find(c) != kNoPlace; }) &&
           page.find('.') != kNoPlace && intel::HasKnownTld(page);
  };
  const std::vector<std::string> pages = SplitAt(line.substr(0, place), ",");
  return std::all_of(pages.begin(), pages.end(), is_page) &&
         std::any_of(kMarks.begin(), kMarks.end(),
                     [&](std::string_view mark) { return line.substr(place).starts_with(mark); });
}

Blocked ByAdBlocker(std::string_view line) {
  constexpr std::string_view kException = "@@";
  if (line.starts_with(kException) && line.size() > kException.size() &&
      kSpace.find(line[kException.size()]) == kNoPlace)
    return BlockLine();
  if (ChangesPages(line)) return BlockLine();
  if (line.find_first_of(kSpace) != kNoPlace) return std::nullopt;
  const std::size_t options = OptionsPlace(line);
  const std::string_view names = options == kNoPlace ? "" : line.substr(options + 1);
  // A URL may end like options.
  const bool is_rule = line.starts_with("||") || line.find("^$") != kNoPlace;
  if (!is_rule) {
    const std::vector<std::string> all = SplitAt(names, ",");
    if (std::find(all.begin(), all.end(), "badfilter") != all.end()) return BlockLine();
    // Its sites are where it holds, not what it blocks.
    const bool holds_at = std::any_of(all.begin(), all.end(), [](const std::string& option) {
      return option.starts_with("domain=");
    });
    return holds_at ? Blocked(BlockLine{{}, true}) : std::nullopt;
  }
  const Effect effect = EffectOf(names);
  if (effect != Effect::kBlocks) return BlockLine{{}, effect == Effect::kOther};
  line = line.substr(0, options);
  line.remove_prefix(std::min(line.find_first_not_of('|'), line.size()));
  while (line.ends_with('^') || line.ends_with('|') || line.ends_with('*'))
    line.remove_suffix(1);
  if (line.starts_with("*.")) line.remove_prefix(2);
  if (line.empty() || line.find('|') != kNoPlace) return std::nullopt;
  // Such patterns stand for many names.
  if (line.find_first_of("^*") != kNoPlace) return BlockLine{{}, true};
  return BlockLine{{std::string(line)}};
}

}  // namespace

std::vector<std::string> SplitAt(std::string_view text, std::string_view separators) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return parts;
}

std::optional<BlockLine> ReadBlockLine(std::string_view line) {
  for (const auto read : {ByDnsmasq, ByHostsFile, ByAdBlocker}) {
    if (auto blocked = read(line)) return blocked;
  }
  return std::nullopt;
}

}  // namespace gapferry::collect
