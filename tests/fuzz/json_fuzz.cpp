// rooms: base
// JSON that a person or this program wrote, and JSON of a signed document. Properties: what parses
// and is written parses to the same again, and its second writing has the same bytes; limits hold.
#include "base/json.h"

#include "tests/fuzz/fuzz.h"

using namespace gapferry;

std::vector<std::string> FuzzSeeds() {
  return {R"({"a":[1,-2.5e3,18446744073709551615,true,null,"é\u00e4\n\ud83d\ude00"],"b":{"c":{}}})",
          R"({"a":1,"a":2})",
          "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
          R"(["\ud800"])",
          R"({"a":1e999})",
          "{\"a\":\"\xff\"}",
          "\xef\xbb\xbf{}",
          "1 2",
          R"([1,/**/2])"};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)LineAndColumn(text, size / 2);
  const JsonLimits limits{.max_bytes = 4096, .max_depth = 8};
  auto parsed = ParseJson(text, limits);
  FUZZ_CHECK(!parsed.ok() || size <= limits.max_bytes);
  // The strict limits are what differs, nothing else.
  auto wider = ParseJson(text);
  FUZZ_CHECK(!parsed.ok() || wider.ok());
  if (!wider.ok()) return 0;
  for (const std::string& written : {DumpJson(*wider), DumpJsonPretty(*wider)}) {
    auto again = ParseJson(written, {.max_bytes = written.size(), .max_depth = 32});
    FUZZ_CHECK(again.ok() && *again == *wider);
    FUZZ_CHECK(DumpJson(*again) == DumpJson(*wider));
  }
  return 0;
}
