// collect/misp_index.h: which events an instance has for this key: /events/index as MISP's own pull
// asks it (Server::getEventIndexFromServer), or, where that is closed, a search page by page.
#pragma once

#include "collect/misp_api.h"

namespace gapferry::collect {

struct MispIndex {
  std::vector<ListedEvent> events;  // each once
  bool by_search = false;           // /events/index was refused
  std::vector<std::string> notes;   // what the server did that it should not
  // A search did not give all events that the server counts: why. What is not in `events` may be
  // there all the same.
  std::string incomplete;
};

// Filters that the server applies to the index, so that less is fetched. Only those whose meaning
// there is the same as here; policy::Selection decides in any case.
[[nodiscard]] Json IndexFilters(const policy::Selection& selection, Time now);

// `file` keeps the answer from run to run. Errors: those of HttpClient; kMalformed for an answer
// that is no index, or pages that repeat; kDenied if neither way is open to the key.
[[nodiscard]] Result<MispIndex> FetchIndex(MispApi& api, const policy::Selection& selection,
                                           Time now, const std::filesystem::path& file);

// The rows of an answer of /events/index with "minimal". Error: kMalformed with the line.
[[nodiscard]] Result<std::vector<ListedEvent>> ReadMispIndex(ByteSource source,
                                                             std::string_view file);

}  // namespace gapferry::collect
