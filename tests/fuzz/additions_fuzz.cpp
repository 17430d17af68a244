// rooms: policy
// Any bytes as a site's additions. Properties: an error names the file; an entry's value reads as
// itself, and a file of what was read gives the same entries.
#include "policy/additions.h"

#include "base/bytes.h"
#include "tests/fuzz/fuzz.h"

using namespace gapferry;

std::vector<std::string> FuzzSeeds() {
  return {
      "# ours\ndomain evil.example  # seen\nip-dst 198.51.100.7\nurl hxxp://evil[.]example/a#b\n",
      "user-agent Mozilla/5.0 (bad)\r\nfilename|md5 a.exe|44d88612fea8a8f36de82e1278abb02f\n",
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
  std::string text;
  for (const policy::Addition& entry : first->entries()) {
    FUZZ_CHECK(intel::Normalise(entry.type, entry.value).value == entry.value);
    text += entry.type + ' ' + entry.value + '\n';
  }
  const auto second = policy::Additions::Parse(text, "again");
  FUZZ_CHECK(second.ok());
  FUZZ_CHECK(second->entries().size() == first->entries().size());
  for (std::size_t i = 0; i < first->entries().size(); ++i)
    FUZZ_CHECK(second->entries()[i].value == first->entries()[i].value);
  return 0;
}
