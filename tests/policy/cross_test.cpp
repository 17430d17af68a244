#include "policy/cross.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace gapferry::policy {
namespace {

using intel::Tlp;

intel::Event Event(std::vector<std::string> tags = {}) {
  intel::Event event;
  event.orgc_name = "CIRCL";
  event.orgc_uuid = "55f6ea5e-2c60-40e5-964f-47a8950d210f";
  for (std::string& name : tags) {
    event.tags.emplace_back();
    event.tags.back().name = std::move(name);
  }
  return event;
}

intel::Attribute Attribute(std::vector<std::string> tags = {}) {
  intel::Attribute attribute;
  attribute.type = "domain";
  attribute.category = "Network activity";
  attribute.value = "a.example";
  attribute.tags = Event(std::move(tags)).tags;
  return attribute;
}

CrossPolicy Site(Tlp clearance) {
  CrossPolicy policy;
  policy.clearance = clearance;
  return policy;
}

Reason OfEvent(const CrossPolicy& policy, const intel::Event& event,
               std::string_view source = "s") {
  return DecideEvent(policy, event, source).decision.reason;
}
Reason OfAttribute(const CrossPolicy& policy, const intel::Event& event,
                   const intel::Attribute& attribute, const intel::Object* object = nullptr) {
  return DecideAttribute(policy, DecideEvent(policy, event, "s"), object, attribute).reason;
}

TEST(EffectiveTlp, TakesTheStricterOfEventAndAttribute) {
  const auto of = [](std::vector<std::string> event, std::vector<std::string> attribute) {
    return EffectiveTlp(ReadMarkings(Event(std::move(event)).tags),
                        ReadMarkings(Event(std::move(attribute)).tags), Tlp::kAmber);
  };
  EXPECT_EQ(of({"tlp:green"}, {"TLP:RED"}), Tlp::kRed);
  EXPECT_EQ(of({"tlp:red"}, {"tlp:white"}), Tlp::kRed);
  EXPECT_EQ(of({}, {"tlp:clear"}), Tlp::kAmber);
  EXPECT_EQ(of({}, {"tlp:red"}), Tlp::kRed);
  EXPECT_EQ(of({"tlp:green"}, {}), Tlp::kGreen);
  EXPECT_EQ(of({}, {}), Tlp::kAmber);
  EXPECT_EQ(of({"tlp:unclear"}, {"tlp:white"}), Tlp::kRed);
}

// Every pair of event TLP, attribute TLP and clearance, against the order written out.
TEST(Cross, LetsNothingAboveTheClearanceCross) {
  const std::vector<std::string> order = {"tlp:clear", "tlp:green", "tlp:amber", "tlp:amber+strict",
                                          "tlp:red"};
  for (std::size_t event = 0; event < order.size(); ++event) {
    for (std::size_t part = 0; part < order.size(); ++part) {
      for (std::size_t clearance = 0; clearance < order.size(); ++clearance) {
        const Reason reason = OfAttribute(Site(static_cast<Tlp>(clearance)), Event({order[event]}),
                                          Attribute({order[part]}));
        EXPECT_EQ(reason == Reason::kAllowed, std::max(event, part) <= clearance)
            << order[event] << " " << order[part] << " " << clearance;
      }
    }
  }
}

TEST(Cross, SaysWhichTlpStoodInTheWay) {
  EXPECT_EQ(OfEvent(Site(Tlp::kGreen), Event({"tlp:amber"})), Reason::kTlpAboveClearance);
  EXPECT_EQ(OfEvent(Site(Tlp::kAmber), Event({"tlp:purple"})), Reason::kTlpUnknown);
  EXPECT_EQ(OfEvent(Site(Tlp::kAmber), Event({"tlp:unclear"})), Reason::kTlpUnknown);
  EXPECT_EQ(OfEvent(Site(Tlp::kGreen), Event()), Reason::kTlpUntagged);
  EXPECT_EQ(OfEvent(Site(Tlp::kAmber), Event()), Reason::kAllowed);
  const EventContext context = DecideEvent(Site(Tlp::kGreen), Event({"tlp:amber"}), "s");
  EXPECT_EQ(context.decision.detail, "amber");
}

TEST(Cross, TakesTheSourcesDefaultForUntaggedEvents) {
  CrossPolicy policy = Site(Tlp::kGreen);
  policy.default_tlp_of_source["public feed"] = Tlp::kClear;
  EXPECT_EQ(OfEvent(policy, Event(), "public feed"), Reason::kAllowed);
  EXPECT_EQ(OfEvent(policy, Event(), "other"), Reason::kTlpUntagged);
}

TEST(Cross, HoldsBackLocalTagsTlpToo) {
  intel::Event event = Event({"tlp:clear", "tlp:red"});
  event.tags[1].local = true;
  EXPECT_EQ(OfEvent(Site(Tlp::kGreen), event), Reason::kTlpAboveClearance);
}

TEST(Cross, GivesEveryPartOfAHeldBackEventTheEventsReason) {
  intel::Event event = Event({"tlp:clear"});
  event.published = false;
  const CrossPolicy policy = Site(Tlp::kGreen);
  const EventContext context = DecideEvent(policy, event, "s");
  EXPECT_EQ(DecideAttribute(policy, context, nullptr, Attribute()).reason, Reason::kUnpublished);
  EXPECT_EQ(DecideObject(policy, context, {}).reason, Reason::kUnpublished);
  EXPECT_EQ(DecideReport(policy, context, {}).reason, Reason::kUnpublished);
}

TEST(Cross, CountsAMissingPublishedAsPublished) {
  intel::Event event = Event({"tlp:clear"});
  EXPECT_EQ(OfEvent(Site(Tlp::kGreen), event), Reason::kAllowed);
  event.published = false;
  EXPECT_EQ(OfEvent(Site(Tlp::kGreen), event), Reason::kUnpublished);
  CrossPolicy policy = Site(Tlp::kGreen);
  policy.hold_unpublished = false;
  EXPECT_EQ(OfEvent(policy, event), Reason::kAllowed);
}

TEST(Cross, AsksForEveryDistributionOfTheChain) {
  const auto reason = [](std::optional<int> event, std::optional<int> object,
                         std::optional<int> attribute) {
    const auto level = [](std::optional<int> value) -> std::optional<intel::Distribution> {
      if (!value) return std::nullopt;
      return static_cast<intel::Distribution>(*value);
    };
    intel::Event e = Event({"tlp:clear"});
    e.distribution = level(event);
    intel::Object o;
    o.distribution = level(object);
    intel::Attribute a = Attribute();
    a.distribution = level(attribute);
    return OfAttribute(Site(Tlp::kGreen), e, a, &o);
  };
  EXPECT_EQ(reason(3, 5, 5), Reason::kAllowed);
  EXPECT_EQ(reason(std::nullopt, std::nullopt, std::nullopt), Reason::kAllowed);
  EXPECT_EQ(reason(0, 3, 3), Reason::kDistributionOwnOrganisation);
  EXPECT_EQ(reason(3, 1, 3), Reason::kDistributionCommunity);
  EXPECT_EQ(reason(3, 5, 2), Reason::kDistributionConnected);
  EXPECT_EQ(reason(3, 3, 4), Reason::kDistributionSharingGroup);
  EXPECT_EQ(reason(3, 3, 9), Reason::kDistributionUnknown);
  EXPECT_EQ(reason(5, 5, 5), Reason::kDistributionUnknown);
}

TEST(Cross, LetsListedSharingGroupsCross) {
  CrossPolicy policy = Site(Tlp::kGreen);
  intel::Event event = Event({"tlp:clear"});
  event.distribution = 4;
  event.sharing_group = "6D3E1B0E-5C0C-4C8E-9B0C-2F4B3B1B2A11";
  EXPECT_EQ(OfEvent(policy, event), Reason::kDistributionSharingGroup);
  policy.sharing_groups.insert("6d3e1b0e-5c0c-4c8e-9b0c-2f4b3b1b2a11");
  EXPECT_EQ(OfEvent(policy, event), Reason::kAllowed);
}

TEST(Cross, LetsConfiguredDistributionsCross) {
  CrossPolicy policy = Site(Tlp::kGreen);
  policy.distributions = {true, true, true, false};
  intel::Event event = Event({"tlp:clear"});
  for (const int level : {0, 1, 2}) {
    event.distribution = static_cast<intel::Distribution>(level);
    EXPECT_EQ(OfEvent(policy, event), Reason::kAllowed) << level;
  }
  event.distribution = 3;
  EXPECT_EQ(OfEvent(policy, event), Reason::kDistributionAll);
}

TEST(Cross, LeavesOutExcludedCategoriesAndTypes) {
  CrossPolicy policy = Site(Tlp::kGreen);
  policy.excluded_types.insert("yara");
  intel::Attribute attribute = Attribute();
  for (const char* category : {"Person", "Financial fraud", "Targeting data"}) {
    attribute.category = category;
    EXPECT_EQ(OfAttribute(policy, Event({"tlp:clear"}), attribute), Reason::kCategoryExcluded);
  }
  attribute.category = "Payload delivery";
  attribute.type = "yara";
  EXPECT_EQ(OfAttribute(policy, Event({"tlp:clear"}), attribute), Reason::kTypeExcluded);
}

TEST(Cross, HoldsBackWhatTagsHoldBack) {
  for (const char* tag :
       {"misp:should-not-sync", "MISP:Should-Not-Sync", "misp:api=\"hide\"",
        "false-positive:confirmed=\"true\"", "false-positive:risk=\"high\"",
        "workflow:state=\"draft\"", "workflow:state=draft", "workflow:state=\"rejected\"",
        "workflow:state=\"incomplete\"", "workflow:todo=\"review-for-privacy\"",
        "workflow:todo=\"review-before-publication\"", "exercise:cyber-europe=\"2018\""}) {
    EXPECT_EQ(OfEvent(Site(Tlp::kRed), Event({tag})), Reason::kHoldBackTag) << tag;
    const Reason reason = OfAttribute(Site(Tlp::kRed), Event(), Attribute({tag}));
    EXPECT_EQ(reason, Reason::kHoldBackTag) << tag;
  }
  for (const char* tag :
       {"workflow:state=\"complete\"", "false-positive:risk=\"low\"",
        "false-positive:confirmed=\"false\"", "misp:api=\"show\"", "osint:exercise"})
    EXPECT_EQ(OfEvent(Site(Tlp::kRed), Event({tag})), Reason::kAllowed) << tag;
}

TEST(Cross, NamesTheTagAndLetsItBeSwitchedOff) {
  CrossPolicy policy = Site(Tlp::kRed);
  const intel::Event event = Event({"exercise:locked-shields"});
  EXPECT_EQ(DecideEvent(policy, event, "s").decision.detail, "exercise:locked-shields");
  std::erase(policy.hold_back_tags, "exercise:*");
  EXPECT_EQ(OfEvent(policy, event), Reason::kAllowed);
}

TEST(TagMatches, KnowsStarsAnywhere) {
  EXPECT_TRUE(TagMatches("a*c*e", "abcde"));
  EXPECT_TRUE(TagMatches("*", ""));
  EXPECT_TRUE(TagMatches("**x", "aaxax"));
  EXPECT_TRUE(TagMatches("ns:*=\"high\"", "NS:risk=high"));
  EXPECT_FALSE(TagMatches("a*c", "abcd"));
  EXPECT_FALSE(TagMatches("abc", "ab"));
  EXPECT_FALSE(TagMatches("", "a"));
}

TEST(Cross, LeavesOutWhatIsDeleted) {
  const CrossPolicy policy = Site(Tlp::kRed);
  const EventContext context = DecideEvent(policy, Event(), "s");
  intel::Attribute attribute = Attribute();
  attribute.deleted = true;
  EXPECT_EQ(DecideAttribute(policy, context, nullptr, attribute).reason, Reason::kDeleted);
  intel::Object object;
  object.deleted = true;
  EXPECT_EQ(DecideObject(policy, context, object).reason, Reason::kDeleted);
  EXPECT_EQ(DecideAttribute(policy, context, &object, Attribute()).reason, Reason::kDeleted);
  intel::Report report;
  report.deleted = true;
  EXPECT_EQ(DecideReport(policy, context, report).reason, Reason::kDeleted);
}

TEST(Cross, AsksForTheDistributionOfReports) {
  const CrossPolicy policy = Site(Tlp::kRed);
  const EventContext context = DecideEvent(policy, Event(), "s");
  intel::Report report;
  report.distribution = 0;
  EXPECT_EQ(DecideReport(policy, context, report).reason, Reason::kDistributionOwnOrganisation);
  report.distribution = 5;
  EXPECT_TRUE(DecideReport(policy, context, report).allowed);
}

TEST(Strip, RemovesLocalAndNonExportableTags) {
  intel::Event event = Event({"type:OSINT", "ours", "do-not-share", "tlp:green"});
  event.tags[1].local = true;
  event.tags[2].exportable = false;
  StripForCrossing(&event);
  ASSERT_EQ(event.tags.size(), 2U);
  EXPECT_EQ(event.tags[0].name, "type:OSINT");
  EXPECT_EQ(event.tags[1].name, "tlp:green");
  EXPECT_EQ(event.orgc_name, "CIRCL");
}

// Otherwise the isolated side would read as amber what was red here.
TEST(Strip, KeepsTheLevelOfTheTagsItRemoves) {
  intel::Attribute attribute = Attribute({"tlp:red", "PAP:AMBER", "tlp:green"});
  attribute.tags[0].local = true;
  attribute.tags[1].exportable = false;
  EXPECT_FALSE(StripForCrossing(&attribute));
  const intel::Markings markings = ReadMarkings(attribute.tags);
  EXPECT_EQ(markings.tlp, Tlp::kRed);
  EXPECT_EQ(markings.pap, intel::Pap::kAmber);
  for (const intel::Tag& tag : attribute.tags)
    EXPECT_TRUE(!tag.local && tag.exportable) << tag.name;
}

TEST(Strip, HidesTheSourceUnderTheChathamHouseRule) {
  intel::Event event = Event({"tlp:green", "tlp:ex:chr"});
  StripForCrossing(&event);
  EXPECT_EQ(event.orgc_name, "");
  EXPECT_EQ(event.orgc_uuid, "");
  intel::Attribute attribute = Attribute({"TLP:EX:CHR"});
  EXPECT_TRUE(StripForCrossing(&attribute));
}

}  // namespace
}  // namespace gapferry::policy
