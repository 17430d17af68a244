#include "policy/cross_walk.h"

#include <gtest/gtest.h>

#include <array>

namespace gapferry::policy {
namespace {

intel::Event PublishedEvent(std::vector<intel::Tag> tags = {}) {
  intel::Event event;
  event.uuid = NewUuid();
  event.published = true;
  event.tags = std::move(tags);
  return event;
}

intel::Attribute SomeAttribute(std::vector<intel::Tag> tags = {}) {
  intel::Attribute attribute;
  attribute.uuid = NewUuid();
  attribute.type = "domain";
  attribute.category = "Network activity";
  attribute.value = "evil.example";
  attribute.tags = std::move(tags);
  return attribute;
}

CrossPolicy Green() {
  CrossPolicy policy;
  policy.clearance = intel::Tlp::kGreen;
  return policy;
}

TEST(CrossWalk, JudgesUntaggedRowsByTheDefaultOfTheirSource) {
  CrossWalk walk(Green(), CrossWalk::Question::kEverything);
  EXPECT_TRUE(walk.Event(PublishedEvent(), "feed", intel::Tlp::kGreen).decision.allowed);
  EXPECT_EQ(walk.Attribute(SomeAttribute(), {}).tlp, intel::Tlp::kGreen);
  EXPECT_EQ(walk.Event(PublishedEvent(), "feed", intel::Tlp::kAmber).decision.reason,
            Reason::kTlpUntagged);
}

TEST(CrossWalk, HoldsBackWhatBelongsToAHeldBackObjectAndWhatPointsThere) {
  CrossWalk walk(Green(), CrossWalk::Question::kEverything);
  ASSERT_TRUE(walk.Event(PublishedEvent(), "feed", intel::Tlp::kGreen).decision.allowed);
  intel::Object held;
  held.uuid = NewUuid();
  held.distribution = 0;
  EXPECT_FALSE(walk.Object(held).decision.allowed);
  intel::Object free;
  free.uuid = NewUuid();
  EXPECT_TRUE(walk.Object(free).decision.allowed);
  EXPECT_FALSE(walk.Attribute(SomeAttribute(), held.uuid).decision.allowed);
  const intel::Attribute red = SomeAttribute({{"tlp:red", "", "", false, true}});
  EXPECT_EQ(walk.Attribute(red, free.uuid).decision.reason, Reason::kTlpAboveClearance);
  intel::Reference reference;
  reference.uuid = NewUuid();
  reference.referenced = red.uuid;
  EXPECT_FALSE(walk.Reference(reference, free.uuid).decision.allowed);
  reference.referenced = NewUuid();  // in another event: nothing is known against it
  EXPECT_TRUE(walk.Reference(reference, free.uuid).decision.allowed);
  EXPECT_FALSE(walk.Reference(reference, held.uuid).decision.allowed);
}

TEST(CrossWalk, LeavesOutWhatTheSiteDidNotSelect) {
  Selection wanted;
  wanted.types = {"domain"};
  CrossWalk walk(Green(), CrossWalk::Question::kEverything, wanted);
  ASSERT_TRUE(walk.LooksAhead());
  const intel::Event event = PublishedEvent();
  intel::Object with;
  with.uuid = NewUuid();
  intel::Object without;
  without.uuid = NewUuid();
  const intel::Attribute selected = SomeAttribute();
  intel::Attribute other = SomeAttribute();
  other.type = "ip-dst";
  walk.LookAhead(event, "feed", intel::Tlp::kGreen);
  walk.LookAhead(selected, with.uuid);
  walk.LookAhead(other, without.uuid);
  EXPECT_TRUE(walk.Event(event, "feed", intel::Tlp::kGreen).decision.allowed);
  EXPECT_TRUE(walk.Object(with).decision.allowed);
  EXPECT_EQ(walk.Object(without).decision.reason, Reason::kNotSelected);
  EXPECT_TRUE(walk.Attribute(selected, with.uuid).decision.allowed);
  const Decision refused = walk.Attribute(other, without.uuid).decision;
  EXPECT_EQ(refused.reason, Reason::kNotSelected);
  EXPECT_EQ(refused.detail, "types");
  intel::Reference reference;
  reference.uuid = NewUuid();
  reference.referenced = without.uuid;
  EXPECT_FALSE(walk.Reference(reference, with.uuid).decision.allowed);

  walk.LookAhead(event, "feed", intel::Tlp::kGreen);
  walk.LookAhead(other, {});
  const Decision emptied = walk.Event(event, "feed", intel::Tlp::kGreen).decision;
  EXPECT_EQ(emptied.reason, Reason::kNotSelected);
  EXPECT_EQ(walk.Report({}).decision.reason, Reason::kNotSelected);
}

TEST(CrossWalk, HoldsBackAnObjectWhoseAttributesAllStay) {
  CrossWalk walk(Green(), CrossWalk::Question::kEverything);
  const intel::Event event = PublishedEvent();
  std::array<intel::Object, 3> objects;  // one with a red attribute, one with both, one with none
  for (intel::Object& object : objects)
    object.uuid = NewUuid();
  const auto& [told, both, empty] = objects;
  const intel::Attribute red = SomeAttribute({{"tlp:red", "", "", false, true}});
  const intel::Attribute green = SomeAttribute();
  walk.LookAhead(event, "feed", intel::Tlp::kGreen);
  for (const intel::Object& object : objects)
    walk.LookAhead(object);
  walk.LookAhead(red, told.uuid);
  walk.LookAhead(green, both.uuid);
  walk.LookAhead(red, both.uuid);
  EXPECT_TRUE(walk.Event(event, "feed", intel::Tlp::kGreen).decision.allowed);
  const Decision held = walk.Object(told).decision;
  EXPECT_EQ(held.reason, Reason::kAttributeHeldBack);
  EXPECT_EQ(held.detail, "none of its attributes crosses");
  EXPECT_TRUE(walk.Object(both).decision.allowed);
  EXPECT_TRUE(walk.Object(empty).decision.allowed);
  intel::Reference reference;
  reference.uuid = NewUuid();
  reference.referenced = told.uuid;
  EXPECT_FALSE(walk.Reference(reference, both.uuid).decision.allowed);
  reference.referenced = both.uuid;
  EXPECT_FALSE(walk.Reference(reference, told.uuid).decision.allowed);
  EXPECT_TRUE(walk.Reference(reference, empty.uuid).decision.allowed);

  // What was seen ahead is forgotten with its event.
  EXPECT_TRUE(walk.Event(event, "feed", intel::Tlp::kGreen).decision.allowed);
  EXPECT_TRUE(walk.Object(told).decision.allowed);
}

TEST(CrossWalk, CountsWhatIsNotSelectedAndWhatIsTooStrictTogether) {
  Selection wanted;
  wanted.types = {"domain"};
  CrossWalk walk(Green(), CrossWalk::Question::kEverything, wanted);
  const intel::Event event = PublishedEvent();
  intel::Object object;
  object.uuid = NewUuid();
  intel::Attribute other = SomeAttribute();
  other.type = "ip-dst";
  walk.LookAhead(event, "feed", intel::Tlp::kGreen);
  walk.LookAhead(object);
  walk.LookAhead(SomeAttribute(), {});
  walk.LookAhead(SomeAttribute({{"tlp:red", "", "", false, true}}), object.uuid);
  walk.LookAhead(other, object.uuid);
  EXPECT_TRUE(walk.Event(event, "feed", intel::Tlp::kGreen).decision.allowed);
  EXPECT_EQ(walk.Object(object).decision.reason, Reason::kAttributeHeldBack);
}

TEST(CrossWalk, NeedsNoLookAheadWhereTheHeaderDecides) {
  Selection wanted;
  wanted.orgs = {"CERT North"};
  CrossWalk walk(Green(), CrossWalk::Question::kEverything, wanted);
  ASSERT_FALSE(walk.LooksAhead());
  const Decision refused = walk.Event(PublishedEvent(), "feed", intel::Tlp::kGreen).decision;
  EXPECT_EQ(refused.reason, Reason::kNotSelected);
  EXPECT_EQ(refused.detail, "orgs");
  EXPECT_FALSE(walk.Attribute(SomeAttribute(), {}).decision.allowed);
  intel::Event north = PublishedEvent();
  north.orgc_name = "cert north";
  EXPECT_TRUE(walk.Event(north, "feed", intel::Tlp::kGreen).decision.allowed);
  EXPECT_TRUE(walk.Attribute(SomeAttribute(), {}).decision.allowed);
}

TEST(CrossWalk, LetsSightingsGoWhereTheirAttributeGoes) {
  for (const auto question : {CrossWalk::Question::kEverything, CrossWalk::Question::kTlpOnly}) {
    CrossWalk walk(Green(), question);
    (void)walk.Event(PublishedEvent(), "feed", intel::Tlp::kGreen);
    const intel::Attribute green = SomeAttribute();
    const intel::Attribute red = SomeAttribute({{"tlp:red", "", "", false, true}});
    EXPECT_TRUE(walk.Attribute(green, {}).decision.allowed);
    EXPECT_FALSE(walk.Attribute(red, {}).decision.allowed);
    EXPECT_TRUE(walk.Sighting(green.uuid).decision.allowed);
    EXPECT_EQ(walk.Sighting(red.uuid).decision.reason, Reason::kAttributeHeldBack);
    (void)walk.Event(PublishedEvent({{"tlp:red", "", "", false, true}}), "feed",
                     intel::Tlp::kGreen);
    EXPECT_FALSE(walk.Attribute(green, {}).decision.allowed);
    EXPECT_FALSE(walk.Sighting(green.uuid).decision.allowed);
  }
}

TEST(CrossWalk, AsksOnlyForTheTlpOnTheIsolatedSide) {
  CrossWalk walk(Green(), CrossWalk::Question::kTlpOnly);
  intel::Event event = PublishedEvent();
  event.published = false;
  event.distribution = 0;
  EXPECT_TRUE(walk.Event(event, "feed", intel::Tlp::kGreen).decision.allowed);
  EXPECT_FALSE(
      walk.Attribute(SomeAttribute({{"TLP:Amber", "", "", false, true}}), {}).decision.allowed);
  EXPECT_EQ(
      walk.Attribute(SomeAttribute({{"tlp:yellow", "", "", false, true}}), {}).decision.reason,
      Reason::kTlpUnknown);
}

}  // namespace
}  // namespace gapferry::policy
