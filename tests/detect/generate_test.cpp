#include "detect/generate.h"

#include <gmock/gmock.h>

#include <fstream>
#include <numeric>

#include "base/json.h"
#include "detect/explain.h"
#include "tests/detect/fixture.h"

namespace gapferry::detect {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

using GenerateTest = fixtures::DetectTest;

std::size_t Count(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

TEST_F(GenerateTest, EveryAttributeIsUsedOrCountedWithAReason) {
  Put(1, {"tlp:green"},
      {{"domain", "evil.example"},
       {"domain", "quiet.example", {}, false},
       {"domain", "secret.example", {"tlp:red"}},
       {"domain", "www.popular.example"},
       {"domain", "not a name"},
       {"url", "https://evil.example/x"},
       {"md5", "d41d8cd98f00b204e9800998ecf8427e"},
       {"comment", "text"},
       {"no-such-type", "text"},
       {"domain|ip", "both.example|198.51.100.1"},
       {"domain|ip", "popular.example|198.51.100.2"},
       {"domain", "co.uk"}});
  PutList("popular sites", {"popular.example"});
  const GenerateSummary summary =
      Run(MakeSite({Make("ids", "suricata"), Make("siem", "wazuh"), Make("rules", "sigma")}));
  const DestinationSummary& ids = summary.destinations[0];
  EXPECT_EQ(ids.attributes, 12U);
  EXPECT_EQ(ids.used, 3U);  // evil.example and both composites, the second by its address only
  EXPECT_EQ(ids.reasons.Count(policy::Reason::kWarninglist, "popular sites"), 1U);
  EXPECT_EQ(ids.part_reasons.Count(policy::Reason::kWarninglist, "popular sites"), 1U);
  EXPECT_EQ(ids.reasons.Count(policy::Reason::kNotToIds), 1U);
  EXPECT_EQ(ids.reasons.Count(policy::Reason::kTlpAboveDestination), 1U);
  EXPECT_EQ(ids.reasons.Count(policy::Reason::kPublicSuffix), 1U);
  EXPECT_EQ(ids.reasons.Count(policy::Reason::kTypeNotDetectable), 2U);
  EXPECT_EQ(ids.reasons.Count(policy::Reason::kFormatCannotExpress, "https-url-inexpressible"), 1U);
  EXPECT_EQ(ids.reasons.Count(policy::Reason::kFormatCannotExpress, "hash-kind-off"), 1U);
  EXPECT_THAT(Read("ids", "misp.rules"), Not(HasSubstr("popular.example")));
}

// Of a copy of events, too, whose walk is another one.
TEST_F(GenerateTest, ProgressAddsUpToEveryAttributeOnce) {
  std::vector<Value> values;
  for (int i = 0; i < 9000; ++i)
    values.push_back({"domain", fmt::format("evil{}.example", i)});
  Put(1, {"tlp:green"}, values);
  for (const std::string format : {"edl", "misp-feed"}) {
    std::vector<std::uint64_t> steps;
    const Site site = MakeSite({Make(format, format)});
    const auto summary = Generate(*store_, site, folder_ / format,
                                  [&](std::uint64_t further) { steps.push_back(further); });
    ASSERT_TRUE(summary.ok());
    EXPECT_EQ(summary->destinations[0].attributes, values.size());
    EXPECT_EQ(summary->destinations[0].used, values.size());
    EXPECT_GT(steps.size(), 2U) << format;
    EXPECT_EQ(std::accumulate(steps.begin(), steps.end(), std::uint64_t{0}), values.size())
        << format;
  }
}

TEST_F(GenerateTest, NamesOnlyTheEventsThatTheDestinationMayName) {
  Put(1, {"tlp:clear"}, {{"domain", "evil.example"}});
  Put(2, {"tlp:red"}, {{"domain", "evil.example"}});
  Put(3, {"tlp:green"}, {{"domain", "evil.example"}});
  Run(MakeSite({Make("open", "suricata", intel::Tlp::kClear),
                Make("inner", "suricata", intel::Tlp::kGreen)}));
  EXPECT_EQ(Count(Read("open", "misp.rules"), "tlp clear"), 4U);
  EXPECT_THAT(Read("open", "misp.rules"), HasSubstr(fixtures::NumberedUuid(1).ToString()));
  EXPECT_THAT(Read("open", "misp.rules"), Not(HasSubstr(fixtures::NumberedUuid(3).ToString())));
  EXPECT_EQ(Count(Read("inner", "misp.rules"), "tlp green"), 4U);
  EXPECT_EQ(Count(Read("inner", "misp.rules"), fixtures::NumberedUuid(3).ToString()), 4U);
  EXPECT_THAT(Read("inner", "misp.rules"), Not(HasSubstr(fixtures::NumberedUuid(2).ToString())));
}

TEST_F(GenerateTest, AFalsePositiveSpeaksForTheValueInEveryEvent) {
  Put(1, {"tlp:clear"}, {{"domain", "evil.example"}, {"domain", "other.example"}});
  Put(2, {"tlp:clear"}, {{"domain", "EVIL.example", {"false-positive:risk=\"high\""}}});
  const GenerateSummary summary = Run(MakeSite({Make("ids", "suricata")}));
  EXPECT_EQ(summary.destinations[0].reasons.Count(policy::Reason::kFalsePositive), 2U);
  EXPECT_EQ(summary.destinations[0].used, 1U);
}

TEST_F(GenerateTest, AFalsePositiveSpeaksForANameOfEitherKind) {
  Put(1, {"tlp:clear"}, {{"domain", "evil.example"}, {"hostname", "doubtful.example"}});
  Put(2, {"tlp:clear"},
      {{"hostname", "evil.example", {"false-positive:confirmed=\"true\""}},
       {"domain", "doubtful.example", {}, true, {0, 2, 0, 1'785'599'999, 0}},
       {"hostname", "www.evil.example"}});
  Site site = MakeSite({Make("ids", "suricata")});
  site.destinations[0].use.sightings.false_positives = 2;
  const GenerateSummary summary = Run(site);
  EXPECT_EQ(summary.destinations[0].reasons.Count(policy::Reason::kFalsePositive), 2U);
  EXPECT_EQ(summary.destinations[0].reasons.Count(policy::Reason::kSightedFalsePositive), 2U);
  EXPECT_EQ(summary.destinations[0].used, 1U);
}

// The guide says so.
TEST_F(GenerateTest, AFalsePositiveOfACompositeSpeaksForEachOfItsParts) {
  const intel::Sighting doubt{0, 2, 0, 1'785'599'999, 0};
  Put(1, {"tlp:clear"},
      {{"ip-dst|port", "198.51.100.7|443", {}, true, doubt},
       {"domain|ip", "pair.example|198.51.100.8", {}, true, doubt},
       {"hostname|port", "www.example|443", {}, true, doubt}});
  Put(2, {"tlp:clear"},
      {{"ip-dst", "198.51.100.7"},
       {"ip-src|port", "198.51.100.7|80"},
       {"domain", "pair.example"},
       {"ip-dst", "198.51.100.8"},
       {"hostname", "www.example"},
       {"ip-dst", "198.51.100.9"}});
  Site site = MakeSite({Make("ids", "suricata")});
  site.destinations[0].use.sightings.false_positives = 2;
  const GenerateSummary summary = Run(site);
  EXPECT_EQ(summary.destinations[0].reasons.Count(policy::Reason::kSightedFalsePositive), 8U);
  EXPECT_EQ(summary.destinations[0].used, 1U);
}

TEST_F(GenerateTest, SightingsDropWhatTheDestinationSays) {
  constexpr Time kBefore = 1'785'599'999;  // the bundle is made a second later
  Put(1, {"tlp:clear"},
      {{"domain", "evil.example"},
       {"domain", "doubtful.example", {}, true, {0, 2, 0, kBefore, 0}},
       {"domain|ip", "pair.example|198.51.100.7", {}, true, {9, 1, kBefore, kBefore, 0}},
       {"domain", "over.example", {}, true, {0, 0, 0, 0, kBefore}},
       {"domain", "soon.example", {}, true, {0, 0, 0, 0, kBefore + 86400}}});
  Put(2, {"tlp:clear"}, {{"domain", "DOUBTFUL.example"}, {"domain", "over.example"}});
  Site site =
      MakeSite({Make("usual", "suricata"), Make("careful", "suricata"), Make("deaf", "suricata")});
  site.destinations[1].use.sightings.false_positives = 2;
  site.destinations[2].use.sightings.heed_expiration = false;
  const GenerateSummary summary = Run(site);
  const auto count = [&](std::size_t place, policy::Reason reason) {
    return summary.destinations[place].reasons.Count(reason);
  };
  EXPECT_EQ(count(0, policy::Reason::kSightedFalsePositive), 0U);
  EXPECT_EQ(count(0, policy::Reason::kSightingExpired), 1U);
  // A false positive speaks for the value in every event, an expiration for its attribute.
  EXPECT_EQ(count(1, policy::Reason::kSightedFalsePositive), 2U);
  EXPECT_EQ(count(1, policy::Reason::kSightingExpired), 1U);
  EXPECT_EQ(count(2, policy::Reason::kSightingExpired), 0U);
  EXPECT_THAT(Read("usual", "misp.rules"), HasSubstr("doubtful.example"));
  EXPECT_THAT(Read("careful", "misp.rules"), Not(HasSubstr("doubtful.example")));
  EXPECT_THAT(Read("careful", "misp.rules"), HasSubstr("pair.example"));
  EXPECT_THAT(Read("careful", "misp.rules"), HasSubstr("over.example"));
  const auto why = WhyValue(*store_, site, "doubtful[.]example");
  ASSERT_TRUE(why.ok());
  ASSERT_EQ(why->occurrences.size(), 2U);
  std::int64_t called = 0;
  for (const WhyOccurrence& occurrence : why->occurrences) {
    called += occurrence.sighting.false_positives;
    EXPECT_TRUE(occurrence.decisions[0].allowed);
    EXPECT_EQ(occurrence.decisions[1].reason, policy::Reason::kSightedFalsePositive);
  }
  EXPECT_EQ(called, 2);
}

TEST_F(GenerateTest, TheSameInputGivesTheSameBytesAndSwitchesNothing) {
  Put(1, {"tlp:clear"}, {{"domain", "evil.example"}, {"ip-dst", "198.51.100.1"}});
  const Site site =
      MakeSite({Make("ids", "suricata"), Make("siem", "wazuh"), Make("rules", "sigma")});
  for (const DestinationSummary& made : Run(site).destinations)
    EXPECT_EQ(made.outcome, Outcome::kSwitched);
  const std::string before = Read("ids", "misp.rules");
  Site later = site;
  later.created += 86400;
  later.state_digest = "fedcba9876543210";
  for (const DestinationSummary& made : Run(later).destinations)
    EXPECT_EQ(made.outcome, Outcome::kUnchanged);
  EXPECT_EQ(Read("ids", "misp.rules"), before);
  // The manifest tells what state the unchanged artifacts now stand for.
  EXPECT_THAT(Read("ids", "manifest.json"), HasSubstr("fedcba9876543210"));
  EXPECT_THAT(
      std::distance(std::filesystem::directory_iterator(folder_ / "out/ids/generations"), {}), 1);
}

TEST_F(GenerateTest, OneChangedAttributeMovesOneRevision) {
  Put(1, {"tlp:clear"}, {{"ip-dst", "198.51.100.1"}, {"ip-dst", "198.51.100.2"}});
  Put(2, {"tlp:clear"}, {{"ip-dst", "198.51.100.3"}});
  const Site site = MakeSite({Make("ids", "suricata")});
  Run(site);
  EXPECT_EQ(Count(Read("ids", "misp.rules"), "rev:1;"), 3U);
  Put(1, {"tlp:clear"}, {{"ip-dst", "198.51.100.1"}, {"ip-src", "198.51.100.2"}});
  Run(site);
  EXPECT_EQ(Count(Read("ids", "misp.rules"), "rev:1;"), 2U);
  EXPECT_THAT(Read("ids", "misp.rules"),
              ::testing::ContainsRegex("198.51.100.2 any -> any any.*sid:1500001; rev:2;"));
}

TEST_F(GenerateTest, AnIdSurvivesTheReturnOfItsValueAndIsNeverReused) {
  const Site site = MakeSite({Make("ids", "suricata")});
  Put(1, {"tlp:clear"}, {{"ip-dst", "198.51.100.1"}, {"ip-dst", "198.51.100.2"}});
  Run(site);
  Put(1, {"tlp:clear"}, {{"ip-dst", "198.51.100.9"}, {"ip-dst", "198.51.100.2"}});
  Run(site);
  EXPECT_THAT(Read("ids", "misp.rules"), Not(HasSubstr("sid:1500000;")));
  EXPECT_THAT(Read("ids", "misp.rules"),
              ::testing::ContainsRegex("198.51.100.9 any.*sid:1500002; rev:1;"));
  Put(1, {"tlp:clear"}, {{"ip-dst", "198.51.100.1"}, {"ip-dst", "198.51.100.2"}});
  Run(site);
  EXPECT_THAT(Read("ids", "misp.rules"),
              ::testing::ContainsRegex("198.51.100.1 any.*sid:1500000; rev:1;"));
}

TEST_F(GenerateTest, AFailedCheckLeavesTheOldGenerationInUseAndNoIdBehind) {
  Site site = MakeSite({Make("ids", "suricata")});
  site.destinations[0].check = {"grep", "-q", "198.51.100.1 ", "{}/misp.rules"};
  Put(1, {"tlp:clear"}, {{"ip-dst", "198.51.100.1"}});
  EXPECT_EQ(Run(site).destinations[0].outcome, Outcome::kSwitched);
  Put(1, {"tlp:clear"}, {{"ip-dst", "198.51.100.2"}});
  const GenerateSummary summary = Run(site);
  EXPECT_EQ(summary.destinations[0].outcome, Outcome::kRefused);
  ASSERT_TRUE(summary.destinations[0].error.has_value());
  EXPECT_EQ(summary.destinations[0].error->kind, Kind::kArtifactCheck);
  EXPECT_THAT(Read("ids", "misp.rules"), HasSubstr("198.51.100.1 "));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_ / "out/ids/generations"), {}),
            1);
  site.destinations[0].check.clear();
  Run(site);
  EXPECT_THAT(Read("ids", "misp.rules"), HasSubstr("sid:1500001; rev:1;"));
}

TEST_F(GenerateTest, ACheckThatHangsIsEnded) {
  Site site = MakeSite({Make("ids", "suricata")});
  site.destinations[0].check = {"sleep", "60"};
  site.destinations[0].check_timeout = std::chrono::seconds(1);
  Put(1, {"tlp:clear"}, {{"ip-dst", "198.51.100.1"}});
  const GenerateSummary summary = Run(site);
  ASSERT_TRUE(summary.destinations[0].error.has_value());
  EXPECT_THAT(summary.destinations[0].error->what, HasSubstr("failed with no end within its time"));
  EXPECT_FALSE(std::filesystem::exists(Current("ids")));
}

TEST_F(GenerateTest, TheGuardRefusesALargeChangeUnlessItIsAccepted) {
  std::vector<Value> values;
  for (int i = 0; i < 120; ++i)
    values.push_back({"domain", fmt::format("d{}.example", i)});
  Site site = MakeSite({Make("ids", "suricata")});
  Put(1, {"tlp:clear"}, values);
  Run(site);
  values.resize(60);
  Put(1, {"tlp:clear"}, values);
  GenerateSummary summary = Run(site);
  ASSERT_TRUE(summary.destinations[0].error.has_value());
  EXPECT_EQ(summary.destinations[0].error->kind, Kind::kGuard);
  EXPECT_THAT(Read("ids", "misp.rules"), HasSubstr("d119.example"));
  site.accept_change = true;
  EXPECT_EQ(Run(site).destinations[0].outcome, Outcome::kSwitched);
  EXPECT_THAT(Read("ids", "misp.rules"), Not(HasSubstr("d119.example")));
}

TEST_F(GenerateTest, KeepsTheLastGenerationsAndClearsWhatACrashLeft) {
  Site site = MakeSite({Make("ids", "suricata")});
  site.keep = 2;
  std::filesystem::create_directories(folder_ / "out/ids/generations/000001-dead");
  std::ofstream(folder_ / "out/ids/generations/000001-dead/misp.rules") << "half";
  for (int i = 1; i < 6; ++i) {
    Put(1, {"tlp:clear"}, {{"ip-dst", fmt::format("198.51.100.{}", i)}});
    Run(site);
  }
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "out/ids/generations"))
    names.push_back(entry.path().filename());
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("000005-01234567", "000006-01234567"));
}

TEST_F(GenerateTest, ACanaryIsInTheArtifactsAndNotAmongTheAttributes) {
  Site site = MakeSite({Make("ids", "suricata"), Make("rules", "sigma")});
  for (Destination& destination : site.destinations)
    destination.canary = Canary{"domain", "canary.gapferry.example"};
  const GenerateSummary summary = Run(site);
  EXPECT_EQ(summary.destinations[0].attributes, 0U);
  EXPECT_THAT(Read("ids", "misp.rules"), HasSubstr("canary.gapferry.example"));
  EXPECT_EQ(summary.destinations[1].values.at("domain"), 1U);
}

TEST_F(GenerateTest, AWrongSiteIsRefusedBeforeAnythingIsWritten) {
  Site site = MakeSite({Make("ids", "suricatta")});
  const auto summary = Generate(*store_, site, folder_ / "out");
  ASSERT_FALSE(summary.ok());
  EXPECT_EQ(summary.error().kind, Kind::kConfig);
  EXPECT_THAT(summary.error().what, HasSubstr("did you mean \"suricata\"?"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out"));
}

// What one destination says of a list depends on no other.
TEST_F(GenerateTest, AMarkIsThatOfTheDestinationsOwnLists) {
  PutList("first", {"listed.com"});
  PutList("second", {"listed.com"});
  Put(1, {"tlp:clear"}, {{"domain", "listed.com"}, {"hostname|port", "a.com|80"}});
  const auto with = [](const std::string& name, policy::ListMode first, policy::ListMode second) {
    Destination destination = Make(name, "csv");
    destination.warninglist_modes = {{"first", first}, {"second", second}};
    return destination;
  };
  using policy::ListMode;
  const std::vector<Destination> all = {with("first", ListMode::kMark, ListMode::kOff),
                                        with("none", ListMode::kOff, ListMode::kOff),
                                        with("second", ListMode::kOff, ListMode::kMark),
                                        with("same", ListMode::kOff, ListMode::kMark)};
  Run(MakeSite(all));
  const auto ends = [&](const std::string& name, const std::string& value) {
    for (const std::string& line : Lines(name, "indicators.csv")) {
      if (line.starts_with(value + ',')) return line.substr(line.rfind(',', line.rfind(',') - 1));
    }
    return std::string("no line");
  };
  EXPECT_EQ(ends("first", "listed.com"), ",first,");
  EXPECT_EQ(ends("none", "listed.com"), ",,");
  EXPECT_EQ(ends("second", "listed.com"), ",second,");
  EXPECT_EQ(ends("same", "listed.com"), ",second,");
  EXPECT_EQ(ends("none", "a.com"), ",,") << "the port of hostname|port is not looked at";
  for (const Destination& alone : all)
    EXPECT_EQ(Run(MakeSite({alone})).destinations[0].outcome, Outcome::kUnchanged) << alone.name;
}

TEST_F(GenerateTest, WhyNamesTheEventTheReasonAndTheList) {
  PutList("popular sites", {"popular.example"});
  Put(1, {"tlp:red"}, {{"domain", "evil.example"}});
  Put(2, {"tlp:clear"},
      {{"hostname", "Evil[.]example"},
       {"domain", "popular.example"},
       {"filename|md5", "x.exe|d41d8cd98f00b204e9800998ecf8427e"},
       {"domain|ip", "popular.example|198.51.100.2"}});
  const Site site = MakeSite({Make("ids", "suricata"), Make("siem", "wazuh")});
  const Why why = WhyValue(*store_, site, "hxxp://evil.example/ ").value();
  EXPECT_THAT(why.occurrences, SizeIs(0));
  const Why evil = WhyValue(*store_, site, " EVIL.example.").value();
  ASSERT_THAT(evil.occurrences, SizeIs(2));
  for (const WhyOccurrence& found : evil.occurrences) {
    const bool red = found.event_uuid == fixtures::NumberedUuid(1);
    EXPECT_EQ(found.decisions[0].allowed, !red);
    EXPECT_EQ(found.decisions[0].reason,
              red ? policy::Reason::kTlpAboveDestination : policy::Reason::kAllowed);
  }
  const Why popular = WhyValue(*store_, site, "popular.example").value();
  ASSERT_THAT(popular.occurrences, SizeIs(2));
  for (const WhyOccurrence& found : popular.occurrences) {
    EXPECT_EQ(found.decisions[0].reason, policy::Reason::kWarninglist);
    EXPECT_EQ(found.decisions[0].detail, "popular sites");
  }
  const Why address = WhyValue(*store_, site, "198.51.100.2").value();
  ASSERT_THAT(address.occurrences, SizeIs(1));
  EXPECT_TRUE(address.occurrences[0].decisions[0].allowed);
  EXPECT_THAT(WhyValue(*store_, site, "x.exe").value().occurrences, SizeIs(1));
}

}  // namespace
}  // namespace gapferry::detect
