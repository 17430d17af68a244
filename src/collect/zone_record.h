// collect/zone_record.h: the records of zone files (RFC 1035, section 5), a line at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gapferry::collect {

// A word of a zone file, in lower case and without its quotes.
struct ZoneWord {
  std::string text;  // at most kMaxZoneName bytes of it
  bool quoted = false;
};

constexpr std::size_t kMaxZoneName = 1024;
constexpr std::size_t kMaxZoneWords = 16;  // that are remembered of a record

// One line without its comment.
struct ZoneLine {
  std::vector<ZoneWord> words;
  bool opens = false;       // it has an opening parenthesis
  std::size_t open_at = 0;  // how many words stand before that
  bool open = false;        // a parenthesis goes on in the next line
};
// `open`: the line goes on within a parenthesis.
[[nodiscard]] ZoneLine SplitZoneLine(std::string_view line, bool open = false);

// One record: [owner] [ttl] [class] type data.
struct ZoneRecord {
  std::string owner;  // empty: that of the record before
  std::string type;
  std::vector<std::string> data;
  bool quoted = false;      // the first of the data is
  bool opens = false;       // a parenthesis opens,
  std::size_t open_at = 0;  // with so many of the data before it
  bool open = false;        // and goes on in the next line
};
// Which words are types: those that rules have, or all. Outside zones words of sentences are none.
enum class ZoneTypes { kOfRules, kAll };
// `indented`: blanks stand before the line. Nothing if it is no record.
[[nodiscard]] std::optional<ZoneRecord> ReadZoneRecord(const ZoneLine& line, ZoneTypes types,
                                                       bool indented);

// "300", "1h30m"
[[nodiscard]] bool IsZoneNumber(std::string_view word);
// Whether the data are those of a SOA: two names, then numbers or the parenthesis that holds them.
[[nodiscard]] bool IsSoa(const ZoneRecord& record);
// Whether the words may stand in the parenthesis of a SOA, after so many of its data.
[[nodiscard]] bool GoesOnWithSoa(const ZoneLine& line, std::size_t data);
// DNSSEC and what maintains a zone: no rules.
[[nodiscard]] bool IsOfSigning(std::string_view type);
// Whether a record beside the rules is whole, so that no sentence is taken for one.
[[nodiscard]] bool IsWholeRecord(const ZoneRecord& record);

// A name without escapes: "a\045b.example" is "a-b.example". Nothing if a label holds what names of
// hosts do not, such as a dot.
[[nodiscard]] std::optional<std::string> WithoutEscapes(std::string_view name);

}  // namespace gapferry::collect
