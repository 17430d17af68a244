// Blocklists as ad blockers and resolvers read them: what their authors block, and what is only
// around it.
#include <gtest/gtest.h>

#include "collect/freetext.h"

namespace gapferry::collect {
namespace {

// The values of a file, "evil.com garden.com", and how many notes there are.
std::string Listed(std::string_view text, std::size_t notes = 0) {
  std::string values;
  const TakeValue take = [&](const FormedValue& value, std::uint64_t) {
    values += (values.empty() ? "" : " ") + value.value;
    return Ok();
  };
  ValueReport report;
  EXPECT_TRUE(ReadFreetext(TextSource(text), "x", {}, take, &report).ok());
  EXPECT_EQ(report.notes.size(), notes) << text;
  return values;
}

TEST(Blocklist, OptionsOfAdBlockersNameNobody) {
  for (const std::string_view line :
       {"*$3p,script,denyallow=good.com|cdn-good.net,from=site-a.com|site-b.com",
        "*$script,denyallow=good.com|ok.net", "*$doc,to=good.com|b.com",
        "$popup,third-party,domain=good.com|b.com", "*$ipaddress=1.2.3.4",
        "*$image,redirect=1x1.gif,to=a.com|b.com,from=site.com",
        "/^https?:\\/\\/good\\.com\\/x/$script,from=g10.com|g11.com",
        "|https:*ad$script,from=g12.com", ".com/ads?$to=g10.com",
        "evil.com$dnsrewrite=NOERROR;A;203.0.114.8", "||good.com^$header=via:1.1 google"})
    EXPECT_EQ(Listed(line, 1), "") << line;
  for (const std::string_view line :
       {"*$xhr,redirect-rule=nooptext,from=good.com|b.com", "*$removeparam=utm,to=good.com|b.com",
        "*$removeparam=/utm/,to=good.com|b.com", "*$csp=script-src 'self',from=good.com|b.com",
        "||good.com^$csp=script-src 'self' https://cdn-good.org",
        "||good.com^$permissions=browsing-topics=(), https://g4.com",
        "||good.com/path^$csp=frame-src 'none'; connect-src https://g5.com"})
    EXPECT_EQ(Listed(line), "") << line;
  EXPECT_EQ(Listed("good.com/ads.js$script"), "good.com/ads.js");
  EXPECT_EQ(Listed("evil.com$dnsrewrite=NXDOMAIN\n||evil2.com^$from=good.com"),
            "evil.com evil2.com");
  EXPECT_EQ(Listed("||evil.com^ # since good.com\n||evil2.com^ ! since good.com"),
            "evil.com evil2.com");
}

TEST(Blocklist, SitesOfRulesForPagesMayHaveAnyForm) {
  for (const std::string_view line :
       {"yahoo.com,yahoo.*##.ad", "bücher.de,good.com##.ad", "пример.рф,good.com##.ad",
        "192.0.2.1,good.com##.ad", "*##a[href*=\"good.com\"]", "good.com,localhost##.ad",
        "good.*##a[href=\"https://g9.com/\"]", "good.com,/regex/##.ad", "[$path=/x]good.com##.ad",
        "[$domain=good.com|b.com]##.ad", "*,~good.com##.ad",
        "good.com#$#.x { background: url(https://g6.com/a.png) }"})
    EXPECT_EQ(Listed(line), "") << line;
}

TEST(Blocklist, CommentsAndHeadersOfAdBlockersNameNobody) {
  for (const std::string_view line :
       {"!#include https://good.com/other.txt", "!https://good.com/forum", "!good.com is fixed",
        "!+ PLATFORM(windows) good.com", "!! https://good.com/forum/1", "[Adblock Plus 2.0]",
        "[uBlock Origin; https://good.com]"})
    EXPECT_EQ(Listed(line), "") << line;
  EXPECT_EQ(Listed("![picture](http://evil.com/a.png) of it"), "http://evil.com/a.png");
}

TEST(Blocklist, WhatAnAdBlockersListHasBesideItsRulesIsLeftOut) {
  EXPECT_EQ(Listed("[Adblock Plus 2.0]\n! Title: My list\n!#include https://good.com/other.txt\n"
                   "!good.com\n||evil1.com^\n@@ ||good.com^\nyahoo.com,yahoo.*##.ad\n"
                   "good.com>>>##.ad good.com\n-evil.com^\nplain.com # why\n0.0.0.0 hosts.com\n"
                   "||update.zip^\n||evil2.com^\n||evil3.com^\nhttp://evil4.com/?a=b\n",
                   1),
            "evil1.com plain.com hosts.com update.zip evil2.com evil3.com http://evil4.com/?a=b");
}

TEST(Blocklist, PatternsOfHostsAreHosts) {
  EXPECT_EQ(Listed("||[2001:db8::1]^\n://evil.com^\n*://*.evil2.com/*\n"),
            "2001:db8::1 evil.com evil2.com");
  EXPECT_EQ(Listed("*://evil.com/x/*.js\n", 1), "");
}

TEST(Blocklist, SettingsOfDnsmasqNameNobody) {
  EXPECT_EQ(Listed("server=9.9.9.9\naddress=/evil3.com/0.0.0.0\n"), "evil3.com");
  EXPECT_EQ(Listed("# mine\nno-resolv\nserver=8.8.8.8#53\nrev-server=1.2.3.0/24,8.8.8.8\n"
                   "domain=good.com\ninterface=good.com\nconf-file=/etc/good.com\n"
                   "bogus-nxdomain=1.2.3.4\nipset=/good.com/good2.com/set\n"
                   "address = /evil.com/0.0.0.0\n--address=/evil2.com/10.0.0.2\n"
                   "host-record=evil3.com,0.0.0.0\nhost-record=good.com,10.1.2.3\n"
                   "local=/evil4.com/ # comment\nserver=/evil5.com/ # see good.com/x\n"
                   "server=/good.com/8.8.8.8 # ours\n"),
            "evil.com evil2.com evil3.com evil4.com evil5.com");
  EXPECT_EQ(Listed("cname=evil.com,garden.com\n", 1), "");
  EXPECT_EQ(Listed("rev-server=1.2.3.0/24,8.8.8.8\n"), "");
  // In a report they are findings.
  EXPECT_EQ(Listed("server=192.0.2.9\nIt called domain=evil.com too.\n"), "192.0.2.9 evil.com");
}

TEST(Blocklist, SettingsOfUnboundAndBindNameNobody) {
  EXPECT_EQ(Listed("local-data: \"evil.com. 300 IN A 203.0.113.5\"\n"
                   "local-data: 'evil2.com CNAME garden.com.'\n"
                   "local-zone: \"evil3.com.\" always_nxdomain # why\n"
                   "local-zone: \"evil4.com\" redirect\nlocal-zone: \"good.com\" transparent\n"
                   "local-zone: \"good.com.\" always_transparent\nforward-addr: 8.8.8.8\n"
                   "forward-addr: 1.1.1.1@853#cloudflare-dns.com\n"
                   "local-data-ptr: \"192.0.2.3 www.good.com\"\n"
                   "response-ip: 192.0.2.0/24 always_nxdomain\n"
                   "response-ip: 10.0.0.0/8 inform\n"),
            "evil.com evil2.com evil3.com evil4.com 192.0.2.0/24");
  EXPECT_EQ(Listed("local-zone: \"good.com\" transparent\n"), "");
  EXPECT_EQ(Listed("forward-addr: 8.8.8.8\n"), "");
  EXPECT_EQ(Listed("server:\n  interface: 192.0.2.1\nforward-zone:\n  name: \"good.com\"\n"
                   "  forward-addr: 8.8.8.8\nlocal-zone: \"evil.com\" static\n"),
            "evil.com");
  EXPECT_EQ(Listed("zone \"evil.com\" { type master; file \"/etc/bind/null.zone\"; };\n"
                   "zone \"good.com\" { type forward; forwarders { 8.8.8.8; }; };\n"),
            "evil.com");
}

TEST(Blocklist, TheHeadOfAHostsFileNamesNobody) {
  EXPECT_EQ(Listed("127.0.0.1 localhost localhost.localdomain\n255.255.255.255 broadcasthost\n"
                   "ff02::1 ip6-allnodes\nff00::0 ip6-localnet\nfe80::1%lo0 localhost\n"
                   "0.0.0.0 evil2.com\n"),
            "evil2.com");
}

TEST(Blocklist, AMaskBehindAnAddressIsNone) {
  EXPECT_EQ(Listed("198.51.100.0 255.255.255.0\ndeny ip 198.51.100.0 0.0.0.255 any\n"
                   "1.2.3.4\t255.255.255.255\nip address 192.0.2.5 255.255.255.0.\n"),
            "198.51.100.0/24 198.51.100.0/24 1.2.3.4 192.0.2.5");
}

}  // namespace
}  // namespace gapferry::collect
