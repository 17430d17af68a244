// rooms: detect
// Any bytes as YAML and as a Sigma rule that an attribute carries. Properties: what is read, once
// written, reads back and is written as the same bytes; a rule takes an id, gives it back, and
// names its author's.
#include "base/bytes.h"
#include "detect/sigma_rule.h"
#include "tests/fuzz/fuzz.h"

using namespace gapferry;
using namespace gapferry::detect;

std::vector<std::string> FuzzSeeds() {
  return {
      "title: a\nid: 0f06a3a5-6a09-413f-8743-e6cf35561297\nlogsource:\n    category: dns\n"
      "detection:\n    s:\n        query: 'x.example'\n    condition: s\n",
      "title: b\nlogsource:\n    category: dns\ndetection:\n    a:\n        - q|contains|all: "
      "['x', \"yy\\u0041\"] # z\n          r:\n              - 1\n        - k\n    b:\n"
      "        - w|re|i: '^(?:ab|cd)+$'\n    condition: (a and not 1 of b*) or all of them\n"
      "level: low\n",
      "a: |-\n  b\n   c\n\n  d\ne: >+\n  f\n  g\n\nh: 'i\n  j'\nk: l\n  m\n\n  n\no: [p, 1.5, "
      "null]\n",
  };
}

namespace {

void TryYaml(std::string_view text) {
  const auto map = ReadYaml(text);
  if (!map.ok()) return;
  const std::string written = WriteYaml(*map);
  if (written.size() > kMaxYamlBytes) return;
  const auto again = ReadYaml(written);
  FUZZ_CHECK(again.ok());
  FUZZ_CHECK(WriteYaml(*again) == written);
}

void TryRule(std::string_view text) {
  constexpr std::string_view kId = "0f06a3a5-6a09-413f-8743-e6cf35561298";
  const auto rule = ReadStoredSigma(text);
  if (!rule.ok()) return;
  const std::string written = WriteStoredSigma(*rule, kId);
  if (written.size() > kMaxYamlBytes) return;
  const auto again = ReadStoredSigma(written);
  FUZZ_CHECK(again.ok() && again->id == kId);
  FUZZ_CHECK(WriteStoredSigma(*again, kId) == written);
  FUZZ_CHECK(rule->id.empty() || written.find(rule->id) != std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = AsText({data, size});
  TryYaml(text);
  TryRule(text);
  return 0;
}
