#include "collect/zone_record.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "intel/value.h"

namespace gapferry::collect {
namespace {

// Sorted. Those of rules ("cname", "ns", "soa") stand apart.
constexpr auto kOtherTypes = std::to_array<std::string_view>(
    {"a",     "aaaa",     "afsdb", "apl",    "caa",  "cdnskey", "cds",        "cert",       "csync",
     "dhcid", "dlv",      "dname", "dnskey", "ds",   "eui48",   "eui64",      "hinfo",      "hip",
     "https", "ipseckey", "isdn",  "key",    "kx",   "loc",     "mb",         "mg",         "minfo",
     "mr",    "mx",       "naptr", "nsap",   "nsec", "nsec3",   "nsec3param", "openpgpkey", "ptr",
     "px",    "rp",       "rrsig", "rt",     "sig",  "smimea",  "spf",        "srv",        "sshfp",
     "svcb",  "ta",       "tlsa",  "txt",    "uri",  "wks",     "x25",        "zonemd"});
static_assert(std::is_sorted(kOtherTypes.begin(), kOtherTypes.end()));

// "type65534": how records are written whose type the writer does not know.
bool IsNumberedType(std::string_view word) {
  constexpr std::string_view kType = "type";
  return word.size() > kType.size() && word.starts_with(kType) &&
         std::all_of(word.begin() + kType.size(), word.end(), IsAsciiDigit);
}

bool IsRecordType(std::string_view word, ZoneTypes types) {
  if (word == "cname" || word == "ns" || word == "soa") return true;
  return types == ZoneTypes::kAll &&
         (std::binary_search(kOtherTypes.begin(), kOtherTypes.end(), word) || IsNumberedType(word));
}

bool IsBeforeType(std::string_view word) {
  return word == "in" || word == "ch" || word == "hs" || IsZoneNumber(word);
}

// Takes one word from the front of `line`, which is not empty and begins with one.
ZoneWord TakeWord(std::string_view* line) {
  ZoneWord word;
  word.quoted = line->front() == '"';
  std::size_t size = word.quoted ? 1 : 0;
  const std::string_view ends = word.quoted ? "\"" : " \t\r\";()";
  while (size < line->size() && ends.find((*line)[size]) == std::string_view::npos)
    size += (*line)[size] == '\\' ? std::size_t{2} : 1;
  size = std::min(size, line->size());
  const std::size_t start = word.quoted ? 1 : 0;
  word.text = AsciiLower(line->substr(start, std::min(size - start, kMaxZoneName)));
  if (word.quoted && size < line->size()) ++size;
  line->remove_prefix(size);
  return word;
}

bool IsHostByte(char c) {
  return IsAsciiAlnum(c) || c == '-' || c == '_';
}

}  // namespace

ZoneLine SplitZoneLine(std::string_view line, bool open) {
  ZoneLine split;
  split.open = open;
  while (!line.empty() && line.front() != ';') {
    const char c = line.front();
    if (c == '(' && !split.opens) {
      split.opens = true;
      split.open_at = split.words.size();
    }
    if (c == '(' || c == ')') split.open = c == '(';
    if (c == '(' || c == ')' || c == ' ' || c == '\t' || c == '\r') {
      line.remove_prefix(1);
      continue;
    }
    ZoneWord word = TakeWord(&line);
    if (split.words.size() < kMaxZoneWords) split.words.push_back(std::move(word));
  }
  return split;
}

std::optional<ZoneRecord> ReadZoneRecord(const ZoneLine& line, ZoneTypes types, bool indented) {
  ZoneRecord record;
  const std::vector<ZoneWord>& words = line.words;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i].text;
    const bool last = i + 1 == words.size();
    // "a CNAME .", "24 CNAME .": a name may look like a type or a number.
    const bool is_owner = i == 0 && !indented && i + 2 < words.size() &&
                          (IsRecordType(words[1].text, types) || IsBeforeType(words[1].text));
    if (!is_owner && IsRecordType(word, types) && !words[i].quoted) {
      if (last && !line.open) return std::nullopt;
      record.type = word;
      for (std::size_t at = i + 1; at < words.size(); ++at)
        record.data.push_back(words[at].text);
      record.quoted = !last && words[i + 1].quoted;
      record.opens = line.opens && line.open_at > i;
      record.open_at = record.opens ? line.open_at - i - 1 : 0;
      record.open = line.open;
      return record;
    }
    if (!is_owner && IsBeforeType(word)) continue;
    if (i > 0) return std::nullopt;
    record.owner = word;
  }
  return std::nullopt;
}

bool IsZoneNumber(std::string_view word) {
  constexpr std::string_view kUnits = "smhdw";
  return !word.empty() && IsAsciiDigit(word[0]) &&
         std::all_of(word.begin(), word.end(), [&](char c) {
           return IsAsciiDigit(c) || kUnits.find(c) != std::string_view::npos;
         });
}

bool IsSoa(const ZoneRecord& record) {
  constexpr std::size_t kNames = 2;
  if (record.data.size() > kNames) return IsZoneNumber(record.data[kNames]);
  if (!record.open) return false;
  if (record.open_at == kNames) return true;
  return record.open_at == 0 &&
         std::all_of(record.data.begin(), record.data.end(), [](const std::string& name) {
           return name == "@" || name.find('.') != std::string::npos;
         });
}

bool GoesOnWithSoa(const ZoneLine& line, std::size_t data) {
  constexpr std::size_t kNames = 2;
  return std::all_of(line.words.begin(), line.words.end(), [&](const ZoneWord& word) {
    return data++ < kNames || IsZoneNumber(word.text);
  });
}

bool IsOfSigning(std::string_view type) {
  constexpr auto kTypes = std::to_array<std::string_view>(
      {"cdnskey", "cds", "csync", "dlv", "dnskey", "ds", "key", "rrsig", "sig", "ta", "zonemd"});
  return type.starts_with("nsec") || IsNumberedType(type) ||
         std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

bool IsWholeRecord(const ZoneRecord& record) {
  if (record.data.empty()) return false;
  const std::string& first = record.data.front();
  if (record.type == "a" || record.type == "aaaa")
    return record.data.size() == 1 && intel::ParseNetwork(first).has_value();
  if (record.type == "ptr" || record.type == "dname") return record.data.size() == 1;
  if (record.type == "txt" || record.type == "spf") return record.quoted;
  return IsOfSigning(record.type) || (record.data.size() > 1 && IsZoneNumber(first));
}

std::optional<std::string> WithoutEscapes(std::string_view name) {
  std::string plain;
  while (!name.empty()) {
    char c = name.front();
    name.remove_prefix(1);
    if (c == '\\') {
      if (name.empty()) return std::nullopt;
      constexpr std::size_t kDigits = 3;
      int code = static_cast<std::uint8_t>(name.front());
      std::size_t size = 1;
      if (name.size() >= kDigits &&
          std::all_of(name.begin(), name.begin() + kDigits, IsAsciiDigit)) {
        code = (name[0] - '0') * 100 + (name[1] - '0') * 10 + (name[2] - '0');
        size = kDigits;
      }
      name.remove_prefix(size);
      c = static_cast<char>(code);
      if (code > 0x7F || !IsHostByte(c)) return std::nullopt;
    }
    plain += c;
  }
  return AsciiLower(plain);
}

}  // namespace gapferry::collect
