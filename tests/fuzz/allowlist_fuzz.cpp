// rooms: policy
// Any bytes as an allowlist. Properties: what covers an indicator also overlaps it, and both
// answers are entries of the file; an entry of one value covers that value.
#include "policy/allowlist.h"

#include "base/bytes.h"
#include "tests/fuzz/fuzz.h"

using namespace gapferry;

std::vector<std::string> FuzzSeeds() {
  return {
      "# ours\n192.0.2.0/24\nexample.org  # and below\n=www.example.org\nhttps://example.org/x\n",
      "44d88612fea8a8f36de82e1278abb02f\nuser@example.org\n2001:db8::/32\n10.1.2.3\n",
      "10.0.0.0/7\n",
      "com\n",
      "=com\n",
      "00:11:22:33:44:55\n",
      "b\xc3\xbc"
      "cher.example\r\n"};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = AsText({data, size});
  auto list = policy::Allowlist::Parse(text, "allowlist.txt");
  if (!list.ok()) {
    FUZZ_CHECK(list.error().what.find("allowlist.txt") != std::string::npos ||
               list.error().kind == Kind::kTooLarge);
    return 0;
  }
  std::size_t begin = 0;
  for (int lines = 0; lines < 32 && begin < text.size(); ++lines) {
    const std::string_view line = text.substr(begin, text.find('\n', begin) - begin);
    begin += line.size() + 1;
    for (const char* type : {"domain", "hostname", "url", "ip-dst", "email-src", "md5", "mutex"}) {
      const intel::Normalised value = intel::Normalise(type, AsciiTrim(line));
      for (std::size_t i = 0; i < value.count; ++i) {
        const std::string_view covers = list->Covers(value.indicators[i]);
        const std::string_view overlaps = list->Overlaps(value.indicators[i]);
        FUZZ_CHECK(covers.empty() || !overlaps.empty());
        FUZZ_CHECK(text.find(covers) != std::string_view::npos);
        FUZZ_CHECK(text.find(overlaps) != std::string_view::npos);
      }
    }
  }
  return 0;
}
