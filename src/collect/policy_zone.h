// collect/policy_zone.h: response policy zones (RPZ), in which some blocklists are published: a
// zone file, or what a transfer of the zone prints, line by line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collect/block_line.h"
#include "collect/zone_record.h"

namespace gapferry::collect {

// Of one file. Names are those that a rule is about: without the zone's own name, and below the
// origin that `$ORIGIN` gives.
class PolicyZone {
 public:
  // `line`: without the blanks before it; `indented`: there were some. What it blocks:
  // "evil.example CNAME .", "24.0.2.0.192.rpz-ip CNAME rpz-drop.", and where a zone leads
  // elsewhere, "evil.example CNAME garden.example.". None for exceptions, settings, and records of
  // the zone itself; left out are rules about clients and name servers. Nothing if it is no line of
  // a zone.
  [[nodiscard]] std::optional<BlockLine> Read(std::string_view line, bool indented);
  // Of the lines before, what only the last one made clear.
  [[nodiscard]] BlockLine TakeLate();
  // The file has ended.
  [[nodiscard]] BlockLine Finish();
  // The whole file is a zone: it begins as one, with its SOA. What is not understood in it is left
  // out, and no text.
  [[nodiscard]] bool whole() const { return in_zone_ && from_start_ && has_soa_; }
  // Whether the next line is one of a zone, whatever it looks like.
  [[nodiscard]] bool owns_next() const { return has_open() || whole(); }
  // A parenthesis goes on in the next line.
  [[nodiscard]] bool has_open() const { return open_.has_value(); }

 private:
  enum class Place : std::uint8_t { kRule, kPassed, kAnswer };

  [[nodiscard]] std::optional<BlockLine> GoOn(std::string_view line, bool indented);
  [[nodiscard]] std::optional<BlockLine> Handle(ZoneRecord record, bool first);
  // Nothing, if no sentence may be taken for a record here.
  [[nodiscard]] std::optional<BlockLine> Unknown() const;
  [[nodiscard]] std::optional<BlockLine> Directive(std::string_view line, bool first);
  [[nodiscard]] std::optional<BlockLine> Soa(const ZoneRecord& record, bool first);
  [[nodiscard]] std::optional<BlockLine> Ns(const ZoneRecord& record) const;
  [[nodiscard]] std::optional<BlockLine> Cname(const ZoneRecord& record);
  // What a record says about a file that begins with a SOA.
  [[nodiscard]] Place PlaceOf(const ZoneRecord& record) const;
  [[nodiscard]] std::string Full(std::string_view name) const;
  // The name that a rule is about, in its place in the zone.
  [[nodiscard]] std::string Trigger(std::string_view owner) const;
  [[nodiscard]] BlockLine Rule(const std::string& owner) const;
  // Whether `owner` with the origin ends with the name of the zone, which is not known.
  [[nodiscard]] bool MayHoldZone(std::string_view owner) const;
  // A line that is none of a zone: what follows is not taken for one.
  void Leave();

  bool begun_ = false;       // a line was read
  bool from_start_ = false;  // and the first was one of a zone
  bool in_zone_ = false;     // a line was one that only zones have
  bool has_soa_ = false;
  // The file begins with the SOA of `apex_`, which may be the answer about a name, until a rule
  // below it comes. How many records there were that say nothing about that.
  bool undecided_ = false;
  int undecided_records_ = 0;
  std::optional<ZoneRecord> open_;     // a record whose parenthesis is not closed,
  bool open_first_ = false;            // which began the file,
  int open_lines_ = 0;                 // and how many lines it goes on
  std::optional<std::string> origin_;  // without its last dot
  std::string apex_;                   // the zone's name, if known
  std::string last_owner_;             // in full, if the origin is known
  BlockLine late_;
};

}  // namespace gapferry::collect
