#include "collect/value_form.h"

#include <gtest/gtest.h>

#include "collect/freetext.h"
#include "intel/tld.h"
#include "intel/value.h"

namespace gapferry::collect {
namespace {

// "type value", or "" for no form.
std::string Form(std::string_view text, Around around = Around::kCell) {
  FormedValue value;
  if (!FindForm(TrimCell(text), around, &value)) return "";
  return std::string(value.type) + ' ' + value.value;
}

std::string Line(std::string_view text) {
  std::vector<FormedValue> found;
  FreetextLine().Read(text, &found);
  std::string all;
  for (const FormedValue& value : found)
    all += (all.empty() ? "" : "; ") + std::string(value.type) + ' ' + value.value;
  return all;
}

TEST(ValueForm, KnowsWhatMispKnows) {
  EXPECT_EQ(Form("192.0.2.1"), "ip-dst 192.0.2.1");
  EXPECT_EQ(Form("2001:DB8::AB"), "ip-dst 2001:db8::ab");
  EXPECT_EQ(Form("198.51.100.0/24"), "ip-dst 198.51.100.0/24");
  EXPECT_EQ(Form("192.0.2.1:8080"), "ip-dst|port 192.0.2.1|8080");
  EXPECT_EQ(Form("[2001:db8::2]:443"), "ip-dst|port 2001:db8::2|443");
  EXPECT_EQ(Form("Evil.Example.COM"), "hostname evil.example.com");
  EXPECT_EQ(Form("example.com"), "domain example.com");
  EXPECT_EQ(Form("bücher.example.com"), "hostname xn--bcher-kva.example.com");
  EXPECT_EQ(Form("0123456789ABCDEF0123456789ABCDEF"), "md5 0123456789abcdef0123456789abcdef");
  EXPECT_EQ(Form("a@b.example.com"), "email-src a@b.example.com");
  EXPECT_EQ(Form("cve-2021-44228"), "vulnerability CVE-2021-44228");
  EXPECT_EQ(Form("HKLM\\Software\\Example"), "regkey HKLM\\Software\\Example");
  EXPECT_EQ(Form("C:\\a b\\c.exe"), "filename C:\\a b\\c.exe");
  EXPECT_EQ(Form("x.exe|0123456789abcdef0123456789abcdef"),
            "filename|md5 x.exe|0123456789abcdef0123456789abcdef");
}

TEST(ValueForm, KeepsAUrlButForItsSchemeAndHost) {
  EXPECT_EQ(Form("HTTP://WWW.Example.com:8080/A?b=C%20d"),
            "url http://www.example.com:8080/A?b=C%20d");
  EXPECT_EQ(Form("http://192.0.2.1"), "url http://192.0.2.1");
  EXPECT_EQ(Form("example.com/a b/c.exe"), "url example.com/a b/c.exe");
  EXPECT_EQ(Form("note://example.com/a"), "");
  EXPECT_EQ(Form("http://localhost/a"), "");
}

TEST(ValueForm, ReadsAWildcardAsADomainAndNowhereElse) {
  EXPECT_EQ(Form("*.evil.com"), "domain evil.com");
  EXPECT_EQ(Form("*.a.evil.com"), "domain a.evil.com");
  EXPECT_EQ(Line("see *.a.evil[.]com for more"), "domain a.evil.com");
  EXPECT_EQ(Form("*.evil.com:443"), "");
  EXPECT_EQ(Form(".evil.com"), "domain evil.com");
  EXPECT_EQ(Form(".a.evil.com"), "domain a.evil.com");
  EXPECT_EQ(Form(".evil.com:443"), "");
  EXPECT_EQ(Form("a@.evil.com"), "");
  EXPECT_EQ(Form("http://*.evil.com/x"), "");
  EXPECT_EQ(Form("a@*.evil.com"), "");
}

TEST(ValueForm, RefangsWhatMispMisses) {
  for (const char* text :
       {"c2[.]example[.]com", "c2(.)example(.)com", "c2{.}example{.}com", "c2[dot]example(dot)com",
        "c2[.example.com", "c2.example.]com", "c2\\.example\\.com", "c2<.>example<dot>com"}) {
    EXPECT_EQ(Form(text), "hostname c2.example.com") << text;
  }
  for (const char* text :
       {"hxxp://example.com/a", "hXXp[:]//example[.]com/a", "h[tt]p://example.com/a",
        "[http://]example.com/a", "meow://example.com/a"}) {
    EXPECT_EQ(Form(text), "url http://example.com/a") << text;
  }
  EXPECT_EQ(Form("a[at]example[.]com"), "email-src a@example.com");
  // A path keeps half a bracket: it may be part of it.
  EXPECT_EQ(intel::Refang("http://example.com/a.]b"), "http://example.com/a.]b");
  EXPECT_EQ(intel::Refang("http://[2001:db8::1]:80/"), "http://[2001:db8::1]:80/");
}

TEST(ValueForm, TellsFilesFromHosts) {
  EXPECT_EQ(Form("HTTPParser.dll"), "filename HTTPParser.dll");
  EXPECT_EQ(Form("archive.zip"), "filename archive.zip");
  EXPECT_EQ(Form("archive[.]zip"), "domain archive.zip");
  EXPECT_EQ(Form("example.one"), "domain example.one");
  EXPECT_EQ(Form("shop.com.py"), "hostname shop.com.py");
  EXPECT_EQ(Form("powershell.exe"), "");
}

TEST(ValueForm, NeedsAnEndingThatExists) {
  EXPECT_EQ(Form("t1078.002"), "");
  EXPECT_EQ(Form("net.webclient"), "");
  EXPECT_EQ(Form("co.uk"), "");
  EXPECT_EQ(Form("999.1.2.3"), "");
  EXPECT_EQ(Form("0.0.0.0"), "");
  EXPECT_TRUE(intel::HasKnownTld("shop.co.za"));  // the list has no "za"
  EXPECT_TRUE(intel::HasKnownTld("www.gov.ck"));
  EXPECT_TRUE(intel::HasKnownTld("a.onion"));
  EXPECT_FALSE(intel::HasKnownTld("a.exe"));
}

TEST(Freetext, TakesTheWordsOfALine) {
  EXPECT_EQ(Line("- 192.0.2[.]1 port 443 - c2[.]example[.]com - HTTPS traffic"),
            "ip-dst 192.0.2.1; hostname c2.example.com");
  EXPECT_EQ(Line("It beacons to a.example.com. (See also [b.example.net].)"),
            "hostname a.example.com; hostname b.example.net");
  EXPECT_EQ(Line("From: A B <a.b@example[.]com>"), "email-src a.b@example.com");
  EXPECT_EQ(Line("| a.example.com | 192.0.2.1 | [text](http://example.com/md) |"),
            "hostname a.example.com; ip-dst 192.0.2.1; url http://example.com/md");
  EXPECT_EQ(Line("one.example.com,two.example.com;192.0.2.1"),
            "hostname one.example.com; hostname two.example.com; ip-dst 192.0.2.1");
  EXPECT_EQ(Line("http://example.com/a,http://example.com/b"),
            "url http://example.com/a; url http://example.com/b");
  EXPECT_EQ(Line("http://example.com/a,b/,2017-01-05"), "url http://example.com/a");
  EXPECT_EQ(Line("MD5:0123456789abcdef0123456789abcdef"), "md5 0123456789abcdef0123456789abcdef");
  EXPECT_EQ(Line(R"("url":"http:\/\/example.com\/x")"), "url http://example.com/x");
  EXPECT_EQ(Line("DownloadFile('http://192.0.2.9/u.exe','C:\\Windows\\u.exe')"),
            "url http://192.0.2.9/u.exe; filename C:\\Windows\\u.exe");
}

TEST(Freetext, TakesWhatBlocklistsBlockAndNothingElse) {
  for (const auto& [line, value] : std::vector<std::pair<std::string_view, std::string>>{
           {"||evil4.com^$third-party,domain=good5.com|~good6.com", "domain evil4.com"},
           {"||evil4.com^", "domain evil4.com"},
           {"||198.51.100.7^", "ip-dst 198.51.100.7"},
           {"||evil4.com/a.js$script", "url evil4.com/a.js"},
           {"evil.com CNAME .", "domain evil.com"},
           {"*.evil.com. 300 IN CNAME rpz-drop. ; why", "domain evil.com"},
           {"32.4.3.2.1.rpz-ip CNAME .", "ip-dst 1.2.3.4"},
           {"24.0.2.0.192.rpz-ip CNAME *.", "ip-dst 192.0.2.0/24"},
           {"48.zz.2.2001.rpz-ip CNAME .", "ip-dst 2001:2::/48"},
           {"evil.com CNAME garden.good.com.", "domain evil.com"},
           {"www.evil.com. 300 IN CNAME *.garden.good.com. ; why", "hostname www.evil.com"},
           {"evil.com.rpz.good.com. CNAME .", "domain evil.com"},
           {"32.4.3.2.1.rpz-ip.rpz.good.com. CNAME .", "ip-dst 1.2.3.4"},
           {"See cname evil.com.", "domain evil.com"},
           {"Check SOA evil.com. now", "domain evil.com"},
           {"||*.evil4.com^", "domain evil4.com"},
           {"||evil4.com^$dnsrewrite=NXDOMAIN;;", "domain evil4.com"},
           {"||evil4.com^$dnsrewrite=NOERROR;A;0.0.0.0", "domain evil4.com"},
           {"evil4.com^$domain=good5.com|~good6.com", "domain evil4.com"},
           {"http://evil.com/a$cookie", "url http://evil.com/a$cookie"},
           {"server=/evil.com/", "domain evil.com"},
           {"address=/evil.com/0.0.0.0", "domain evil.com"},
           {"0.0.0.0 evil.com # bad", "domain evil.com"},
           {"1.2.3.0/255.255.255.0", "ip-dst 1.2.3.0/24"},
           {"1.2.3.4/0.0.0.255", "ip-dst 1.2.3.0/24"},
           {"com.evil.app", "hostname com.evil.app"}})
    EXPECT_EQ(Line(line), value) << line;
  for (const std::string_view line : {"@@||good.com^",
                                      "good.com CNAME rpz-passthru.",
                                      "good.com IN CNAME good.com.",
                                      "@ IN SOA ns1.good.com. root.good.com. (1 2 3 4 5)",
                                      "rpz.good.com. SOA localhost. root.good.com. 1",
                                      "@ NS ns1.good.com.",
                                      "  IN NS ns1.good.com.",
                                      "24.0.2.0.192.rpz-client-ip CNAME .",
                                      "server=/corp.com/10.0.0.1",
                                      "address=/good.com/#",
                                      "1.2.3.4/255.0.255.0",
                                      "||good.com^$badfilter",
                                      "||good.com^$third-party,badfilter",
                                      "good.com$badfilter",
                                      "|http://good.com^$badfilter",
                                      "@@good.com^",
                                      "@@||good.com^$badfilter",
                                      "||good.com^$removeparam=x",
                                      "||good.com^$csp=a b",
                                      "||good.com^$dnsrewrite=garden.good.com",
                                      "||good.com^$dnsrewrite=NOERROR;A;1.2.3.4",
                                      "||good.com^x^",
                                      "good.com,www.good.com##.ad",
                                      "good.com#@#.ad",
                                      "good.com$$script[x=\"good.com\"]",
                                      "~good.com#?#p:has(a)",
                                      "ns1.good.com.rpz-nsdname CNAME .",
                                      "32.4.3.2.1.rpz-nsip CNAME .",
                                      "good.com CNAME good.com",
                                      "good.com CNAME rpz-unheard-of.",
                                      "rpz.good.com. CNAME .",
                                      "@ IN SOA ns1.good.com. root.good.com. (",
                                      "rpz.good.com. 300 IN SOA a.good.com. b.good.com. 1 2"})
    EXPECT_EQ(Line(line), "") << line;
}

// All lines by one reader, as those of a file.
std::string Lines(const std::vector<std::string>& lines, std::uint64_t left_out = 0) {
  FreetextLine reader;
  std::vector<FormedValue> found;
  for (const std::string& line : lines)
    reader.Read(line, &found);
  EXPECT_EQ(reader.left_out(), left_out);
  std::string shown;
  for (const FormedValue& value : found)
    shown += (shown.empty() ? "" : "; ") + std::string(value.type) + ' ' + value.value;
  return shown;
}

TEST(Freetext, TakesTheNamesOfAPolicyZoneWithoutTheZone) {
  EXPECT_EQ(
      Lines({"$TTL 300", "@ IN SOA ns.good.com. root.good.com. (", "  2026010101 ; ns.good.com",
             "  root.good.com. 1h )", " NS ns.good.com.", "evil.com A 192.0.2.80",
             "www.evil.com CNAME garden", "a CNAME garden.good.com.", "evil.net TXT \"good.com\"",
             "evil.net CAA 0 issue \"good.com\"", "b.evil.net SRV 0 0 5060 sip.good.com."}),
      "domain evil.com; hostname www.evil.com; domain evil.net; domain evil.net; "
      "hostname b.evil.net");
  // As BIND writes a zone, with the owner that a record has from the one before.
  EXPECT_EQ(
      Lines({"$ORIGIN .", "$TTL 300 ; 5 minutes",
             "block.good.com IN SOA ns.good.com. root.good.com. (", "1 ; serial", ")",
             "\t\t\tNS ns.good.com.", "$ORIGIN com.block.good.com.", "evil CNAME .",
             "$ORIGIN evil.com.block.good.com.", "* CNAME .", "10 CNAME .",
             "$ORIGIN 0.192.rpz-ip.block.good.com.", "24.0.2 CNAME .", "$ORIGIN block.good.com.",
             "ns A 192.0.2.1", "evil.net CNAME garden.good.com.", "\t60 CNAME ."}),
      "domain evil.com; domain evil.com; hostname 10.evil.com; ip-dst 192.0.2.0/24; "
      "domain evil.net; domain evil.net");
  // As dig prints a transfer.
  EXPECT_EQ(
      Lines({"block.good.com. 300 IN SOA ns.good.com. root.good.com. 1 2 3 4 5",
             "block.good.com. 300 IN NS ns.good.com.", "evil.com.block.good.com. 300 IN CNAME .",
             "*.evil.net.block.good.com. 300 IN CNAME garden.good.com.",
             "48.zz.2.2001.rpz-ip.block.good.com. 300 IN CNAME .",
             "ns.evil.com.rpz-nsdname.block.good.com. 300 IN CNAME .",
             "32.4.3.2.1.rpz-client-ip.block.good.com. 300 IN CNAME .",
             "good.org.block.good.com. 300 IN CNAME rpz-passthru.",
             "block.good.com. 300 IN SOA ns.good.com. root.good.com. 1 2 3 4 5"},
            /*left_out=*/2),
      "domain evil.com; domain evil.net; ip-dst 2001:2::/48");
  // Without a SOA nothing says where the zone begins, unless the origin's name does.
  EXPECT_EQ(
      Lines({"$ORIGIN evil.com.", "www CNAME .", "shop CNAME .", "*.app CNAME .",
             "secure.support CNAME .", "$ORIGIN rpz.good.com.", "evil.org CNAME .",
             "$GENERATE 1-9 h$ CNAME ."},
            /*left_out=*/2),
      "hostname www.evil.com; hostname shop.evil.com; hostname app.evil.com; domain evil.org");
}

TEST(Freetext, TakesNoNameOfSomebodyElseFromAPolicyZone) {
  // Who owns a domain chooses the labels before it.
  for (const std::string_view soa :
       {"@ SOA rpz.good.com. root.good.com. 1 2 3 4 5", "evil.org CNAME ."}) {
    EXPECT_EQ(Lines({std::string(soa), "good.com.rpz.evil.com CNAME .",
                     "32.4.3.2.1.rpz-ip.evil.com CNAME .", "rpz-c2.net CNAME .", "rpz.ru CNAME .",
                     "a.rpz.evil.net CNAME ."}),
              std::string(soa.starts_with('@') ? "" : "domain evil.org; ") +
                  "hostname good.com.rpz.evil.com; hostname 32.4.3.2.1.rpz-ip.evil.com; "
                  "domain rpz-c2.net; domain rpz.ru; hostname a.rpz.evil.net");
  }
  EXPECT_EQ(Line("good.com.rpz.evil.com.rpz.block.com. CNAME ."), "hostname good.com.rpz.evil.com");
  // A garden may have such a name, an action stands alone.
  EXPECT_EQ(Line("evil.com CNAME rpz-block.good.com."), "domain evil.com");
  EXPECT_EQ(Lines({"$TTL 60", "evil.com CNAME rpz-garden", "good.org CNAME rpz-tcp-only."}),
            "domain evil.com");
}

TEST(Freetext, TakesAnAnswerThatBeginsWithItsSoaForNoZone) {
  EXPECT_EQ(Lines({"evil.com. 300 IN SOA ns.good.com. root.good.com. 1 2 3 4 5",
                   "evil.com. 300 IN NS ns.good.com.", "evil.com. 300 IN A 192.0.2.1",
                   "www.evil.com. 300 IN CNAME evil.com.", "c2.evil.com. 300 IN A 192.0.2.2"}),
            "domain evil.com; domain evil.com; ip-dst 192.0.2.1; hostname www.evil.com; "
            "hostname c2.evil.com; ip-dst 192.0.2.2");
  // Nor what follows an excerpt of one.
  EXPECT_EQ(Lines({"$TTL 60", "evil.org CNAME .", "What we saw there besides:",
                   "evil.com A 192.0.2.1", "evil.net MX 10 mail.evil.net"}),
            "domain evil.org; domain evil.com; ip-dst 192.0.2.1; domain evil.net; "
            "hostname mail.evil.net");
}

TEST(Freetext, KnowsAdBlockersByMoreThanTheirSigns) {
  EXPECT_EQ(Line("invoice##.doc.exe http://evil.com/a"),
            "filename invoice##.doc.exe; url http://evil.com/a");
  EXPECT_NE(Line("user$$name@evil.com"), "");
  for (const char* line : {"||good.com^$queryprune=x", "http://good.com/x$badfilter,script"})
    EXPECT_EQ(Line(line), "") << line;
  for (const char* line :
       {"*$script,third-party,domain=good.com|good.org", "://good.com/ads/$image,domain=good.org"})
    EXPECT_EQ(Lines(std::vector<std::string>{line}, /*left_out=*/1), "") << line;
}

TEST(Freetext, TakesADnsAnswerInAReportForWhatWasAskedAbout) {
  EXPECT_EQ(Lines({"What we found:", "evil.com. 300 IN SOA ns.good.com. root.good.com. 1 2 3 4 5",
                   "www.evil.com. 300 IN CNAME a.good.com.", "evil.com. 300 IN A 192.0.2.1"}),
            "domain evil.com; hostname www.evil.com; domain evil.com; ip-dst 192.0.2.1");
}

TEST(Freetext, KeepsTheNameOfAFileBesideItsHash) {
  const std::string hash(64, 'a');
  EXPECT_EQ(Line("- " + hash + "  some name 12.20.doc"),
            "sha256 " + hash + "; filename some name 12.20.doc");
  EXPECT_EQ(Line(hash + "  C:\\Users\\Public\\12.0"),
            "sha256 " + hash + "; filename C:\\Users\\Public\\12.0");
}

TEST(Freetext, LeavesWhatOnlyLooksLikeAValue) {
  for (const char* text :
       {"# Reference: https://vendor.example.com/report", "# c2.example.com (taken down)",
        "GET /gate/a.php?l=b.cab", "ASP.NET, Node.js, e.g. this, i.e. that, and/or, std::vector",
        "12:34:56 on 2026-08-22", "end of a sentence.Next one", "version 1.2.3.4",
        "x0123456789abcdef0123456789abcdef", "C:\\Users\\[username]\\a.exe",
        "C:\\Windows\\System32\\net.exe stop", "ReliableSite.Net and others",
        "T1497.001: Checks"}) {
    EXPECT_EQ(Line(text), "") << text;
  }
  EXPECT_EQ(Line("# CVE-2022-39952, registered by a@example.com"),
            "vulnerability CVE-2022-39952; email-src a@example.com");
  EXPECT_EQ(Line("192.0.2.1 # seen at b.example.com"), "ip-dst 192.0.2.1");
  EXPECT_EQ(Line("0.0.0.0 ads.example.com"), "hostname ads.example.com");
}

}  // namespace
}  // namespace gapferry::collect
