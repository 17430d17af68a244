// rooms: collect
// Any bytes as what a server lists: an index of MISP, the manifest of a feed, a Retry-After. Rows
// come from the input, each event once.
#include <set>

#include "collect/feed_manifest.h"
#include "collect/http_pause.h"
#include "collect/misp_index.h"
#include "tests/fuzz/fuzz.h"

std::vector<std::string> FuzzSeeds() {
  return {
      R"(0[{"id":"1","uuid":"e0000000-0000-4000-8000-000000000001","timestamp":"1790000000","published":true,)"
      R"("orgc_uuid":"0c000000-0000-4000-8000-000000000001","sighting_timestamp":"0","other":[{"deep":{}}]}])",
      R"(0[{"id":2,"uuid":"e0000000-0000-4000-8000-000000000002","timestamp":1790000000,"published":"1"},)"
      R"({"uuid":"e0000000-0000-4000-8000-000000000002"},{"uuid":7},[],null])",
      R"(0{"response":[]})",
      R"(1{"e0000000-0000-4000-8000-000000000001":{"info":"x","timestamp":"1790000000","Tag":[]},"not a uuid":{}})",
      R"(1{"e0000000-0000-4000-8000-000000000001":{"timestamp":-1},"e0000000-0000-4000-8000-000000000001":[]})",
      "2120",
      "2Fri, 31 Dec 1999 23:59:59 GMT",
  };
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gapferry;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  std::set<Uuid> seen;
  switch (data[0] % 3) {
    case 0: {
      const auto rows = collect::ReadMispIndex(collect::TextSource(text), "x");
      if (!rows.ok()) return 0;
      FUZZ_CHECK(rows->size() <= size);
      for (const collect::ListedEvent& row : *rows)
        FUZZ_CHECK(text.find('"') != std::string_view::npos && row.timestamp >= 0);
      break;
    }
    case 1: {
      const auto manifest = collect::ReadFeedManifest(collect::TextSource(text), "x", size);
      if (!manifest.ok()) return 0;
      FUZZ_CHECK(manifest->events.size() == manifest->timestamps.size());
      FUZZ_CHECK(manifest->events.size() + manifest->refused.size() <= size);
      for (const Uuid& uuid : manifest->events)
        FUZZ_CHECK(seen.insert(uuid).second);
      break;
    }
    default: {
      constexpr Time kNow = 1790000000;
      const auto pause = collect::ParseRetryAfter(text, kNow);
      FUZZ_CHECK(!pause || pause->count() >= 0);
    }
  }
  return 0;
}
