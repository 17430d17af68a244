// rooms: policy
// Any bytes as a site's additions. Properties: an error names the file; what is read can be looked
// for, stands on rising lines, and is said once.
#include "policy/additions.h"

#include <set>

#include "base/bytes.h"
#include "tests/fuzz/fuzz.h"

using namespace gapferry;

std::vector<std::string> FuzzSeeds() {
  return {
      "# ours\ndomain evil.example  # seen\nip-dst 198.51.100.7\nurl hxxp://evil[.]example/a#b\n",
      "user-agent Mozilla/5.0 (bad)\r\nfilename|md5 a.exe|44d88612fea8a8f36de82e1278abb02f\n",
      "user-agent \"Bot #1\" # seen\nuser-agent \"\\\"a\\\\\"\n",
      "domain|ip evil.example|192.0.2.1\nip-dst|port 192.0.2.1|80\nmutex a b c\n",
      "domain com\n",
      "domain\n",
      "domian evil.example\n",
      "hostname b\xc3\xbc"
      "cher.example\n"};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto first = policy::Additions::Parse(AsText({data, size}), "additions.txt");
  if (!first.ok()) {
    FUZZ_CHECK(first.error().what.starts_with("additions.txt:"));
    return 0;
  }
  std::uint32_t line = 0;
  std::set<std::pair<std::string, std::string>> seen;
  for (const policy::Addition& entry : first->entries()) {
    FUZZ_CHECK(entry.line > line);
    line = entry.line;
    FUZZ_CHECK(intel::FindType(entry.type) != nullptr && !entry.value.empty());
    FUZZ_CHECK(entry.value.find('\n') == std::string::npos);
    FUZZ_CHECK(seen.emplace(entry.type, entry.value).second);
  }
  return 0;
}
