#include "detect/guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gapferry::detect {
namespace {

using policy::Reason;
using testing::HasSubstr;

struct Counts {
  std::uint64_t used = 0;
  std::map<std::pair<Reason, std::string>, std::uint64_t> left_out = {};
};

// What the guard says of the step from `before` to `now`; one value an attribute.
std::string Step(const Counts& before, const Counts& now, const Site& site = {}) {
  Json left_out = Json::array();
  for (const auto& [key, count] : before.left_out) {
    left_out.push_back(
        {{"reason", policy::ReasonCode(key.first)}, {"detail", key.second}, {"attributes", count}});
  }
  const Json manifest = {
      {"used", before.used}, {"values", {{"domain", before.used}}}, {"left_out", left_out}};
  DestinationSummary summary;
  summary.name = "ids";
  summary.used = summary.values["domain"] = now.used;
  for (const auto& [key, count] : now.left_out)
    summary.reasons.Add(key.first, key.second, count);
  const Status status = GuardChange(site, summary, manifest);
  if (status.ok()) return "allowed";
  EXPECT_EQ(status.error().kind, Kind::kGuard);
  return status.error().what;
}

Counts With(std::uint64_t used, const std::string& list, std::uint64_t count) {
  return {used, {{{Reason::kWarninglist, list}, count}}};
}

TEST(Guard, NamesTheListThatSuddenlySuppresses) {
  EXPECT_EQ(Step(With(960, "Top 1000", 40), With(850, "Top 1000", 150)),
            "ids: lists would suppress 11.0 % more of the attributes than before, and 10 % is the "
            "limit: \"Top 1000\" 150 (40 before)");
  EXPECT_EQ(Step(With(960, "Top 1000", 40), With(860, "Top 1000", 140)), "allowed");
}

TEST(Guard, CountsAListThatIsNew) {
  EXPECT_THAT(Step({1000}, With(880, "Poisoned", 120)), HasSubstr("\"Poisoned\" 120 (0 before)"));
}

TEST(Guard, CountsTheAllowlistToo) {
  const Counts now{880, {{{Reason::kAllowlist, "example.org"}, 120}}};
  EXPECT_THAT(Step({1000}, now), HasSubstr("the allowlist's example.org 120 (0 before)"));
}

TEST(Guard, SeesSmallRisesOfManyListsTogether) {
  Counts now{880};
  for (const char* list : {"a", "b", "c", "d"})
    now.left_out[{Reason::kWarninglist, list}] = 30;
  EXPECT_THAT(Step({1000}, now), HasSubstr(" and 1 more"));
}

TEST(Guard, LetsNoListHideBehindAnother) {
  EXPECT_THAT(Step(With(800, "withdrawn", 200), With(800, "poisoned", 200)),
              HasSubstr("\"poisoned\" 200 (0 before)"));
}

TEST(Guard, TakesGrowthForWhatItIs) {
  EXPECT_EQ(Step(With(900, "Top 1000", 100), With(1700, "Top 1000", 200)), "allowed");
}

TEST(Guard, CountsOtherReasonsNot) {
  EXPECT_EQ(Step({1000}, {800, {{{Reason::kTooOld, "ip-dst"}, 200}}}), "allowed");
}

TEST(Guard, IsForWhatIsInUseAndCanBeOverridden) {
  EXPECT_EQ(Step({99}, With(50, "x", 49)), "allowed");
  Site site;
  site.accept_change = true;
  EXPECT_EQ(Step({1000}, With(500, "x", 500), site), "allowed");
  site.accept_change = false;
  site.suppress_percent = 60;
  EXPECT_THAT(Step({1000}, With(500, "x", 500), site), HasSubstr("would shrink"));
}

TEST(Guard, ReadsAManifestThatAPersonChanged) {
  DestinationSummary summary;
  summary.values["domain"] = 200;
  summary.used = 200;
  for (const Json& left_out : {Json(), Json(7), Json::array({1, Json::object({{"reason", 3}})})}) {
    const Json manifest = {{"values", {{"domain", 200}}}, {"used", "many"}, {"left_out", left_out}};
    EXPECT_TRUE(GuardChange({}, summary, manifest).ok());
  }
}

}  // namespace
}  // namespace gapferry::detect
