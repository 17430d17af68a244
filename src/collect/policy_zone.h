// collect/policy_zone.h: response policy zones (RPZ), in which some blocklists are published: a
// zone file, or what a transfer of the zone prints, line by line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collect/block_line.h"

namespace gapferry::collect {

// One record: [owner] [ttl] [class] type data.
struct ZoneRecord {
  std::string owner;  // in lower case, as the others; empty: that of the record before
  std::string type;
  std::vector<std::string> data;
};

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

 private:
  [[nodiscard]] std::optional<BlockLine> Directive(std::string_view line);
  [[nodiscard]] std::optional<BlockLine> Soa(const ZoneRecord& record, bool first);
  [[nodiscard]] std::optional<BlockLine> Ns(const ZoneRecord& record) const;
  [[nodiscard]] std::optional<BlockLine> Cname(const ZoneRecord& record);
  [[nodiscard]] std::string Full(std::string_view name) const;
  // The name that a rule is about, in its place in the zone.
  [[nodiscard]] std::string Trigger(std::string_view owner) const;
  [[nodiscard]] BlockLine Rule(const std::string& owner) const;
  // Whether `owner` with the origin ends with the name of the zone, which is not known.
  [[nodiscard]] bool MayHoldZone(std::string_view owner) const;
  // A line that is none of a zone: what follows is not taken for one.
  void Leave();

  bool begun_ = false;                 // a line was read
  bool in_zone_ = false;               // a line was one that only zones have
  int open_lines_ = 0;                 // that may still belong to a SOA in parentheses
  std::optional<std::string> origin_;  // without its last dot
  // The zone's name, if known. Without `in_zone_` it is that of a SOA that may be the answer about
  // a name, until a rule below it comes.
  std::string apex_;
  std::string last_owner_;  // in full, if the origin is known
};

}  // namespace gapferry::collect
