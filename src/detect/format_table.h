// detect/format_table.h: which format looks for what, as the formats themselves say: every type of
// MISP with a sample of its values, asked of each format as a destination with the default options
// would. docs/formats.md holds this text.
#pragma once

#include <string>
#include <string_view>

#include "detect/format.h"

namespace gapferry::detect {

// A table of the formats, then tables of types, then the types that no format looks for; Markdown.
[[nodiscard]] std::string FormatsMarkdown();

// "reads logs", "detects", "blocks"; "copies events" for those that look for nothing.
[[nodiscard]] std::string_view WhatItDoes(const Format& format);

}  // namespace gapferry::detect
