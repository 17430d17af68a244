// detect/candidate_row.h: one mention of a value as bytes that sort. The key of the value comes
// first, then event and attribute, then what is only carried.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "detect/candidate.h"

namespace gapferry::detect {

enum class ValueOrder : std::uint8_t {
  kByEvent,  // by event, then by kind, then bytewise
  // By kind, then bytewise; but addresses and networks together by number, each network before what
  // lies within it, and domains and hostnames together in the order of the DNS tree, each name
  // before those below it.
  kNested,
};

struct CandidateRow {
  Mention mention;
  DestinationMask mask = 0;
  std::uint32_t warninglist = 0;  // CandidateSorter::AddWarninglist's number; 0: none
};

// Appends the row. An address or network that is none is our own bug (kInternal).
[[nodiscard]] Status AppendCandidateRow(const intel::Indicator& indicator, const CandidateRow& row,
                                        ValueOrder order, std::string* out);

// The part of a row that is equal for all mentions of a value, in kByEvent by one event, and for no
// others.
[[nodiscard]] std::string_view ValueKeyOf(std::string_view row);
// Kind and value from the key; the network too, in the order that needs it.
void ReadValueKey(std::string_view key, ValueOrder order, Candidate* candidate);
void ReadCandidateRow(std::string_view row, CandidateRow* out);

}  // namespace gapferry::detect
