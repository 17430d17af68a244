// collect/misp_lists.h: the warninglists of an instance, fetched as files in the form of
// misp-warninglists (/warninglists/export). The export lacks category and comments.
#pragma once

#include "collect/misp_source.h"

namespace gapferry::collect {

struct ListsFetched {
  std::filesystem::path folder;
  bool closed = false;           // the server does not list them: those of before stand
  std::vector<Refusal> refused;  // lists that could not be had: none may be removed then
  std::vector<std::string> notes;
};

// A list is fetched when its row in the index changes, and again after `refresh_days`. A list that
// fails, or comes with fewer entries than its row says, is refused by name; after some in a row no
// more are asked for. One that left the index is asked for, and refused if it is still there.
// Errors: those of files.
[[nodiscard]] Result<ListsFetched> FetchLists(MispApi& api, const std::filesystem::path& folder,
                                              WhichLists which, std::int64_t refresh_days);

}  // namespace gapferry::collect
