// detect/site_lists.h: the warninglists of a store, compiled as a site wants them.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "policy/warninglist.h"
#include "store/store.h"

namespace gapferry::detect {

// Modes by list name, over policy's defaults.
using ListModes = std::map<std::string, policy::ListMode>;

// One compiled set for each of `modes`. Where two sources have a list of the same name, the higher
// version counts, and of equal ones that of the first source.
// Errors: kIo, and those of WarninglistSet::Builder.
[[nodiscard]] Result<std::vector<policy::WarninglistSet>> LoadWarninglists(
    store::Store& store, std::span<const ListModes> modes);

}  // namespace gapferry::detect
