#include "collect/block_line.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "collect/ad_rule.h"
#include "collect/line_form.h"
#include "collect/resolver_line.h"
#include "intel/value.h"

namespace gapferry::collect {
namespace {

using Blocked = std::optional<BlockLine>;

constexpr std::size_t kNoPlace = std::string_view::npos;
constexpr std::string_view kSpace = " \t";

// What the hosts file of every system has.
bool IsLocalName(std::string_view name) {
  constexpr auto kNames = std::to_array<std::string_view>({"broadcasthost", "local", "localhost"});
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end() ||
         name.starts_with("ip6-") || name.starts_with("localhost") ||
         name.ends_with(".localdomain");
}

// A sentence that begins with an address has more than names in it.
bool IsNameOfHosts(std::string_view word) {
  return std::all_of(word.begin(), word.end(), [](char c) {
    return IsAsciiAlnum(c) || static_cast<std::uint8_t>(c) >= 0x80 || c == '.' || c == '-' ||
           c == '_';
  });
}

Blocked ByHostsFile(std::string_view line) {
  const std::size_t end = line.find_first_of(kSpace);
  if (end == kNoPlace) return std::nullopt;
  std::string_view address = line.substr(0, end);
  address = address.substr(0, address.find('%'));  // "fe80::1%lo0"
  if (!intel::ParseNetwork(address)) return std::nullopt;
  std::vector<std::string> names = SplitAt(line.substr(end, line.find('#') - end), kSpace);
  if (names.empty() || !std::all_of(names.begin(), names.end(), IsNameOfHosts)) return std::nullopt;
  if (std::all_of(names.begin(), names.end(), IsLocalName)) return BlockLine();
  if (!IsNobodysAddress(address)) return std::nullopt;
  std::erase_if(names, [](const std::string& name) {
    return IsLocalName(name) || intel::ParseNetwork(name).has_value();
  });
  return BlockLine{std::move(names)};
}

// A name or a URL alone in its line, where all else would be a setting or a pattern.
bool StandsAlone(std::string_view line) {
  constexpr std::string_view kOfPatterns = "*^$|\\(){}<>";
  const std::size_t end = line.find_first_of(kSpace);
  if (end != kNoPlace && AsciiTrim(line.substr(end)).front() != '#') return false;
  line = line.substr(0, end);
  constexpr std::string_view kNoStart = "-_/.&?:,;+~";
  return line.find_first_of(kOfPatterns) == kNoPlace && kNoStart.find(line.front()) == kNoPlace &&
         !line.ends_with(':');
}

// How many lines there were of a form, and whether one of them is of no other.
struct Tally {
  ListForm form;
  std::size_t lines = 0;
  bool sure = false;
  bool header = false;

  void Add(LikeList like) {
    if (like != LikeList::kNo) ++lines;
    if (like == LikeList::kSure) sure = true;
    if (like == LikeList::kHeader) header = true;
  }
};

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

ListForm FindListForm(std::string_view head) {
  auto tallies =
      std::to_array<Tally>({{ListForm::kDnsmasq}, {ListForm::kUnbound}, {ListForm::kAdBlocker}});
  std::size_t lines = 0;
  // The last line may go on behind the head.
  if (head.size() >= kListHead) head = head.substr(0, head.rfind('\n'));
  while (!head.empty()) {
    const std::size_t end = std::min(head.find_first_of("\r\n"), head.size());
    const std::string_view line = AsciiTrim(head.substr(0, end));
    head.remove_prefix(std::min(head.size(), end + 1));
    if (line.empty() || line.starts_with('#') || line.starts_with("! ")) continue;
    ++lines;
    tallies[0].Add(LikeDnsmasq(line));
    tallies[1].Add(LikeUnbound(line));
    tallies[2].Add(LikeAdBlocker(line));
  }
  for (const Tally& tally : tallies) {
    if (tally.header || (tally.sure && tally.lines * 2 > lines)) return tally.form;
  }
  return ListForm::kNone;
}

std::optional<BlockLine> ReadBlockLine(std::string_view line, ListForm form) {
  if (auto blocked = ByHostsFile(line)) return blocked;
  if (auto blocked = ReadResolverLine(line, form)) return blocked;
  if (auto blocked = ReadAdRule(line, form)) return blocked;
  if (form == ListForm::kNone) return std::nullopt;
  return StandsAlone(line) ? std::nullopt : Blocked(BlockLine{{}, true});
}

}  // namespace gapferry::collect
