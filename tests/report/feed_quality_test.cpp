#include "report/feed_quality.h"

#include <gmock/gmock.h>

#include <tuple>

#include "report/feed_quality_page.h"
#include "report/html_page.h"
#include "tests/detect/fixture.h"

namespace gapferry::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

constexpr Time kNow = 1'788'000'000;  // 2026-08-29, four weeks after the fixture's attributes

class FeedQualityTest : public detect::fixtures::DetectTest {
 protected:
  FeedQuality Measure() {
    auto quality = MeasureFeeds(*store_, kNow, listed_, [](std::uint64_t) {});
    EXPECT_TRUE(quality.ok());
    Advise(&*quality);
    return std::move(quality).value();
  }

  void PutNames(int event, const std::string& source, int first, int last,
                const std::vector<std::string>& tags = {}) {
    std::vector<DetectTest::Value> names;
    for (int i = first; i < last; ++i)
      names.push_back({"domain", fmt::format("n{}.example", i)});
    Put(event, tags, names, source);
  }

  FirstListed listed_;
};

TEST_F(FeedQualityTest, AValueIsOneHoweverItIsWritten) {
  Put(1, {"tlp:green"}, {{"domain", "evil.example"}, {"domain", "EVIL.example."}}, "a");
  Put(2, {}, {{"domain|ip", "evil.example|198.51.100.1"}, {"url", "http://own.example/"}}, "b");
  const FeedQuality quality = Measure();
  ASSERT_EQ(quality.sources.size(), 2U);
  const SourceQuality& a = quality.sources[0];
  const SourceQuality& b = quality.sources[1];
  EXPECT_EQ(quality.values, 3U);
  EXPECT_EQ(a.attributes, 2U);
  EXPECT_EQ(a.values, 1U);
  EXPECT_EQ(a.unique, 0U);
  EXPECT_THAT(a.shared, ElementsAre(Pair("b", 1)));
  EXPECT_EQ(b.values, 3U);
  EXPECT_EQ(b.unique, 2U);
  EXPECT_EQ(a.untagged, 0U);
  EXPECT_EQ(b.untagged, 2U);
  EXPECT_EQ(a.tlp[static_cast<std::size_t>(intel::Tlp::kGreen)], 2U);
}

TEST_F(FeedQualityTest, NoiseIsWhatWarninglistsDrop) {
  PutList("popular", {"popular.example"});
  Put(1, {},
      {{"domain", "popular.example"}, {"hostname", "popular.example"}, {"domain", "x.example"}},
      "a");
  const FeedQuality quality = Measure();
  EXPECT_EQ(quality.warninglists, 1U);
  EXPECT_EQ(quality.sources[0].lists.at("popular"), 2U);
  EXPECT_EQ(quality.sources[0].listed, 2U);  // as a name with and without all below it
}

TEST_F(FeedQualityTest, OfTwoThatSayTheSameTheAdviceIsAgainstOne) {
  for (int source = 0; source < 2; ++source)
    Put(source, {}, {{"domain", "a.example"}, {"domain", "b.example"}},
        source == 0 ? "first" : "second");
  Put(3, {}, {{"domain", "a.example"}}, "part");
  const FeedQuality quality = Measure();
  EXPECT_EQ(quality.sources[0].advice, Advice::kKeep);
  EXPECT_EQ(quality.sources[1].advice, Advice::kDrop);  // "part"
  EXPECT_EQ(quality.sources[2].advice, Advice::kDrop);  // "second"
  EXPECT_THAT(quality.sources[2].reasons.front(),
              HasSubstr("2 of its 2 values are in first too, which stays"));
  EXPECT_EQ(quality.sources[2].reasons.back(), "no value goes with it");
}

TEST_F(FeedQualityTest, AllAdviceMayBeFollowedAtOnce) {
  // p has nearly all of q, and q nearly all of r; of r, p lacks four.
  PutNames(1, "p", 0, 100);
  PutNames(2, "q", 2, 102);
  PutNames(3, "r", 4, 104);
  const FeedQuality quality = Measure();
  EXPECT_EQ(quality.sources[0].advice, Advice::kKeep);
  EXPECT_EQ(quality.sources[1].advice, Advice::kDrop);
  EXPECT_THAT(quality.sources[1].reasons,
              ElementsAre("98 of its 100 values are in p too, which stays",
                          "up to 2 of its 100 values go with it"));
  EXPECT_EQ(quality.sources[2].advice, Advice::kReview);
}

TEST_F(FeedQualityTest, WhatDoesNotReachTheSameSitesIsNoReplacement) {
  PutNames(1, "a", 0, 50, {"tlp:red"});
  PutNames(2, "b", 0, 40, {"tlp:clear"});
  PutNames(3, "c", 0, 30, {"tlp:clear"});
  FeedQuality quality = Measure();
  EXPECT_NE(quality.sources[1].advice, Advice::kDrop);
  EXPECT_EQ(quality.sources[2].advice, Advice::kDrop);
  quality.sources[1].sites = {"north"};
  quality.sources[2].sites = {"north", "south"};
  Advise(&quality);
  EXPECT_NE(quality.sources[2].advice, Advice::kDrop);
  quality.sources[1].sites = {"north", "south", "west"};
  Advise(&quality);
  EXPECT_EQ(quality.sources[2].advice, Advice::kDrop);
  // One that is not collected any more is none either.
  quality.sources[1].configured = false;
  Advise(&quality);
  EXPECT_EQ(quality.sources[1].advice, Advice::kDrop);
  EXPECT_THAT(quality.sources[1].reasons, ElementsAre(HasSubstr("no longer in export.yml")));
  EXPECT_NE(quality.sources[2].advice, Advice::kDrop);
}

TEST_F(FeedQualityTest, OnlyWhatIsMeantForSensorsIsOfWorth) {
  PutList("popular", {"n0.example", "n1.example"});
  const auto put = [&](int event, const std::string& source, int first, int last, bool meant) {
    std::vector<DetectTest::Value> names;
    for (int i = first; i < last; ++i) {
      names.push_back({"domain", fmt::format("n{}.example", i)});
      names.back().to_ids = meant;
    }
    Put(event, {}, names, source);
  };
  put(1, "meant", 10, 60, true);
  put(2, "meant", 0, 10, false);
  put(3, "context", 0, 60, false);
  put(4, "mixed", 0, 50, false);
  put(5, "mixed", 50, 70, true);
  put(6, "names", 0, 5, false);
  const FeedQuality quality = Measure();
  const SourceQuality& context = quality.sources[0];
  const SourceQuality& meant = quality.sources[1];
  const SourceQuality& mixed = quality.sources[2];
  const SourceQuality& names = quality.sources[3];
  EXPECT_EQ(quality.values, 70U);
  EXPECT_EQ(std::tuple(meant.values, meant.unique, meant.listed), std::tuple(50U, 40U, 0U));
  EXPECT_EQ(std::tuple(mixed.values, mixed.unique, mixed.listed), std::tuple(20U, 10U, 0U));
  EXPECT_EQ(std::tuple(context.values, context.unique, context.listed), std::tuple(60U, 5U, 2U));
  EXPECT_EQ(std::tuple(names.values, names.unique), std::tuple(5U, 0U));
  EXPECT_THAT(meant.covered, ElementsAre(Pair("mixed", 10)));
  EXPECT_THAT(mixed.covered, ElementsAre(Pair("meant", 10)));
  // All that it has is in "context", which has more, but no sensor would be given it from there.
  EXPECT_EQ(meant.advice, Advice::kKeep);
}

TEST_F(FeedQualityTest, AListOfValuesIsAsOldAsItsValues) {
  // The fixture dates all of them 2026-08-01.
  Put(1, {}, {{"ip-dst", "198.51.100.1"}, {"domain", "a.example"}}, "list");
  Put(2, {}, {{"ip-dst", "198.51.100.1"}, {"domain", "b.example"}}, "other");
  const auto uuid = [](int place) {
    return UuidFromContent(AsBytes(fmt::format("list 1 {}", place)));
  };
  listed_["list"] = {{uuid(0), kNow - 200 * kSecondsPerDay},
                     {uuid(1), kNow - 100 * kSecondsPerDay}};
  std::sort(listed_["list"].begin(), listed_["list"].end());
  FeedQuality quality = Measure();
  SourceQuality& list = quality.sources[0];
  EXPECT_EQ(list.newest, kNow - 100 * kSecondsPerDay);
  EXPECT_EQ(list.dead, 1U);  // an address lives 180 days, a name longer
  EXPECT_THAT(list.reasons, ::testing::Contains(HasSubstr("nothing new for 100 days")));
  EXPECT_EQ(quality.sources[1].dead, 0U);
  EXPECT_EQ(quality.sources[1].newest, 1'785'542'400);
  // One of two values in each of two runs.
  list.runs = {{1, 2, 0, 0}, {2, 1, 0, 0}, {3, 0, 0, 1}};
  EXPECT_EQ(Churn(list), 50U);
}

TEST_F(FeedQualityTest, ASourceWithoutAnyValueIsNoReasonToStop) {
  Put(1, {}, {{"comment", "text"}}, "a");
  EXPECT_EQ(Measure().sources[0].advice, Advice::kReview);
}

TEST(Percent, RoundsAndKnowsNothing) {
  EXPECT_EQ(Percent(1, 3), 33U);
  EXPECT_EQ(Percent(2, 3), 67U);
  EXPECT_EQ(Percent(0, 0), 0U);
}

TEST_F(FeedQualityTest, ThePageRunsNothingAndFetchesNothing) {
  PutList("<script>alert(1)</script>", {"popular.example"});
  Put(1, {}, {{"domain", "popular.example"}}, "a");
  const std::string page = FeedQualityPage(Measure());
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;"));
  EXPECT_THAT(page, Not(HasSubstr("http:")));
  EXPECT_THAT(page, Not(HasSubstr("src=")));
}

TEST(EscapeHtml, LeavesNoMarkupAndNoControl) {
  EXPECT_EQ(EscapeHtml("<a href=\"x\" id='y'>&\x01"),
            "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;\\x01");
}

}  // namespace
}  // namespace gapferry::report
