#include "collect/value_feed.h"

#include <gmock/gmock.h>
#include <algorithm>

#include "collect/json_message.h"
#include "collect/line_reader.h"
#include "tests/collect/corpus.h"

namespace gapferry::collect {
namespace {

using test::OpenStore;
using test::Records;
using test::Scratch;

constexpr Time kDay = kSecondsPerDay;

class ValueFeed : public testing::Test {
 protected:
  void SetUp() override { At(1'785'600'000); }
  void TearDown() override { ::unsetenv("SOURCE_DATE_EPOCH"); }
  static void At(Time time) { ::setenv("SOURCE_DATE_EPOCH", std::to_string(time).c_str(), 1); }

  Result<CollectReport> TryCollect(std::string_view text) {
    return CollectFreetext(store_, {.name = "feed"}, options_, {},
                           scratch_.Write("feed.txt", text));
  }
  CollectReport Collect(std::string_view text) {
    auto report = TryCollect(text);
    EXPECT_TRUE(report.ok()) << (report.ok() ? "" : report.error().what);
    return report.ok() ? std::move(report).value() : CollectReport{};
  }
  std::vector<std::string> Values() {
    std::vector<std::string> values;
    auto read = store_.Reader().ForEach([&](const store::Record& record) {
      if (record.kind == store::RecordKind::kAttribute) values.push_back(record.attribute.value);
      return Ok();
    });
    EXPECT_TRUE(read.ok());
    std::sort(values.begin(), values.end());
    return values;
  }
  Digest256 EventDigest() {
    const auto events = store_.ListEvents(store_.KnownSources()->front().id);
    return events->front().input_digest.value();
  }

  Scratch scratch_;
  store::Store store_ = OpenStore(scratch_);
  ValueFeedOptions options_;
};

TEST_F(ValueFeed, SaysWhatRangesItLeaves) {
  const CollectReport report =
      Collect("a\n10.0.0.0-10.255.255.255 1.2.0.0-1.4.0.0\n203.0.113.6-203.0.113.7\n");
  EXPECT_THAT(Values(), testing::ElementsAre("203.0.113.6/31"));
  ASSERT_EQ(report.notes.size(), 1U);
  EXPECT_THAT(report.notes[0].text, testing::HasSubstr("2 ranges of more than 65,536 addresses"));
  EXPECT_THAT(report.notes[0].text, testing::EndsWith("in line 2"));
}

TEST_F(ValueFeed, IsOneEventWhoseRowsStayAsTheyAre) {
  EXPECT_EQ(Collect("a.example.com\nb.example.com\na.example.com\n").values->added, 2u);
  const auto before = Records(store_);
  const Digest256 digest = EventDigest();
  At(1'785'600'000 + 3600);
  EXPECT_EQ(Collect("a.example.com\nb.example.com\na.example.com\n").unchanged, 1u);
  EXPECT_EQ(Collect("# made anew\nb.example.com\na.example.com\n").unchanged, 1u);
  EXPECT_EQ(Records(store_), before);
  EXPECT_EQ(EventDigest(), digest);  // or every site's part of the mirror is read again
}

TEST_F(ValueFeed, RemovesWhatIsNoLongerListed) {
  (void)Collect("a.example.com\nb.example.com\n");
  const Digest256 digest = EventDigest();
  const CollectReport report = Collect("b.example.com\nc.example.com\n");
  EXPECT_EQ(report.values->added, 1u);
  EXPECT_EQ(report.values->gone, 1u);
  EXPECT_EQ(report.values->same, 1u);
  EXPECT_EQ(Values(), (std::vector<std::string>{"b.example.com", "c.example.com"}));
  EXPECT_NE(EventDigest(), digest);
}

TEST_F(ValueFeed, WithoutDeltaMergeKeepsForAWhile) {
  options_.event.delta_merge = false;
  options_.event.keep_days = 10;
  const Time start = 1'785'600'000;
  (void)Collect("a.example.com\nb.example.com\n");
  const auto before = Records(store_);
  At(start + kDay);
  EXPECT_EQ(Collect("b.example.com\n").values->kept, 1u);
  EXPECT_EQ(Records(store_), before);  // that it is gone is noted in the mirror only
  At(start + 5 * kDay);
  EXPECT_EQ(Collect("b.example.com\n").values->kept, 1u);
  At(start + 11 * kDay);
  EXPECT_EQ(Collect("b.example.com\n").values->gone, 1u);
  EXPECT_EQ(Values(), std::vector<std::string>{"b.example.com"});
}

TEST_F(ValueFeed, WhatComesBackIsListedAgain) {
  options_.event.delta_merge = false;
  options_.event.keep_days = 10;
  (void)Collect("a.example.com\nb.example.com\n");
  (void)Collect("b.example.com\n");
  EXPECT_EQ(Collect("a.example.com\nb.example.com\n").values->renewed, 1u);
  At(1'785'600'000 + 30 * kDay);
  EXPECT_EQ(Collect("a.example.com\nb.example.com\n").values->gone, 0u);
}

TEST_F(ValueFeed, DatesAnewWhatIsStillListed) {
  (void)Collect("a.example.com\n");
  At(1'785'600'000 + 6 * kDay);
  EXPECT_EQ(Collect("a.example.com\n").values->renewed, 0u);
  At(1'785'600'000 + 7 * kDay);
  EXPECT_EQ(Collect("a.example.com\n").values->renewed, 1u);
}

TEST_F(ValueFeed, AFeedWithoutValuesIsAnError) {
  (void)Collect("a.example.com\n");
  const auto before = Records(store_);
  const auto empty = TryCollect("sorry, we are down\n");
  ASSERT_FALSE(empty.ok());
  EXPECT_THAT(empty.error().what, testing::HasSubstr("there were 1 before"));
  EXPECT_EQ(Records(store_), before);
  options_.event.allow_empty = true;
  EXPECT_EQ(Collect("").values->gone, 1u);
}

TEST_F(ValueFeed, DoesNotShrinkToAlmostNothing) {
  std::string many;
  for (int i = 0; i < 100; ++i)
    many += fmt::format("a{}.example.com\n", i);
  (void)Collect(many);
  const auto before = Records(store_);
  const auto fewer = TryCollect(many.substr(0, many.find("a9.")));
  ASSERT_FALSE(fewer.ok());
  EXPECT_EQ(fewer.error().kind, Kind::kMalformed);
  EXPECT_THAT(fewer.error().what, testing::HasSubstr("has 9 values, and had 100 before"));
  EXPECT_EQ(Records(store_), before);
  // As many others are news.
  std::string others;
  for (int i = 0; i < 10; ++i)
    others += fmt::format("b{}.example.com\n", i);
  EXPECT_EQ(Collect(others).values->gone, 100u);
  // Other settings find other values.
  options_.settings = "other";
  EXPECT_EQ(Collect("b1.example.com\n").values->gone, 9u);
}

// A line of too many bytes without a blank is refused.
std::string Refusable() {
  return std::string(kMaxLineBytes + 1, 'x') + "\n";
}

TEST_F(ValueFeed, WhatIsRefusedKeepsItsValues) {
  (void)Collect("a.example.com\nb.example.com\nc.example.com\n");
  const auto before = Records(store_);
  for (int again = 0; again < 2; ++again) {
    const CollectReport report = Collect("a.example.com\n" + Refusable() + "c.example.com\n");
    EXPECT_EQ(report.refused_count, 1u);
    EXPECT_EQ(report.values->kept, 1u);
    ASSERT_EQ(report.notes.size(), 1u);
    EXPECT_THAT(report.notes[0].text, testing::HasSubstr("1 values are no longer listed, but 1"));
    EXPECT_EQ(Records(store_), before);
  }
  EXPECT_EQ(Collect("a.example.com\nc.example.com\n").values->gone, 1u);
}

TEST_F(ValueFeed, WhatWasRefusedBeforeHoldsNothing) {
  (void)Collect("a.example.com\nb.example.com\n" + Refusable());
  EXPECT_EQ(Collect("a.example.com\n" + Refusable()).values->gone, 1u);
}

TEST_F(ValueFeed, WhatStaysRefusedHoldsForAWhile) {
  options_.event.keep_days = 10;
  const Time start = 1'785'600'000;
  (void)Collect("a.example.com\nb.example.com\n");
  EXPECT_EQ(Collect("a.example.com\n" + Refusable()).values->kept, 1u);
  At(start + 9 * kDay);
  EXPECT_EQ(Collect("a.example.com\n" + Refusable()).values->kept, 1u);
  At(start + 10 * kDay);
  EXPECT_EQ(Collect("a.example.com\n" + Refusable()).values->gone, 1u);
  // It is the feed as it is now.
  (void)Collect("a.example.com\nb.example.com\n" + Refusable());
  EXPECT_EQ(Collect("a.example.com\n" + Refusable()).values->gone, 1u);
}

TEST_F(ValueFeed, WhatIsHeldIsWrittenAnewWhenItComesBack) {
  (void)Collect("a.example.com\nb.example.com\n");
  options_.event.to_ids = false;
  (void)Collect("a.example.com\n" + Refusable());
  (void)Collect("a.example.com\nb.example.com\n");
  auto read = store_.Reader().ForEach([](const store::Record& record) {
    EXPECT_TRUE(record.kind != store::RecordKind::kAttribute || !record.attribute.to_ids);
    return Ok();
  });
  EXPECT_TRUE(read.ok());
}

TEST_F(ValueFeed, APageIsNoFeed) {
  (void)Collect("a.example.com\n");
  const auto before = Records(store_);
  const auto refused = [&](Expected expected, const std::string& text) {
    options_.expected = expected;
    const auto report = TryCollect(text);
    return !report.ok() && report.error().kind == Kind::kMalformed && Records(store_) == before;
  };
  for (const std::string& page : std::vector<std::string>{
           "<!DOCTYPE html><p>see help.example.com", "\xEF\xBB\xBF \r\n<HTML>see help.example.com",
           "<?xml version='1.0'?>\n<!-- x -->\n<html>help.example.com",
           "<script>window.location='https://help.example.com/sso'</script>",
           "<meta http-equiv='refresh' content='0;url=https://help.example.com/'>",
           "<Title>Denied</title> help.example.com",
           "<center><h1>502</h1></center> help.example.com", "<table\n><tr><td>help.example.com",
           "<?xml version='1.0'?><Error>help.example.com</Error>",
           "<!--" + std::string(5000, 'x') + "--><!DOCTYPE html><p>help.example.com",
           "# feed\n<!DOCTYPE html><p>help.example.com",
           "# feed\r\n" + std::string(9000, '\n') + "<!doctype html><p>help.example.com",
           "! feed\n!\n<!DOCTYPE html><p>help.example.com",
           "; feed\r\n// more\n;<html>\n<html>help.example.com",
           "!" + std::string(9000, 'x') + "\n/* a\nb */ <html>help.example.com"}) {
    EXPECT_TRUE(refused(Expected::kText, page)) << page;
    EXPECT_TRUE(refused(Expected::kTable, page)) << page;
    EXPECT_TRUE(refused(Expected::kNoPage, page)) << page;
  }
  for (const std::string error :
       {R"({"error": "see https://help.example.com"})",
        R"({"message": "no", "errors": [{"see": "help.example.com"}]})",
        R"({"status": {"code": 401, "msg": "see https://help.example.com"}})",
        R"({"success": false, "response": {"error": "see https://help.example.com"}})",
        R"({"data": [], "meta": {"docs": "https://help.example.com"}})",
        R"({"error": "see https://help.example.com)",
        R"([{"a": "help.example.com"}, )",
        R"({"error": "help.example.com"}
           {"error": "help.example.com"})",
        R"("limit reached, see https://help.example.com")",
        R"({"message": "see https://help.example.com", "status": 401})",
        R"([{"error": "see https://help.example.com"}])",
        R"({"errors": [{"id": "x"}], "links": {"self": "https://help.example.com"}})",
        "! limits\n{\"error\": \"see https://help.example.com\"}",
        ")]}'\n{\"error\": \"see https://help.example.com\"}",
        R"(callback({"error": "see https://help.example.com"});)",
        R"(/**/ typeof cb === 'function' && cb({"error": "help.example.com"});)",
        R"(jQuery12_3.on[0]( {"message": "see https://help.example.com"} ) )",
        R"(callback({"error": "see https://help.example.com)",
        R"(callback([{"a": "help.example.com"}, )",
        R"(# limits
           {"error": "see https://help.example.com"})"}) {
    EXPECT_TRUE(refused(Expected::kText, error)) << error;
    EXPECT_TRUE(refused(Expected::kTable, error)) << error;
  }
  EXPECT_TRUE(refused(Expected::kTable, R"(["b.example.com"])"));
  EXPECT_TRUE(refused(Expected::kTable, R"(callback(["b.example.com"]);)"));
  EXPECT_TRUE(refused(Expected::kTable, "callback([\"b.example.com\",\n" + std::string(5000, ' ') +
                                            "\"c.example.com\"]);"));
  EXPECT_TRUE(refused(Expected::kTable,
                      "[\"b.example.com\", \"" + std::string(kMaxErrorDocument, 'x') + "\"]"));
  EXPECT_TRUE(
      refused(Expected::kTable, "{\"h\": \"b.example.com\"}\n{\"h\": \"b.example.org\"}\n"));
  options_.expected = Expected::kText;
  int number = 0;
  for (const std::string feed :
       {R"({"count": 1, "rows": ["%.example.com"]})",
        R"({"status": "ok", "data": {"h": "%.example.com"}})", R"({"status": ["%.example.com"]})",
        R"(callback({"count": 1, "rows": ["%.example.com"]});)", "see (%.example.com)\n",
        "%.example(.)com ([a])\n", "! list\n; of\n// names\n%.example.com\n",
        "//a.example.com/x\nhttp://%.example.com/y\n",
        R"({"%.example.com": {"port": 1}, "x": {"status": 1}})",
        "{\"h\": \"%.example.com\"}\n{\"h\": \"a.example.org\"}\n",
        "[Adblock Plus 2.0]\n||%.example.com^\n", "[2026-01-01] %.example.com\n",
        "\"%.example.com\"\n", "<soc@%.example.com> wrote\n",
        "<rss><link>http://%.example.com/x</link></rss>", "# <html>\n%.example.com\n"}) {
    std::string text = feed;
    text.replace(text.find('%'), 1, fmt::format("n{}", ++number));
    EXPECT_GE(Collect(text).values->added, 1u) << text;
  }
  options_.expected = Expected::kAnything;
  EXPECT_EQ(Collect("<html>c.example.com").values->added, 1u);
}

// Nor where a feed may be empty: what is JSON is no empty list.
TEST_F(ValueFeed, AnAnswerOfNothingInJsonIsNoEmptyFeed) {
  (void)Collect("a.example.com\nb.example.com\n");
  const auto before = Records(store_);
  options_.event.allow_empty = true;
  for (const Expected expected : {Expected::kText, Expected::kTable}) {
    options_.expected = expected;
    for (const std::string nothing :
         {"[]", "{}", " [ ]\n", "# none\n[]", "null", "false\n", R"({"data": []})", R"([{}])",
          R"({"error": "no"})", R"({"message": "no", "status": 401})", "cb([]);", "[", "{\"a\":"}) {
      const auto report = TryCollect(nothing);
      ASSERT_FALSE(report.ok()) << nothing;
      EXPECT_EQ(report.error().kind, Kind::kMalformed) << nothing;
      EXPECT_NE(report.error().what.find("a JSON document"), std::string::npos) << nothing;
      EXPECT_EQ(Records(store_), before);
    }
  }
  EXPECT_EQ(Collect("# nothing today\n").values->gone, 2u);
}

TEST_F(ValueFeed, OtherOptionsChangeTheRows) {
  (void)Collect("a.example.com\n");
  const auto before = Records(store_);
  options_.event.to_ids = false;
  const CollectReport report = Collect("a.example.com\n");
  EXPECT_EQ(report.changed, 1u);
  EXPECT_EQ(report.values->added, 0u);
  EXPECT_NE(Records(store_), before);
  options_.event.tags = {"tlp:clear"};
  EXPECT_EQ(Collect("a.example.com\n").changed, 1u);
  EXPECT_EQ(Collect("a.example.com\n").unchanged, 1u);
}

TEST_F(ValueFeed, NamesEqualValuesOfTwoSourcesApart) {
  (void)Collect("a.example.com\n");
  ASSERT_TRUE(
      CollectFreetext(store_, {.name = "other"}, options_, {}, scratch_.path() / "feed.txt").ok());
  EXPECT_EQ(Records(store_).size(), 6u);  // two sources, two events, two attributes
}

}  // namespace
}  // namespace gapferry::collect
