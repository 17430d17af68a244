// detect/ids_bits.h: bits and counters by which rules of one sensor tell each other what they saw:
// flowbits, hostbits, xbits, flowint. Suricata and Snort have one space of names for all rules.
#pragma once

#include <string>
#include <string_view>

#include "detect/ids_keywords.h"
#include "detect/ids_rule.h"

namespace gapferry::detect {

// What the names of stored rules begin with, so that these talk to each other and to nobody else.
// Letters and underscores are what all four keywords of both engines take.
constexpr std::string_view kStoredBits = "gapferry_stored_";

// Why a rule may not use its bits as it does, or empty. A few words, fit to be counted.
[[nodiscard]] std::string BitProblem(const IdsRule& rule);

// Whether Suricata looks at it before gapferry's own rules, so that with a few of its kind it takes
// their places among the alerts of a packet. It orders rules by their flowbits, then by counters,
// variables and bits of hosts, then by priority: these are rules that set a flowbit, as gapferry's
// do, and have another of these as well. Those that raise no alert take no place.
[[nodiscard]] bool TakesPrecedence(const IdsRule& rule);

// Nobody sets this bit. Suricata looks at rules that only set bits before those that also ask for
// one, as gapferry's own for addresses do, whatever their priority: so these ask for it, too.
constexpr std::string_view kNeverSet = "isnotset,gapferry.never";

// Puts kStoredBits before each name; for Suricata, adds kNeverSet to a rule that only sets.
void GiveBitsOfTheirOwn(Sensor sensor, IdsRule* rule);

}  // namespace gapferry::detect
