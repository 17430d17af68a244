#include "policy/selection.h"

#include <gtest/gtest.h>

#include <functional>

namespace gapferry::policy {
namespace {

constexpr Time kNow = 1794268800;  // 2026-11-10
constexpr Uuid kNoObject = {};

intel::Tag Plain(std::string name) {
  intel::Tag tag;
  tag.name = std::move(name);
  return tag;
}

intel::Event SomeEvent() {
  intel::Event event;
  event.uuid = NewUuid();
  event.date = "2026-11-01";
  event.published = true;
  event.timestamp = kNow - 10 * kSecondsPerDay;
  event.publish_timestamp = kNow - 5 * kSecondsPerDay;
  event.threat_level = 2;
  event.distribution = 3;
  event.orgc_name = "CERT North";
  event.orgc_uuid = "55f6ea5e-2c60-40e5-964f-47a8950d210f";
  event.tags = {Plain("tlp:green"), Plain("osint:source-type=\"blog-post\"")};
  return event;
}

intel::Attribute SomeAttribute(std::string type, bool to_ids, std::vector<intel::Tag> tags = {}) {
  intel::Attribute attribute;
  attribute.uuid = NewUuid();
  attribute.type = std::move(type);
  attribute.to_ids = to_ids;
  attribute.tags = std::move(tags);
  return attribute;
}

// Each condition alone: one setting that the event meets, and one that it does not.
struct Case {
  const char* name;
  std::function<void(Selection*)> met;
  std::function<void(Selection*)> unmet;
};

const std::vector<Case>& Cases() {
  static const std::vector<Case> cases = {
      {"from", [](Selection* s) { s->from = "2026-11-01"; },
       [](Selection* s) { s->from = "2026-11-02"; }},
      {"to", [](Selection* s) { s->to = "2026-11-01"; },
       [](Selection* s) { s->to = "2026-10-31"; }},
      {"last", [](Selection* s) { s->last = ParseSpan("5d"); },
       [](Selection* s) { s->last = ParseSpan("119h"); }},
      {"orgs",
       [](Selection* s) {
         s->orgs = {"x", "cert north"};
       },
       [](Selection* s) { s->orgs = {"CERT South"}; }},
      {"not_orgs", [](Selection* s) { s->not_orgs = {"CERT South"}; },
       [](Selection* s) { s->not_orgs = {"55F6EA5E-2C60-40E5-964F-47A8950D210F"}; }},
      {"threat_levels",
       [](Selection* s) {
         s->threat_levels = {1, 2};
       },
       [](Selection* s) {
         s->threat_levels = {1, 3};
       }},
      {"distributions", [](Selection* s) { s->distributions = {3}; },
       [](Selection* s) {
         s->distributions = {0, 4};
       }},
      {"not_tags", [](Selection* s) { s->not_tags = {"osint:certainty=*"}; },
       [](Selection* s) { s->not_tags = {"OSINT:source-type=*"}; }},
      {"max_tlp", [](Selection* s) { s->max_tlp = intel::Tlp::kGreen; },
       [](Selection* s) { s->max_tlp = intel::Tlp::kClear; }},
  };
  return cases;
}

TEST(Selection, NamesTheConditionOfTheEventThatIsNotMet) {
  for (const Case& one : Cases()) {
    Selection selection;
    EXPECT_TRUE(selection.Empty());
    const Digest256 before = selection.Fingerprint();
    one.met(&selection);
    EXPECT_FALSE(selection.Empty()) << one.name;
    EXPECT_NE(selection.Fingerprint(), before) << one.name;
    EXPECT_EQ(JudgeEvent(selection, SomeEvent(), kNow).unmet, "") << one.name;
    one.unmet(&selection);
    EXPECT_EQ(JudgeEvent(selection, SomeEvent(), kNow).unmet, one.name);
  }
}

TEST(Selection, CountsAnEventThatDoesNotSayAsPublished) {
  Selection selection;
  selection.published_only = true;
  intel::Event event = SomeEvent();
  EXPECT_TRUE(JudgeEvent(selection, event, kNow).taken());
  event.published.reset();
  EXPECT_TRUE(JudgeEvent(selection, event, kNow).taken());
  event.published = false;
  EXPECT_EQ(JudgeEvent(selection, event, kNow).unmet, "published");
}

TEST(Selection, NamesTheConditionOfTheAttributeThatIsNotMet) {
  const intel::Event event = SomeEvent();
  const auto judge = [&](const Selection& selection, const intel::Attribute& attribute) {
    return JudgeAttribute(selection, JudgeEvent(selection, event, kNow), attribute,
                          intel::Tlp::kClear);
  };
  Selection selection;
  selection.types = {"domain"};
  EXPECT_EQ(judge(selection, SomeAttribute("domain", true)), "");
  EXPECT_EQ(judge(selection, SomeAttribute("ip-dst", true)), "types");
  selection = {};
  selection.to_ids = false;
  EXPECT_EQ(judge(selection, SomeAttribute("domain", true)), "to_ids");
  EXPECT_EQ(judge(selection, SomeAttribute("domain", false)), "");
  selection = {};
  selection.tags = {"kill-chain:*"};
  EXPECT_EQ(judge(selection, SomeAttribute("domain", true)), "tags");
  EXPECT_EQ(judge(selection, SomeAttribute("domain", true, {Plain("kill-chain:Delivery")})), "");
  selection.tags = {"tlp:green"};  // of the event
  EXPECT_EQ(judge(selection, SomeAttribute("domain", true)), "");
  selection = {};
  selection.not_tags = {"bad"};
  EXPECT_EQ(judge(selection, SomeAttribute("domain", true, {Plain("bad")})), "not_tags");
  selection = {};
  selection.max_tlp = intel::Tlp::kGreen;
  EXPECT_EQ(judge(selection, SomeAttribute("domain", true, {Plain("tlp:amber")})), "max_tlp");
}

TEST(Selection, TakesWhatHasNotDecayedByNow) {
  Selection selection;
  const Digest256 before = selection.Fingerprint();
  EXPECT_FALSE(selection.Ages());
  selection.decay = {.lifetime_days = 100, .decay_speed = 1, .threshold = 40, .base_score = 100};
  EXPECT_TRUE(selection.Ages() && selection.JudgesAttributes());
  EXPECT_NE(selection.Fingerprint(), before);
  const auto at = [&](int days, const intel::Attribute& attribute) {
    return JudgeAttribute(selection,
                          JudgeEvent(selection, SomeEvent(), kNow + days * kSecondsPerDay),
                          attribute, intel::Tlp::kClear);
  };
  intel::Attribute attribute = SomeAttribute("domain", true);
  EXPECT_EQ(at(10000, attribute), "") << "of unknown age";
  attribute.timestamp = kNow;
  EXPECT_EQ(at(60, attribute), "");
  EXPECT_EQ(at(61, attribute), "decay");
  attribute.sighting.seen = 1;
  attribute.sighting.last_seen = kNow + 10 * kSecondsPerDay;
  EXPECT_EQ(at(70, attribute), "");
  EXPECT_EQ(at(71, attribute), "decay");
}

TEST(Selection, FindsOutWhatIsLeftOfAnEvent) {
  Selection selection;
  selection.types = {"domain"};
  const Uuid first = NewUuid();
  const Uuid second = NewUuid();
  SelectedRows rows;
  rows.Event(selection, SomeEvent(), kNow);
  EXPECT_TRUE(rows.Emptied(selection)) << "an event without attributes has none of these types";
  rows.Attribute(selection, SomeAttribute("ip-dst", true), first);
  EXPECT_TRUE(rows.Emptied(selection));
  intel::Attribute deleted = SomeAttribute("domain", true);
  deleted.deleted = true;
  rows.Attribute(selection, deleted, kNoObject);
  EXPECT_TRUE(rows.Emptied(selection));
  rows.Attribute(selection, SomeAttribute("domain", true), second);
  EXPECT_FALSE(rows.Emptied(selection));
  EXPECT_FALSE(rows.HasAttributesOf(first));
  EXPECT_TRUE(rows.HasAttributesOf(second));
}

TEST(Selection, TakesAnEventWithoutAttributesUnlessItAsksForSome) {
  Selection selection;
  selection.not_tags = {"bad"};
  SelectedRows rows;
  rows.Event(selection, SomeEvent(), kNow);
  EXPECT_FALSE(rows.Emptied(selection));
  rows.Attribute(selection, SomeAttribute("domain", true, {Plain("bad")}), kNoObject);
  EXPECT_TRUE(rows.Emptied(selection)) << "all that it had is left out";
}

TEST(Selection, ReadsSpansAsMispWritesThem) {
  EXPECT_EQ(ParseSpan("90d"), std::chrono::hours(90 * 24));
  EXPECT_EQ(ParseSpan("12h"), std::chrono::hours(12));
  EXPECT_EQ(ParseSpan("30m"), std::chrono::minutes(30));
  for (const char* wrong : {"", "d", "0d", "-1d", "1", "1w", "1.5d", "99999999d", "1 d", "1dd"})
    EXPECT_EQ(ParseSpan(wrong), std::nullopt) << wrong;
}

}  // namespace
}  // namespace gapferry::policy
