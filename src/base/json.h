// base/json.h: small JSON documents: manifests, roots, reports. Bulk events are read elsewhere, as
// a stream. Adapter: nlohmann's exceptions stay in json.cpp.
#pragma once

#include <nlohmann/json.hpp>

#include "base/result.h"

namespace gapferry {

using Json = nlohmann::ordered_json;

struct JsonLimits {
  std::size_t max_bytes = 1 << 20;
  std::size_t max_depth = 32;
  bool twice = false;  // a key may be given twice: the last one counts
};

// Strict: UTF-8, no duplicate key unless `twice`, nothing after the value.
// Errors: kTooLarge, kMalformed with line and column.
[[nodiscard]] Result<Json> ParseJson(std::string_view text, const JsonLimits& limits = {});
// One line, no spaces; invalid UTF-8 is replaced.
[[nodiscard]] std::string DumpJson(const Json& value);
// Indented by two spaces and ended by a newline, for files that people read.
[[nodiscard]] std::string DumpJsonPretty(const Json& value);

// "line L, column C" of a byte offset, as a person counts.
[[nodiscard]] std::string LineAndColumn(std::string_view text, std::size_t offset);

}  // namespace gapferry
