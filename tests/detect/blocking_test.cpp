// What every format that blocks has in common, and what is its own but needs no engine to show.
#include <gmock/gmock.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "detect/format.h"
#include "tests/detect/fixture.h"

namespace gapferry::detect {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

class BlockingTest : public fixtures::DetectTest {
 protected:
  static std::vector<Destination> Blocking() {
    std::vector<Destination> destinations;
    for (const Format& format : AllFormats()) {
      if (format.power != policy::Power::kBlocks) continue;
      destinations.push_back(Make(std::string(format.name), std::string(format.name)));
      // Even where the configuration claims less.
      destinations.back().use.power = policy::Power::kReadsLogs;
    }
    return destinations;
  }
  std::string Everything(const std::string& destination) {
    std::string all;
    for (const auto& file : std::filesystem::directory_iterator(Current(destination)))
      all += file.path().filename() == "manifest.json"
                 ? ""
                 : Read(destination, file.path().filename().string());
    return all;
  }
};

TEST_F(BlockingTest, PapAmberAndTheGuardsKeepValuesOut) {
  Put(1, {"tlp:clear"},
      {{"domain", "blocked.com"},
       {"ip-dst", "45.66.77.88"},
       {"domain", "amber.com", {"PAP:AMBER"}},
       {"ip-dst", "45.66.77.99", {"PAP:RED"}},
       {"domain", "co.uk"},
       {"domain", "own-site.com"},
       {"hostname", "www.own-site.com"},
       {"ip-dst", "46.1.1.1"},
       {"ip-dst", "46.0.0.0/15"},
       {"ip-dst", "10.1.2.3"},
       {"ip-dst", "224.0.0.9"},
       {"ip-dst", "127.0.0.1"},
       {"ip-dst", "0.0.0.0/0"},
       {"ip-dst", "::/0"},
       {"ip-dst", "fe80::1"},
       {"url", "http://www.own-site.com/x"}});
  const auto own = policy::Allowlist::Parse("own-site.com\n46.1.0.0/16\n", "own.txt");
  ASSERT_TRUE(own.ok());
  Site site = MakeSite(Blocking());
  site.own = &*own;
  const GenerateSummary summary = Run(site);
  ASSERT_GE(summary.destinations.size(), 9U);
  for (const DestinationSummary& made : summary.destinations) {
    ASSERT_FALSE(made.error) << made.name << ": " << made.error->what;
    const std::string text = Everything(made.name);
    for (const char* out : {"amber.com", "own-site", "co.uk", "77.99", "99.77", "46.1", "1.46",
                            "46.0", "10.1.2", "224.", "127.", "fe80"})
      EXPECT_THAT(text, Not(HasSubstr(out))) << made.name;
    EXPECT_EQ(made.reasons.Count(policy::Reason::kPapForbidsBlocking), 1U) << made.name;
    EXPECT_EQ(made.reasons.Count(policy::Reason::kPapForbids), 1U) << made.name;
    EXPECT_TRUE(text.find("blocked.com") != std::string::npos ||
                text.find("45.66.77.88") != std::string::npos)
        << made.name;
  }
}

TEST_F(BlockingTest, TheSameInputGivesTheSameBytesAndAChangeChangesFewLines) {
  std::vector<Value> values;
  for (int i = 0; i < 500; ++i) {
    values.push_back({"domain", fmt::format("name-{}.com", i * 7919 % 1000)});
    values.push_back({"ip-dst", fmt::format("45.{}.{}.7", i % 200 + 1, i % 13)});
    values.push_back({"url", fmt::format("http://name-{}.net/path", i)});
  }
  Put(1, {"tlp:clear"}, values);
  Run(MakeSite(Blocking()));
  std::map<std::string, std::vector<std::string>> before;
  const auto lines_of = [&](const std::string& name) {
    std::istringstream in(Everything(name));
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);)
      lines.push_back(line);
    std::sort(lines.begin(), lines.end());
    return lines;
  };
  for (const Destination& destination : Blocking())
    before[destination.name] = lines_of(destination.name);
  for (const DestinationSummary& made : Run(MakeSite(Blocking())).destinations)
    EXPECT_EQ(made.outcome, Outcome::kUnchanged) << made.name;

  values[300] = {"domain", "another-name.com"};
  values[301] = {"ip-dst", "47.1.2.3"};
  Put(1, {"tlp:clear"}, values);
  Run(MakeSite(Blocking()));
  for (const auto& [name, lines] : before) {
    const auto after = lines_of(name);
    std::vector<std::string> changed;
    std::set_symmetric_difference(lines.begin(), lines.end(), after.begin(), after.end(),
                                  std::back_inserter(changed));
    EXPECT_LE(changed.size(), 8U) << name;
    EXPECT_GE(changed.size(), 1U) << name;
  }
}

class RpzTest : public fixtures::DetectTest {
 protected:
  std::string Serial() {
    const std::string soa = Lines("dns", "misp.rpz").at(2);
    return soa.substr(soa.find("misp. ") + 6, 10);
  }
};

TEST_F(RpzTest, TheSerialMovesOnlyWithTheZone) {
  Site site = MakeSite({Make("dns", "rpz")});
  Put(1, {"tlp:clear"}, {{"domain", "one.com"}});
  Run(site);
  EXPECT_EQ(Serial(), "2026080100");
  site.created += 30 * 86400;  // another bundle, the same zone
  site.state_digest = "fedcba9876543210";
  Run(site);
  EXPECT_EQ(Serial(), "2026080100");
  Put(1, {"tlp:clear"}, {{"domain", "one.com"}, {"domain", "two.com"}});
  Run(site);
  EXPECT_EQ(Serial(), "2026083100");
  Put(1, {"tlp:clear"}, {{"domain", "one.com"}});
  site.accept_change = true;
  Run(site);
  EXPECT_EQ(Serial(), "2026083101");  // the old content again is still a newer zone
  site.created -= 40 * 86400;         // an older bundle was gone back to
  Put(1, {"tlp:clear"}, {{"domain", "three.com"}});
  Run(site);
  EXPECT_EQ(Serial(), "2026083102");
}

TEST_F(RpzTest, AddressesAreTriggersInTheFormThatBindCallsCanonical) {
  Put(1, {"tlp:clear"},
      {{"ip-dst", "45.66.0.0/17"},
       {"ip-dst", "2a01:4f8::/32"},
       {"ip-dst", "2a01:4f9:0:0:1::1"},
       {"ip-dst", "2a01:4fa:1:2:3:4:5:6"}});
  Run(MakeSite({Make("dns", "rpz")}));
  const auto lines = Lines("dns", "misp.rpz");
  for (const char* owner : {"17.0.0.66.45.rpz-ip", "32.zz.4f8.2a01.rpz-ip",
                            "128.1.0.0.1.zz.4f9.2a01.rpz-ip", "128.6.5.4.3.2.1.4fa.2a01.rpz-ip"})
    EXPECT_THAT(lines, Contains(::testing::StartsWith(std::string(owner) + " CNAME . ; ")))
        << owner;
}

TEST_F(RpzTest, AGardenIsANameOrAddresses) {
  Put(1, {"tlp:clear"},
      {{"hostname", "one.com"}, {"domain", "x_y.com"}, {"domain", "-a.com"}, {"domain", "a-.com"}});
  Site site = MakeSite({Make("dns", "rpz")});
  RpzOptions& rpz = site.destinations[0].net.rpz;
  rpz.action = "garden";
  EXPECT_FALSE(CheckSite(site).ok());
  rpz.garden = {"198.51.100.1", "2001:db8::1"};
  const auto summary = Run(site);
  EXPECT_EQ(
      summary.destinations[0].reasons.Count(policy::Reason::kFormatCannotExpress, "no-host-name"),
      summary.destinations[0].attributes - summary.destinations[0].used);
  EXPECT_THAT(Read("dns", "misp.rpz"), Not(HasSubstr("x_y.com")));
  EXPECT_THAT(Read("dns", "misp.rpz"), HasSubstr("\none.com A 198.51.100.1 ; "));
  EXPECT_THAT(Read("dns", "misp.rpz"), HasSubstr("\none.com AAAA 2001:db8::1 ; "));
  for (const auto& wrong : std::vector<std::vector<std::string>>{
           {"198.51.100.1", "name.example"}, {"a.example", "b.example"}, {"a b"}, {"010.1.1.1"}}) {
    rpz.garden = wrong;
    EXPECT_FALSE(CheckSite(site).ok()) << wrong[0];
  }
  site.accept_change = true;
  rpz.garden = {"warn.site.example"};
  Run(site);
  EXPECT_THAT(Read("dns", "misp.rpz"), HasSubstr("\none.com CNAME warn.site.example. ; "));
  EXPECT_THAT(Read("dns", "misp.rpz"), HasSubstr("\n*.x_y.com CNAME warn.site.example. ; "));
}

TEST_F(RpzTest, ANameThatWouldNotFitIntoTheZoneIsCounted) {
  const std::string label(60, 'a');
  const std::string fits = label + '.' + label + '.' + label + '.' + std::string(55, 'b') + ".com";
  const std::string over = label + '.' + label + '.' + label + '.' + std::string(56, 'b') + ".com";
  Put(1, {"tlp:clear"}, {{"domain", fits}, {"domain", over}});
  const auto summary = Run(MakeSite({Make("dns", "rpz")}));
  EXPECT_EQ(summary.destinations[0].reasons.Count(policy::Reason::kFormatCannotExpress, "too-long"),
            1U);
  EXPECT_THAT(Read("dns", "misp.rpz"), HasSubstr(fits));
}

using EdlTest = fixtures::DetectTest;

TEST_F(EdlTest, NeverSaysMoreThanTheIndicator) {
  Put(1, {"tlp:clear"},
      {{"domain", "evil.com"},
       {"hostname", "www.host.com"},
       {"url", "https://a.com/x"},
       {"url", "http://a.com/x"},
       {"url", "http://a.com:8080/x"},
       {"url", "http://a.com/x*y"}});
  Site site = MakeSite({Make("wild", "edl"), Make("implied", "edl"), Make("none", "edl")});
  site.destinations[1].net.edl.below = "implied";
  site.destinations[2].net.edl.below = "none";
  const auto summary = Run(site);
  EXPECT_EQ(Read("wild", "misp-domain.txt"), "evil.com\n*.evil.com\nwww.host.com\n");
  EXPECT_EQ(Read("implied", "misp-domain.txt"), "evil.com\n");
  EXPECT_EQ(Read("none", "misp-domain.txt"), "evil.com\nwww.host.com\n");
  EXPECT_EQ(Read("wild", "misp-url.txt"), "a.com/x\n");
  EXPECT_EQ(Read("wild", "misp-ip.txt"), "");
  const auto count = [&](std::size_t place, std::string_view why) {
    return summary.destinations[place].reasons.Count(policy::Reason::kFormatCannotExpress, why);
  };
  EXPECT_EQ(count(1, "host-would-widen"), 1U);
  EXPECT_EQ(count(0, "url-port"), 1U);
  EXPECT_EQ(count(0, "wildcard-in-value"), 1U);
}

TEST_F(EdlTest, AListBeyondTheFirewallsLimitIsRefusedAndNotCut) {
  Put(1, {"tlp:clear"}, {{"ip-dst", "45.1.1.1"}, {"ip-dst", "45.1.1.2"}, {"ip-dst", "45.1.1.3"}});
  Site site = MakeSite({Make("fw", "edl")});
  site.destinations[0].net.edl.limit = 2;
  const auto summary = Run(site);
  ASSERT_TRUE(summary.destinations[0].error);
  EXPECT_EQ(summary.destinations[0].error->kind, Kind::kTooLarge);
  EXPECT_FALSE(std::filesystem::exists(Current("fw")));
}

}  // namespace
}  // namespace gapferry::detect
