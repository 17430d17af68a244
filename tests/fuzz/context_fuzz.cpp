// rooms: collect
// Any bytes as an answer about an instance's context, and as a snapshot of before. Properties: rows
// are UTF-8 and within their limits, and a snapshot that parses is written and read as the same.
#include "collect/misp_context.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace gapferry;

void CheckSnapshot(const collect::Context& context) {
  const std::string written = DumpJson(collect::ContextJson(context));
  auto again = collect::ParseContext(written);
  FUZZ_CHECK(again.ok());
  FUZZ_CHECK(DumpJson(collect::ContextJson(*again)) == written);
  FUZZ_CHECK(collect::CompareContext(context, *again).empty());
}

void CheckAnswer(collect::ContextPart part, std::string_view text) {
  const auto json = ParseJson(text, {1 << 20, 64});
  if (!json.ok()) return;
  auto rows = collect::ReadContextAnswer(part, *json);
  if (!rows.ok()) return;
  FUZZ_CHECK(rows->size() <= collect::kMaxContextRows);
  collect::Context context;
  for (const auto& [key, row] : *rows) {
    FUZZ_CHECK(key.size() <= collect::kMaxContextText && IsUtf8(key));
    for (const auto& [name, value] : row)
      FUZZ_CHECK(value.size() <= collect::kMaxContextText && IsUtf8(value));
  }
  context[part] = {true, "", std::move(rows).value()};
  CheckSnapshot(context);
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  using namespace std::string_literals;
  return {
      "\0[{\"Taxonomy\":{\"namespace\":\"tlp\",\"version\":\"8\",\"enabled\":true},"
      "\"total_count\":6,\"current_count\":3}]"s,
      "\1{\"response\":[{\"SharingGroup\":{\"uuid\":\"u\",\"name\":\"n\",\"active\":\"1\"},"
      "\"SharingGroupOrg\":[{\"Organisation\":{\"name\":\"o\"}}]}]}"s,
      "\2{\"result\":{\"types\":[\"md5\",7],\"sane_defaults\":{\"md5\":{\"to_ids\":1}}}}"s,
      "\3[{\"Feed\":{\"id\":1,\"url\":\"https://user:secret@host/x?key=1\",\"enabled\":0}}]"s,
      "\4[{\"Galaxy\":{\"uuid\":\"u\",\"name\":\"\u00e4\"}}]"s,
      "\5[{\"DecayingModel\":{\"id\":\"1\",\"parameters\":\"{\\\"lifetime\\\":120}\"}},"
      "{\"DecayingModel\":{\"id\":\"2\",\"parameters\":{\"decay_speed\":2.3}}}]"s,
      "\6" + DumpJson(collect::ContextJson({}))};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::size_t part = data[0] % (collect::kContextParts + 1);
  if (part < collect::kContextParts) {
    CheckAnswer(static_cast<collect::ContextPart>(part), text);
  } else if (const auto context = collect::ParseContext(text); context.ok()) {
    CheckSnapshot(*context);
  }
  return 0;
}
