// detect/suricata_match.h: where Suricata looks for each kind of value, and with which options.
// Everything here was run on 7.0.10 against captures (tests/e2e/test_suricata.py).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "detect/candidate.h"
#include "detect/destination.h"
#include "policy/decision.h"

namespace gapferry::detect {

// One rule of a value: a value may need several, one for each protocol.
struct SuricataMatch {
  std::string protocol;  // part of the key of its sid
  std::string header;    // from "alert" to before the parenthesis
  std::string options;
  std::string limit = "";  // of its alerts, where the destination has no rate
};

// Ports as a header has them: a number, a:b, [a,b,c:d] or any.
struct PortList {
  std::string key;  // what tells further lists from the first
  std::string text;
};
// At most `most` bytes in one list, its brackets with them.
[[nodiscard]] std::vector<PortList> PortListsOf(const Ports& ports, std::size_t most);

// The literal rules for one value.
[[nodiscard]] std::vector<SuricataMatch> LiteralMatches(const SuricataOptions& options,
                                                        const Candidate& candidate);

// What a value adds to a list file.
struct ListEntry {
  std::string list;            // without prefix and suffix: "domain-2", "ip-to-v4-port-443"
  std::string line;            // with LF
  std::uint16_t port = 0;      // the list is for this port only; 0: for any
  std::uint64_t mentions = 1;  // attributes that it stands for; 0: a second entry of a value
};
// Empty for kinds that have no list form.
[[nodiscard]] std::vector<ListEntry> ListEntries(const SuricataOptions& options,
                                                 const Candidate& candidate);
// The ending of a list's file: ".lst", or ".ndjson" for a list whose entries say where they are
// from.
[[nodiscard]] std::string_view ListEnding(const SuricataOptions& options, std::string_view list);
[[nodiscard]] bool HasListForm(intel::IndicatorKind kind);
[[nodiscard]] bool AlwaysListed(intel::IndicatorKind kind);

// The rules that look into one list of ListEntries. `set` is the name of its dataset and, with its
// ending, of its file. The rule for "url-host…" also looks into the set of its paths, whose name
// has "url-path" in place of "url-host".
[[nodiscard]] std::vector<SuricataMatch> ListMatches(const SuricataOptions& options,
                                                     std::string_view list, std::string_view set);

[[nodiscard]] policy::Decision SuricataExpress(const Destination& destination,
                                               const intel::Indicator& indicator,
                                               std::string_view type);

}  // namespace gapferry::detect
