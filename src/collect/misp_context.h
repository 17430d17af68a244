// collect/misp_context.h: reads the context of an instance of MISP. Each part is optional: what the
// key may not see is noted, and never keeps events from being collected.
#pragma once

#include "collect/collect_report.h"
#include "collect/context.h"
#include "collect/misp_api.h"

namespace gapferry::collect {

// One call a part, as MISP 2.5 names it, and for the tags one a taxonomy, whose id follows;
// decaying models are asked as MISP's source has them, no recording knows their answer. "" for the
// clusters (misp_clusters.h).
[[nodiscard]] std::string_view ContextPath(ContextPart part);

// The rows of one answer. Errors: kMalformed for one that lists nothing of this part, kTooLarge.
[[nodiscard]] Result<ContextRows> ReadContextAnswer(ContextPart part, const Json& answer);

// Asks for all parts (for the tags of a taxonomy only if its row is another one than before, or
// they could not be read then), compares with the snapshot in `cache`, and puts the new one there.
// A part that could not be read stays as it was. Returns what the summary of a collect should say:
// attribute types that are not known here, and what could not be read. Errors: those of writing the
// file.
[[nodiscard]] Result<std::vector<Remark>> CollectContext(MispApi& api,
                                                         const std::filesystem::path& cache,
                                                         Time now);

// Names of the server's attribute types that intel/types.h does not have.
[[nodiscard]] std::vector<std::string> UnknownTypes(const Context& context);

}  // namespace gapferry::collect
