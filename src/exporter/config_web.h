// exporter/config_web.h: the keys of a source that is fetched: url, key, tls, proxy, select, ….
#pragma once

#include "base/config.h"
#include "exporter/config.h"

namespace gapferry::exporter {

// Reads them into `source`, whose kind and path are known. `base`: where relative paths begin.
// Errors of nested blocks come back, those of the source's own keys stay with `map`.
[[nodiscard]] Status ReadWebSource(ConfigMap& map, const std::filesystem::path& base,
                                   SourceConfig* source);

}  // namespace gapferry::exporter
