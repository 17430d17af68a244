// collect/misp_sightings.h: which events of an instance were sighted. A new sighting moves no
// timestamp in the index, so the server is asked for all of them, as MISP's own pull does
// (/sightings/restSearch/event), and an event whose sightings are others than before is read again.
#pragma once

#include <optional>
#include <unordered_map>

#include "collect/misp_api.h"

namespace gapferry::collect {

// How many events one request names.
constexpr std::size_t kSightingBatch = 500;

struct SightingMarks {
  std::unordered_map<Uuid, std::uint32_t> of_event;  // ListedEvent::mark; sighted events only
  // So many of the events, from the first, were answered for. If that is not all of them, the
  // server said no: `problem`.
  std::size_t answered = 0;
  std::optional<Error> problem;
};

// An answer that is too large is asked for in smaller parts.
[[nodiscard]] SightingMarks FetchSightingMarks(MispApi& api,
                                               const std::vector<ListedEvent>& events);

// Adds what one answer lists. Error: kMalformed.
using SightingLists = std::unordered_map<Uuid, std::vector<std::string>>;
[[nodiscard]] Status ReadSightings(const Json& answer, SightingLists* lists);
// Of the sightings of one event, in any order: 1 to kMarks - 1.
[[nodiscard]] std::uint32_t MarkOf(std::vector<std::string> sightings);

}  // namespace gapferry::collect
