// rooms: detect
// Any bytes as a rule that an attribute carries, read as each of the kinds. Properties: YARA's
// tokens lie in order within the text, and renaming nothing changes nothing; a rule for Suricata or
// Snort, once written, reads back as the same rule and keeps its number.
#include "base/bytes.h"
#include "detect/ids_problem.h"
#include "detect/stix_grammar.h"
#include "detect/yara_text.h"
#include "detect/zeek_signature.h"
#include "tests/fuzz/fuzz.h"

using namespace gapferry;
using namespace gapferry::detect;

std::vector<std::string> FuzzSeeds() {
  return {
      "import \"pe\"\nprivate rule a : t { strings: $a = \"x\\\"\" $h = { 72 ?? [2-4] ( 01 | 02 ) "
      "} "
      "$r = /a\\/b/i condition: $a and #a > 2 and pe.a }\n",
      "alert tcp $HOME_NET any -> [192.0.2.1,192.0.2.2] any (msg:\"a\\;b\"; content:\"|41 42|\"; "
      "sid:1; rev:2;)\n",
      "alert http (msg:\"x\"; http_uri; content:\"y\", nocase; sid:5;)\n",
      "alert tcp any any -> any any (flowbits:set,a; noalert; xbits:isset,b,track ip_src; "
      "metadata:a\\;b; Bypass; sid:1;)\n",
      "signature b {\n  dst-port == 80,8000-8080\n  src-ip == [2001:db8::]/32\n  header ip[0:1] "
      "& 0xf0 == 0x40\n  payload /[a-z]\\/(?:evil|wicked)/i\n  requires-signature !b\n}\n",
      "signature a {\n  ip-proto == tcp\n  payload /evil/\n  event \"y\"\n}\n",
      "([file:name.c[*].'d' = 'x\\'' AND file:size IN (1, 2)] FOLLOWEDBY [EXISTS file:hashes.MD5]) "
      "WITHIN 5 SECONDS",
  };
}

namespace {

void TryYara(std::string_view text) {
  const auto rules = ReadYara(text);
  if (!rules.ok()) return;
  std::size_t last = 0;
  for (const YaraToken& token : rules->tokens) {
    FUZZ_CHECK(token.begin >= last && token.end > token.begin && token.end <= text.size());
    last = token.end;
  }
  FUZZ_CHECK(RenameYara(text, *rules, {}) == text);
}

void TryIds(std::string_view text) {
  const auto rules = ReadIdsRules(text);
  if (!rules.ok()) return;
  for (const IdsRule& rule : *rules) {
    static_cast<void>(IdsRuleProblem(rule, Sensor::kSuricata));
    static_cast<void>(IdsRuleProblem(rule, Sensor::kSnort));
    const std::string line = rule.ToLine(7, 3);
    FUZZ_CHECK(line.find('\n') == std::string::npos);
    if (line.size() > kMaxIdsRuleBytes) continue;
    const auto again = ReadIdsRules(line);
    FUZZ_CHECK(again.ok() && again->size() == 1);
    FUZZ_CHECK((*again)[0].ToLine(7, 3) == line);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = AsText({data, size});
  TryYara(text);
  TryIds(text);
  static_cast<void>(ReadZeekSignatures(text).ok());
  static_cast<void>(CheckStixPattern(text).ok());
  return 0;
}
