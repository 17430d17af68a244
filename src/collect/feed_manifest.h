// collect/feed_manifest.h: manifest.json of a MISP feed: an object keyed by event UUID (MISP core
// format draft-20, "Manifest"). Only the keys and timestamps are used: each event file is
// judged by its own content.
#pragma once

#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/uuid.h"
#include "collect/byte_stream.h"
#include "collect/strict_sax.h"

namespace gapferry::collect {

struct FeedManifest {
  std::vector<Uuid> events;      // in the order of the file
  std::vector<Time> timestamps;  // of each; 0 if the manifest gives none
  std::vector<Refusal> refused;  // keys that are no UUIDs
};

// Errors: kMalformed with file and line, kTooLarge.
[[nodiscard]] Result<FeedManifest> ReadFeedManifest(ByteSource source, std::string_view file,
                                                    std::uint64_t max_bytes);

}  // namespace gapferry::collect
