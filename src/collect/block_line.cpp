#include "collect/block_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "collect/line_form.h"
#include "intel/value.h"

namespace gapferry::collect {
namespace {

using Blocked = std::optional<std::vector<std::string>>;

constexpr std::size_t kNoPlace = std::string_view::npos;
constexpr std::string_view kSpace = " \t";

std::vector<std::string> SplitAt(std::string_view text, std::string_view separators) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return parts;
}

Blocked ByDnsmasq(std::string_view line) {
  for (const std::string_view key : {"address=/", "local=/", "server=/"}) {
    if (!line.starts_with(key)) continue;
    line.remove_prefix(key.size());
    const std::size_t end = line.rfind('/');
    if (end == kNoPlace) return std::nullopt;
    // "#" stands for the usual servers; a server that is named is asked, and blocks nothing.
    const std::string_view answer = line.substr(end + 1);
    const bool asks = answer.starts_with('#') || (!key.starts_with('a') && !answer.empty());
    return asks ? std::vector<std::string>() : SplitAt(line.substr(0, end), "/");
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
  return names;
}

// What ad blockers write behind "$": "third-party,domain=a.example|~b.example".
bool IsOptions(std::string_view text) {
  constexpr std::string_view kSigns = "-_=~|.,*:";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return IsAsciiAlnum(c) || kSigns.find(c) != kNoPlace;
  });
}

Blocked ByAdBlocker(std::string_view line) {
  if (line.starts_with("@@|") || line.starts_with("@@/") || line.starts_with("@@http"))
    return std::vector<std::string>();
  if (!line.starts_with("||") || line.find_first_of(kSpace) != kNoPlace) return std::nullopt;
  line.remove_prefix(2);
  const std::size_t options = line.rfind('$');
  if (options != kNoPlace && IsOptions(line.substr(options + 1))) line = line.substr(0, options);
  while (line.ends_with('^') || line.ends_with('|') || line.ends_with('*'))
    line.remove_suffix(1);
  if (line.empty() || line.find_first_of("^|") != kNoPlace) return std::nullopt;
  return std::vector<std::string>{std::string(line)};
}

// "24.0.2.0.192" and "48.zz.db8.2001": the prefix, and the parts of a network from its end; "zz"
// stands for "::".
std::string NetworkOf(std::string_view reversed) {
  std::vector<std::string> parts = SplitAt(reversed, ".");
  if (parts.size() < 2) return "";
  const std::string prefix = parts.front();
  parts.erase(parts.begin());
  std::reverse(parts.begin(), parts.end());
  constexpr std::size_t kPartsOfV4 = 4;
  const bool v4 =
      parts.size() == kPartsOfV4 && std::find(parts.begin(), parts.end(), "zz") == parts.end();
  if (parts.front() == "zz") parts.front() = ":";
  if (parts.back() == "zz") parts.back() = ":";
  for (std::string& part : parts) {
    if (part == "zz") part.clear();
  }
  const std::string address = fmt::format("{}", fmt::join(parts, v4 ? "." : ":"));
  return prefix == (v4 ? "32" : "128") ? address : address + "/" + prefix;
}

// The name or the network that a rule of a policy zone is about.
std::vector<std::string> OwnerOf(std::string_view owner) {
  constexpr std::string_view kNetwork = ".rpz-ip";
  if (owner.ends_with('.')) owner.remove_suffix(1);
  const std::size_t rule = owner.find(".rpz-");
  if (rule != kNoPlace) {
    const std::string_view kind = owner.substr(rule);
    // Other rules are about clients and name servers.
    if (kind != kNetwork && !kind.starts_with(".rpz-ip.")) return {};
    return {NetworkOf(owner.substr(0, rule))};
  }
  if (owner.starts_with("*.")) owner.remove_prefix(2);
  return {std::string(owner)};
}

// One record of a zone: [owner] [ttl] [IN] type data.
struct ZoneRecord {
  std::string owner;  // in lower case, as the others; empty: that of the record before
  std::string type;
  std::vector<std::string> data;
};

std::optional<ZoneRecord> ReadRecord(std::string_view line) {
  constexpr std::size_t kLongest = 1024;  // of what can be one
  constexpr std::array<std::string_view, 8> kSigns = {"CNAME", "cname", "SOA", "soa",
                                                      " NS",   "\tNS",  " ns", "\tns"};
  const bool may_be = std::any_of(kSigns.begin(), kSigns.end(), [&](std::string_view sign) {
    return line.find(sign) != kNoPlace;
  });
  if (line.size() > kLongest || !may_be) return std::nullopt;
  const std::vector<std::string> words = SplitAt(AsciiLower(line), kSpace);
  ZoneRecord record;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "cname" || word == "soa" || word == "ns") {
      record.type = word;
      record.data.assign(words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end());
      return record;
    }
    if (word == "in" || std::all_of(word.begin(), word.end(), IsAsciiDigit)) continue;
    if (i > 0) return std::nullopt;
    record.owner = word;
  }
  return std::nullopt;
}

Blocked ByPolicyZone(std::string_view line) {
  const std::optional<ZoneRecord> record = ReadRecord(line);
  if (!record) return std::nullopt;
  const std::string& target = record->data.front();
  if (record->type == "soa") {
    const bool names = record->data.size() > 1 && (target.ends_with('.') || record->owner == "@");
    return names ? Blocked(std::vector<std::string>()) : std::nullopt;
  }
  if (record->type == "ns") {
    const bool of_zone = record->owner == "@" || (record->owner.empty() && target.ends_with('.'));
    return of_zone ? Blocked(std::vector<std::string>()) : std::nullopt;
  }
  if (record->owner.empty()) return std::nullopt;
  if (target == "." || target == "*." || target.starts_with("rpz-drop"))
    return OwnerOf(record->owner);
  const bool passes = target.starts_with("rpz-passthru") || target.starts_with("rpz-tcp-only") ||
                      target == record->owner || target == record->owner + ".";
  return passes ? Blocked(std::vector<std::string>()) : std::nullopt;
}

}  // namespace

std::optional<std::vector<std::string>> BlockedValues(std::string_view line) {
  for (const auto read : {ByDnsmasq, ByHostsFile, ByAdBlocker, ByPolicyZone}) {
    if (auto blocked = read(line)) return blocked;
  }
  return std::nullopt;
}

}  // namespace gapferry::collect
