// Zones of rules as programs write them, and files that are only a little like one.
#include <gtest/gtest.h>

#include "collect/freetext.h"

namespace gapferry::collect {
namespace {

struct ZoneCase {
  std::string values;  // "evil.com garden.com", in their order
  std::uint64_t left_out = 0;
};

void ExpectZone(std::string_view text, const ZoneCase& wanted) {
  FreetextLine reader;
  std::vector<FormedValue> found;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    reader.Read(text.substr(at, end - at), &found);
    at = end + 1;
  }
  reader.Finish(&found);
  std::string values;
  for (const FormedValue& value : found)
    values += (values.empty() ? "" : " ") + value.value;
  EXPECT_EQ(values, wanted.values) << text;
  EXPECT_EQ(reader.left_out(), wanted.left_out) << text;
}

TEST(PolicyZone, BeginsWithAGarden) {
  ExpectZone(
      "policy.author.com. 300 IN SOA ns.author.com. root.author.com. 1 3600 600 86400 300\n"
      "policy.author.com. 300 IN NS ns.author.com.\n"
      "evil1.com.policy.author.com. 300 IN CNAME garden.author.com.\n"
      "evil2.com.policy.author.com. 300 IN A 198.51.100.80\n"
      "evil3.com.policy.author.com. 300 IN CNAME .\n",
      {"evil1.com evil2.com evil3.com"});
  // As Knot dumps a zone.
  ExpectZone(
      ";; Zone dump (Knot DNS 3.2)\n"
      "policy.author.com.\t300\tSOA\tns.author.com. root.author.com. 1 2 3 4 5\n"
      "policy.author.com. 300 NS ns.author.com.\n"
      "evil1.com.policy.author.com. 300 A 198.51.100.80\n"
      "evil1.com.policy.author.com. 300 AAAA 2001:db8::80\n"
      "evil1.com.policy.author.com. 300 TXT \"Contact soc@author.com https://author.com/why\"\n",
      {"evil1.com evil1.com evil1.com"});
  // The name server's own address says nothing.
  ExpectZone(
      "policy.author.com. 300 IN SOA ns.author.com. root.author.com. 1 2 3 4 5\n"
      "policy.author.com. 300 IN A 198.51.100.81\n"
      "ns.policy.author.com. 300 IN A 198.51.100.80\n"
      "32.7.2.0.192.rpz-ip.policy.author.com. 300 IN CNAME garden.author.com.\n",
      {"192.0.2.7", 2});
}

TEST(PolicyZone, IsNoAnswerThatBeginsAReport) {
  ExpectZone("evil.com. 300 IN SOA ns1.evil.com. root.evil.com. 1 2 3 4 5\nC2: 1.2.3.4\n",
             {"evil.com 1.2.3.4"});
  ExpectZone(
      "evil.com. 300 IN SOA ns1.evil.com. root.evil.com. (\n 2024010101 ; serial\n 3600 ; refresh\n"
      " )\nwww.evil.com. 300 IN A 1.2.3.4\nwww.evil.com. 300 IN CNAME cdn.evil.com.\n",
      {"evil.com www.evil.com 1.2.3.4 www.evil.com"});
  // Who owns a domain chooses what stands before it.
  ExpectZone(
      "evil.com. 300 IN SOA ns1.evil.com. root.evil.com. 1 2 3 4 5\n"
      "good.com.evil.com. 300 IN A 1.2.3.4\n",
      {"evil.com good.com.evil.com 1.2.3.4"});
  // Nothing says whether these are answers or zones.
  ExpectZone("evil.com. 300 IN SOA ns1.evil.com. root.evil.com. 1 2 3 4 5\n", {"", 1});
  ExpectZone("evil.com. 300 IN SOA ns1.evil.com. root.evil.com. (\n", {"", 1});
}

TEST(PolicyZone, IsSigned) {
  // dnssec-signzone, with keys and signatures cut short.
  ExpectZone(
      "; File written on Sat Nov 28 22:45:19 2026\n"
      "rpz.author.com.\t\t300\tIN SOA\tns.author.com. root.author.com. (\n"
      "\t\t\t\t\t1          ; serial\n\t\t\t\t\t3600       ; refresh (1 hour)\n"
      "\t\t\t\t\t600        ; retry (10 minutes)\n\t\t\t\t\t86400 ; expire\n\t\t\t\t\t300\n"
      "\t\t\t\t\t)\n"
      "\t\t\t300\tRRSIG\tSOA 13 3 300 (\n"
      "\t\t\t\t\t20261228214519 20261128214519 37603 rpz.author.com.\n"
      "\t\t\t\t\t//gJMvZfuYtm7mkjycm0QURE/efgh.com= )\n"
      "\t\t\t300\tNS\tns.author.com.\n"
      "\t\t\t300\tNSEC\tevil1.com.rpz.author.com. NS SOA RRSIG NSEC DNSKEY\n"
      "\t\t\t300\tDNSKEY\t256 3 13 (\n\t\t\t\t\tjEsnItoYBjoF8g==\n"
      "\t\t\t\t\t) ; ZSK; alg = ECDSAP256SHA256 ; key id = 37603\n"
      "evil1.com.rpz.author.com. 300\tIN CNAME garden.author.com.\n"
      "\t\t\t300\tRRSIG\tCNAME 13 5 300 (\n"
      "\t\t\t\t\t20261228214519 20261128214519 37603 rpz.author.com.\n"
      "\t\t\t\t\tydr1Izy1gf5RVg== )\n"
      "\t\t\t300\tNSEC\tevil2.com.rpz.author.com. CNAME RRSIG NSEC\n"
      "evil2.com.rpz.author.com. 300\tIN A\t198.51.100.80\n"
      "ok.com.rpz.author.com.\t300\tIN CNAME rpz-passthru.\n"
      "24.0.3.0.192.rpz-client-ip.rpz.author.com. 300 IN CNAME\trpz-drop.\n"
      "\t\t\t300\tNSEC\t24.0.2.0.192.rpz-ip.rpz.author.com. CNAME RRSIG NSEC\n"
      "24.0.2.0.192.rpz-ip.rpz.author.com. 300\tIN CNAME .\n",
      {"evil1.com evil2.com 192.0.2.0/24", 1});
  // One record a line.
  ExpectZone(
      "policy.author.com. 300 IN SOA ns.author.com. root.author.com. 1 3600 600 86400 300\n"
      "policy.author.com. 300 IN RRSIG SOA 13 3 300 20261228214519 20261128214519 4596 "
      "policy.author.com. qv2wKwf+hIUjXbzaTZq9v+103ZqppGKdhtgz1\n"
      "; resign=20261228214519\n"
      "policy.author.com. 300 IN NS ns.author.com.\n"
      "policy.author.com. 300 IN NSEC evil1.com.policy.author.com. NS SOA RRSIG NSEC DNSKEY\n"
      "evil1.com.policy.author.com. 300 IN CNAME garden.author.com.\n"
      "evil1.com.policy.author.com. 300 IN NSEC evil2.com.policy.author.com. CNAME RRSIG NSEC\n"
      "evil2.com.policy.author.com. 300 IN A 198.51.100.80\n",
      {"evil1.com evil2.com"});
}

TEST(PolicyZone, IsNotLeftForOneOddRecord) {
  ExpectZone(
      "policy.author.com. 300 IN SOA ns.author.com. root.author.com. 1 2 3 4 5\n"
      "policy.author.com. 300 IN NS ns.author.com.\n"
      "evil0.com.policy.author.com. 300 IN CNAME .\n"
      "policy.author.com. 0 IN TYPE65534 \\# 5 0D12340001\n"
      "policy.author.com. 300 IN CDS 1 13 2 ABCD\n"
      "evil1.com.policy.author.com. 300 IN CNAME .\n"
      "evil2.com.policy.author.com. 300 IN A 198.51.100.80\n"
      "ok.com.policy.author.com. 300 IN CNAME rpz-passthru.\n"
      "policy.author.com. 300 IN SOA ns.author.com. root.author.com. 1 2 3 4 5\n",
      {"evil0.com evil1.com evil2.com"});
  ExpectZone(
      "$TTL 30\n@ SOA a. b. 1 2 3 4 5\nevil.com HTTPS 1 garden.net. alpn=h2\n"
      "evil1.com SPF \"v=spf1 include:good.com\"\nevil2.com A 198.51.100.80\n"
      "evil3.com URI 10 1 \"https://good.com/x\"\nevil4.com A 198.51.100.81\n"
      "evil5.com UNHEARDOF good.com\nevil6.com A 198.51.100.82\n",
      {"evil.com evil1.com evil2.com evil3.com evil4.com evil6.com", 1});
  ExpectZone(
      "$TTL 30\n@ SOA rpz.author.com. h.author.com. 1 2 3 4 5\n NS localhost.\nevil1.com CNAME .\n"
      "=== part 2, maintained by good.com ===\nevil2.com CNAME garden.author.com\n"
      "evil3.com A 198.51.100.80\nevil4.com CNAME .\nwww TXT \"hello\"\n127.0.0.1 CNAME .\n"
      "; ask soc@good.com\n# see good.com\n",
      {"evil1.com evil2.com evil3.com evil4.com", 2});
  ExpectZone(
      "$TTL 300\n@ SOA a. b. 1 2 3 4 5\nevil.com TXT ( \"a\"\n \"http://good.com/x\" )\n"
      "evil2.com CNAME .\nevil3.com CNAME (\n garden.good.com. )\n",
      {"evil.com evil2.com evil3.com"});
  std::string text = "\"x";
  for (int i = 0; i < 800; ++i)
    text += " good.com";
  ExpectZone("$TTL 30\n@ SOA a. b. 1 2 3 4 5\nevil.com CNAME .\ninfo.evil.com TXT " + text +
                 "\"\nevil2.com A 203.0.114.80\n",
             {"evil.com info.evil.com evil2.com"});
}

TEST(PolicyZone, HasAParenthesisThatNobodyClosed) {
  ExpectZone(
      "$TTL 30\n@ SOA a. b. ( 1 2 3\n 4 5\nevil1.com CNAME .\nevil2.com CNAME .\n"
      "evil3.com CNAME .\n",
      {"evil1.com evil2.com evil3.com"});
  ExpectZone(
      "evil.com. IN SOA a.good.com. b.good.com. ( 1 2 3\nIt calls evil.net and 192.0.2.1 (see\n",
      {"evil.com evil.net 192.0.2.1"});
}

TEST(PolicyZone, HasNamesThatNoHostHas) {
  ExpectZone(
      "$TTL 3\n@ SOA a. b. 1 2 3 4 5\nevil\\.y.com CNAME .\n\"quoted.com\" CNAME .\n"
      "a\\046b.com CNAME .\na\\045b.com CNAME .\n\\*.evilstar.com CNAME .\n*.\\042.evil.com CNAME "
      ".\n"
      "evil.local CNAME .\n*.top CNAME .\nco.uk CNAME .\n10.0.0.1 CNAME .\nupdate.zip CNAME .\n",
      {"quoted.com a-b.com update.zip", 8});
}

}  // namespace
}  // namespace gapferry::collect
