#include "intel/value.h"

#include <gtest/gtest.h>

#include <ostream>

namespace gapferry::intel {
namespace {

struct Case {
  const char* type;
  const char* input;
  const char* value;       // normalised, or the problem's code
  const char* indicators;  // "kind:value" joined by a space
};

void PrintTo(const Case& test, std::ostream* out) {
  *out << test.type << ' ' << test.input;
}

std::string Shown(const Normalised& normalised) {
  std::string shown;
  for (std::size_t i = 0; i < normalised.count; ++i) {
    if (i > 0) shown += ' ';
    shown += IndicatorKindName(normalised.indicators[i].kind);
    shown += ':';
    shown += normalised.indicators[i].value;
  }
  return shown;
}

class NormaliseTest : public testing::TestWithParam<Case> {};

TEST_P(NormaliseTest, GivesValueAndIndicators) {
  const Normalised normalised = Normalise(GetParam().type, GetParam().input);
  const std::string value =
      normalised.ok() ? normalised.value : std::string(ValueProblemCode(normalised.problem));
  EXPECT_EQ(value, GetParam().value);
  EXPECT_EQ(Shown(normalised), GetParam().indicators);
}

// What MISP 2.5.1 does with these inputs is reference/misp.md §3.4; the rows marked * are where it
// is wrong.
INSTANTIATE_TEST_SUITE_P(
    Names, NormaliseTest,
    testing::Values(
        Case{"domain", "EVIL.Example.", "evil.example", "domain:evil.example"},
        Case{"domain",
             "b\xC3\xBC"
             "cher.de",
             "xn--bcher-kva.de", "domain:xn--bcher-kva.de"},
        Case{"domain", "evil[.]example", "evil.example", "domain:evil.example"},
        Case{"domain", "evil{.}example", "evil.example", "domain:evil.example"},  // *
        Case{"domain", "*.evil.example", "evil.example", "domain:evil.example"},  // *
        Case{"domain|ip", "*.evil.com|192.0.2.1", "evil.com|192.0.2.1",
             "domain:evil.com address:192.0.2.1"},
        Case{"hostname", "*.evil.example", "value-bad-name", ""},
        Case{"hostname|port", "*.evil.example|443", "value-bad-name", ""},
        Case{"domain", "*.*.evil.example", "value-bad-name", ""},
        Case{"domain", ".evil.example", "evil.example", "domain:evil.example"},  // *
        Case{"domain|ip", ".evil.com|192.0.2.1", "evil.com|192.0.2.1",
             "domain:evil.com address:192.0.2.1"},
        Case{"hostname", ".evil.example", "value-bad-name", ""},  // *
        Case{"hostname|port", ".evil.example|443", "value-bad-name", ""},
        Case{"url", "http://.evil.example/a", "value-bad-url", ""},
        Case{"email", "a@.evil.example", "value-bad-email", ""},
        Case{"domain", "_dmarc.x.com", "_dmarc.x.com", "domain:_dmarc.x.com"},
        Case{"domain", "localhost", "value-single-label", ""},
        Case{"domain", "1.2.3.4", "value-bad-name", ""},
        Case{"domain", "a b.com", "value-bad-name", ""},
        Case{"domain", "a..com", "value-bad-name", ""},
        Case{"hostname", "EVIL.com.", "evil.com", "hostname:evil.com"},  // *
        Case{"hostname",
             "b\xC3\xBC"
             "cher.de",
             "xn--bcher-kva.de", "hostname:xn--bcher-kva.de"},  // *
        Case{"hostname|port", "Evil.com:443", "evil.com|443", "hostname:evil.com"},
        Case{"domain|ip", "Evil.com|192.0.2.1", "evil.com|192.0.2.1",
             "domain:evil.com address:192.0.2.1"},
        Case{"domain|ip", "evil.com", "value-bad-composite", ""},
        Case{"onion-address", "expyuzz4wqqyqhjn.onion", "expyuzz4wqqyqhjn.onion",
             "domain:expyuzz4wqqyqhjn.onion"},
        Case{"onion-address", "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion",
             "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion",
             "domain:pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion"}));  // *

INSTANTIATE_TEST_SUITE_P(
    Addresses, NormaliseTest,
    testing::Values(Case{"ip-dst", "192.0.2.1/32", "192.0.2.1", "address:192.0.2.1"},
                    Case{"ip-dst", "192.0.2.77/24", "192.0.2.0/24", "network:192.0.2.0/24"},  // *
                    Case{"ip-dst", "2001:DB8:0:0::1", "2001:db8::1", "address:2001:db8::1"},
                    Case{"ip-dst", "2001:db8::1/32", "2001:db8::/32", "network:2001:db8::/32"},
                    Case{"ip-dst", "::ffff:192.0.2.1", "192.0.2.1", "address:192.0.2.1"},  // *
                    Case{"ip-dst", "010.1.2.3", "value-bad-address", ""},
                    Case{"ip-dst", "1.2.3", "value-bad-address", ""},
                    Case{"ip-dst", "1.2.3.4/33", "value-bad-address", ""},
                    Case{"ip-dst", "192[.]0[.]2[.]1", "192.0.2.1", "address:192.0.2.1"},
                    Case{"ip-src|port", "192.0.2.1:80", "192.0.2.1|80", "address:192.0.2.1"},
                    Case{"ip-src|port", "[2001:db8::1]:443", "2001:db8::1|443",
                         "address:2001:db8::1"},
                    Case{"ip-src|port", "192.0.2.1|0", "value-bad-port", ""}));

INSTANTIATE_TEST_SUITE_P(
    Hashes, NormaliseTest,
    testing::Values(
        Case{"md5", "D41D8CD98F00B204E9800998ECF8427E", "d41d8cd98f00b204e9800998ecf8427e",
             "md5:d41d8cd98f00b204e9800998ecf8427e"},
        Case{"sha256", "d41d8cd98f00b204e9800998ecf8427e", "value-bad-hash", ""},
        Case{"filename|md5", "a.exe|D41D8CD98F00B204E9800998ECF8427E",
             "a.exe|d41d8cd98f00b204e9800998ecf8427e", "md5:d41d8cd98f00b204e9800998ecf8427e"},
        Case{"malware-sample", "a|d41d8cd98f00b204e9800998ecf8427e",
             "a|d41d8cd98f00b204e9800998ecf8427e", "md5:d41d8cd98f00b204e9800998ecf8427e"},
        Case{"x509-fingerprint-sha1", "DA:39:A3:EE:5E:6B:4B:0D:32:55:BF:EF:95:60:18:90:AF:D8:07:09",
             "da39a3ee5e6b4b0d3255bfef95601890afd80709",
             "x509-sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709"}));

INSTANTIATE_TEST_SUITE_P(
    Others, NormaliseTest,
    testing::Values(
        Case{"url", "hxxps://Evil[.]Example:443/A?b=C#d", "https://Evil.Example:443/A?b=C#d",
             "url:https://evil.example/A?b=C"},
        Case{"url", "http://evil.example", "http://evil.example", "url:http://evil.example/"},
        Case{"url", "http://[2001:db8::1]:8080/x", "http://[2001:db8::1]:8080/x",
             "url:http://[2001:db8::1]:8080/x"},
        Case{"url", "http://user@evil.example/x", "http://user@evil.example/x",
             "url:http://evil.example/x"},
        Case{"url", "http://*.evil.example/x", "value-bad-url", ""},
        Case{"url", "not a url", "value-bad-url", ""}, Case{"url", "https://", "value-bad-url", ""},
        Case{"email-src", "Joe <Joe@EVIL.example>", "Joe@evil.example", "email:joe@evil.example"},
        Case{"email-src", "a@*.evil.example", "value-bad-email", ""},
        Case{"email-src", "a@b@c.example", "value-bad-email", ""},
        Case{"filename", "a\nb", "value-control-character", ""},
        Case{"AS", "AS1.5", "65541", "other:65541"},
        Case{"mac-address", "00-11-22-AA-BB-CC", "00:11:22:aa:bb:cc", "other:00:11:22:aa:bb:cc"},
        Case{"vulnerability", "cve-2021-44228", "CVE-2021-44228", "other:CVE-2021-44228"},
        Case{"text", "  ", "value-empty", ""}, Case{"no-such-type", "x", "x", ""}));

TEST(Normalise, IsIdempotentForEveryType) {
  for (const TypeInfo& type : AllTypes()) {
    for (const char* input :
         {"EVIL.Example.", "192.0.2.77/24", "a|192.0.2.1", "x|D41D8CD98F00B204E9800998ECF8427E",
          "hxxp://A.Example/x", "1.2.3.4:5", "AS7", "user@host.Example"}) {
      const Normalised once = Normalise(type.name, input);
      if (!once.ok()) continue;
      const Normalised twice = Normalise(type.name, once.value);
      EXPECT_EQ(once.value, twice.value) << type.name << ' ' << input;
    }
  }
}

TEST(Types, AreSortedSoThatTheyCanBeFound) {
  for (const TypeInfo& type : AllTypes())
    EXPECT_EQ(FindType(type.name), &type);
  EXPECT_EQ(AllTypes().size(), 194U);
}

TEST(PublicSuffix, KnowsSuffixesButNotNamesBelow) {
  EXPECT_TRUE(IsPublicSuffix("co.uk"));
  EXPECT_TRUE(IsPublicSuffix("com"));
  EXPECT_FALSE(IsPublicSuffix("evil.co.uk"));
}

TEST(Normalise, AFragmentThatDecidesIsToldFromOneThatDoesNot) {
  for (const char* url :
       {"https://mega.example/#!P12345", "https://web.telegram.example/#/im?p=@evil",
        "http://spa.example/#login", "http://spa.example#x", "http://a.example/app#/login",
        "http://a.example/app?x=1#!/y"})
    EXPECT_TRUE(Normalise("url", url).fragment_decides) << url;
  for (const char* url : {"http://a.example/page#top", "http://a.example/#", "http://a.example/",
                          "http://a.example/?q=1#part", "http://a.example/p?x=1"})
    EXPECT_FALSE(Normalise("url", url).fragment_decides) << url;
  Normalised reused = Normalise("url", "https://mega.example/#!P12345");
  Normalise(FindType("domain"), "a.example", &reused);
  EXPECT_FALSE(reused.fragment_decides);
}

}  // namespace
}  // namespace gapferry::intel
