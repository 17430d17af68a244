// detect/value_match.h: which artifacts would match a value that was seen, and why the others would
// not: an entry for a domain matches names below it where the consumer knows that, one for a
// network the addresses within it, one for a file the paths that end with it.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "detect/value_lookup.h"

namespace gapferry::detect {

enum class How { kExact, kBelow, kWithin, kEnd };
[[nodiscard]] std::string_view HowName(How how);  // "exact", "below", "within", "end"

// An indicator that would match what was seen, if an artifact holds it.
struct Way {
  intel::Indicator indicator;
  How how = How::kExact;
  bool host = false;  // matches the host of the URL that was seen
  // Of an address: the ports at which it was seen. Empty: that is not known.
  std::vector<std::uint16_t> ports = {};
};

// Of one value that was seen as such: a name as kHostname, an address, a URL, …. Exact ones first.
// `ports` as in Way.
[[nodiscard]] std::vector<Way> WaysOf(const intel::Indicator& seen,
                                      const std::vector<std::uint16_t>& ports,
                                      const ValueLookup& lookup);
// Of a value as a person asks for it, in any spelling, read as everything that it can be.
[[nodiscard]] std::vector<Way> WaysOfAsked(std::string_view value, const ValueLookup& lookup);

struct DestinationMatch {
  struct Hit {
    Way way;
    std::vector<WhyOccurrence> occurrences;  // those that the destination uses
    bool canary = false;
    std::set<std::uint16_t> at_ports;  // it matches at these only; empty: at any
  };
  std::vector<Hit> hits;
  // What would match, but is not used there.
  struct Miss {
    Way way;
    bool compares_whole = false;       // used, but the consumer compares whole values only
    std::set<std::uint16_t> at_ports;  // used, but at these only; it was seen at others
    WhyDecision decision;
  };
  std::vector<Miss> misses;
};

// One entry a destination of the site. Errors: those of ValueLookup::Find.
[[nodiscard]] Result<std::vector<DestinationMatch>> MatchWays(const std::vector<Way>& ways,
                                                              const Site& site,
                                                              ValueLookup* lookup);

}  // namespace gapferry::detect
