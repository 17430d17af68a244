// rooms: collect
// Any bytes as text, but half a UTF-16 character: values are UTF-8 without line breaks, and one
// that stands alone in a line is found again.
#include "collect/freetext.h"
#include "tests/fuzz/fuzz.h"

std::vector<std::string> FuzzSeeds() {
  return {
      "- 192.0.2[.]1 port 443 - c2[.]example[.]com\n# CVE-2022-39952 a@example.com\n",
      "hxxp[:]//www[.]example[.]com/a(b)?c=d,e [t](http://example.com/md)\n",
      "\"HKLM\\Software\\Example Key\" C:\\Users\\a b\\c.exe %TEMP%\\x.dll "
      "\\\\host\\share\\y.exe\n",
      "GET /a?u=http://example.com/x+y \"url\":\"http:\\/\\/example.com\\/z\" MD5:x,y;z|w\n",
      "$ORIGIN .\nz.com 60 IN SOA a.z.com. b.z.com. (\n1 )\n NS a.z.com.\n$ORIGIN com.z.com.\n"
      "evil CNAME .\n24.0.2.0.192.rpz-ip.z.com. CNAME *.\n TXT \"x\"\n",
      "p.z.com. 60 IN SOA a.z.com. b.z.com. 1 2 3\ne.com.p.z.com. A 192.0.2.80\n"
      "a\\046b.com.p.z.com. RRSIG A 1 (\n\"x\" )\n*.rpz-ip CNAME (\n.\n",
      "[Adblock Plus 2.0]\n!a.com\n*$to=a.com\na.com,b.*##.x\n||[2001:db8::1]^\n*://b.com/*\n",
      "server=192.0.2.1\naddress=/a.com/::\nhost-record=b.com,0.0.0.0\n198.51.100.0 0.0.0.255\n",
      "local-zone: \"a.com.\" deny\nname: b.com\nzone \"c.com\" {type master;};\n",
      "||evil.com^$third-party,badfilter\na.com##.x\n@@b.com^\n0.0.0.0 c.com\n",
      "0123456789abcdef0123456789abcdef  some name 1.doc\n[2001:db8::2]:443 <.> <dot>\n"};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gapferry;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  collect::ValueReport report;
  std::vector<collect::FormedValue> found;
  const collect::TakeValue take = [&](const collect::FormedValue& value, std::uint64_t) {
    FUZZ_CHECK(!value.value.empty() && IsUtf8(value.value));
    FUZZ_CHECK(value.value.find('\n') == std::string::npos);
    found.push_back(value);
    return Ok();
  };
  const Status read = collect::ReadFreetext(collect::TextSource(text), "x", {}, take, &report);
  // Only what says that it is UTF-16 can be no text.
  if (!read.ok()) {
    FUZZ_CHECK(read.error().kind == Kind::kMalformed);
    FUZZ_CHECK(text.starts_with("\xFE\xFF") || text.starts_with("\xFF\xFE"));
    return 0;
  }
  for (const collect::FormedValue& value : found) {
    collect::FormedValue again;
    if (value.type != "ip-dst" && value.type != "sha256" && value.type != "md5") continue;
    // Of "c::0" and "::0a" the digit is gone that told them from words of C++.
    if (value.value.find("::") != std::string::npos) continue;
    FUZZ_CHECK(collect::FindForm(value.value, collect::Around::kCell, &again));
    FUZZ_CHECK(again.type == value.type && again.value == value.value);
  }
  return 0;
}
