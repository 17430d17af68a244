// rooms: importer
// Any bytes as a line of a log. Properties: what is found has the form of its kind, each value is
// there once, and a value that was found is found again alone.
#include "importer/log_values.h"

#include <algorithm>

#include "base/bytes.h"
#include "tests/fuzz/fuzz.h"

using namespace gapferry;

std::vector<std::string> FuzzSeeds() {
  return {
      "1794182400.1 5 192.0.2.7 TCP_MISS/200 99 GET http://evil.example:8080/a?b=c - "
      "DIRECT/203.0.113.7 text/html",
      "client @0x7f 192.0.2.1#53 (www.evil.example): query: www.evil.example IN A +E(0)K "
      "(192.0.2.2)",
      R"({"ts":1,"dns":{"rrname":"evil.example","a":["2001:db8::1"]},"hash":{"sha256":"275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"},"url":"http:\/\/evil.example\/"})",
      "20:00:01 0A1C PACKET UDP Rcv 192.0.2.1 Q [0001 D NOERROR] A (3)www(4)evil(7)example(0)",
      "from=<someone@evil.example> [2001:db8::1]:443 "
      "00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33",
      R"-(192.0.2.1 - - [01/Nov/2026] "GET / HTTP/1.1" 200 "Evil/1.0 (x)" C:\Users\x\evil.exe)-",
  };
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<importer::LogValue> found = importer::ReadLogLine(AsText({data, size}));
  FUZZ_CHECK(found.size() <= 4 * size);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const importer::LogValue& one = found[i];
    FUZZ_CHECK(one.ports.empty() || one.kind == intel::IndicatorKind::kAddress);
    FUZZ_CHECK(std::find(one.ports.begin(), one.ports.end(), 0) == one.ports.end());
    FUZZ_CHECK(!one.value.empty());
    for (std::size_t k = 0; i < 50 && k < i; ++k)
      FUZZ_CHECK(found[k].kind != one.kind || found[k].value != one.value);
    if (one.kind == intel::IndicatorKind::kAddress)
      FUZZ_CHECK(intel::NormaliseAddress(one.value) == one.value);
    if (one.kind == intel::IndicatorKind::kUrl)
      FUZZ_CHECK(intel::ParseUrl(one.value)->ToString() == one.value);
    if (one.kind != intel::IndicatorKind::kHostname || i > 50) continue;
    FUZZ_CHECK(intel::NormaliseName(one.value) == one.value);
    const auto again = importer::ReadLogLine(one.value);
    FUZZ_CHECK(std::any_of(again.begin(), again.end(), [&](const intel::Indicator& other) {
      return other.kind == one.kind && other.value == one.value;
    }));
  }
  return 0;
}
