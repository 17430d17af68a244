// exporter/web_source.h: from a source as it is configured to a client that speaks to its server.
#pragma once

#include "base/app.h"
#include "collect/misp_api.h"
#include "collect/web_feed.h"
#include "exporter/config.h"

namespace gapferry::exporter {

// Where what is fetched of this source is kept.
[[nodiscard]] std::filesystem::path CacheOf(const std::filesystem::path& home,
                                            const SourceConfig& source);
[[nodiscard]] collect::WebOptions WebOptionsOf(const std::filesystem::path& home,
                                               const SourceConfig& source);

// `key`: where the secret lies; empty: none is sent. Errors: those of collect::LoadSecret.
[[nodiscard]] Result<collect::HttpClient> OpenClient(Session& session, const SourceConfig& source,
                                                     const std::string& key);
// The same for an instance of MISP. Error: kConfig also if the key does not look like one of MISP.
[[nodiscard]] Result<collect::MispApi> OpenMisp(Session& session, const SourceConfig& source,
                                                const std::string& key);

}  // namespace gapferry::exporter
