// exporter/context_text.h: the context of a source in words.
#pragma once

#include <string>
#include <vector>

#include "base/app.h"
#include "collect/context.h"
#include "exporter/config.h"

namespace gapferry::exporter {

// The snapshot of a source, if there is one.
[[nodiscard]] Result<std::optional<collect::Context>> ContextOf(const std::filesystem::path& home,
                                                                const SourceConfig& source);

// The same for a command that has more to show: a snapshot that cannot be read is noted.
[[nodiscard]] std::optional<collect::Context> ContextOrWarning(Session& session,
                                                               const SourceConfig& source);

// "as of 2026-11-24: 12 of 152 taxonomies in use, 2 of 84 feeds enabled"
[[nodiscard]] std::string ContextSummary(const collect::Context& context);
[[nodiscard]] Json ContextSummaryJson(const collect::Context& context);
// All of it that a person looks for, a line each.
[[nodiscard]] std::vector<std::string> ContextLines(const collect::Context& context);
// Name and members of a sharing group, or "" if the snapshot does not have it.
[[nodiscard]] std::string SharingGroupText(const collect::Context& context,
                                           const std::string& uuid);

}  // namespace gapferry::exporter
