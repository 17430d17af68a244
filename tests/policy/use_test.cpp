#include "policy/use.h"

#include <gtest/gtest.h>

namespace gapferry::policy {
namespace {

using intel::IndicatorKind;
using intel::Pap;
using intel::Tlp;

constexpr Time kCreated = 1'800'000'000;

Occurrence Good(std::string_view type = "domain") {
  Occurrence occurrence;
  occurrence.type = type;
  occurrence.tlp = Tlp::kGreen;
  occurrence.to_ids = true;
  occurrence.last_activity = kCreated - kSecondsPerDay;
  return occurrence;
}

UsePolicy Destination() {
  UsePolicy policy;
  policy.clearance = Tlp::kGreen;
  return policy;
}

Reason Of(const UsePolicy& policy, const Occurrence& occurrence) {
  return DecideUse(policy, occurrence, kCreated).reason;
}

intel::Indicator IndicatorOf(std::string_view type, std::string_view value) {
  return intel::Normalise(type, value).indicators[0];
}

TEST(Use, TakesWhatIsPublishedMarkedFreshAndWithinTheCeiling) {
  EXPECT_EQ(Of(Destination(), Good()), Reason::kAllowed);
}

TEST(Use, HoldsToTheDestinationsCeiling) {
  Occurrence occurrence = Good();
  occurrence.tlp = Tlp::kAmber;
  EXPECT_EQ(Of(Destination(), occurrence), Reason::kTlpAboveDestination);
  EXPECT_EQ(DecideUse(Destination(), occurrence, kCreated).detail, "amber");
}

TEST(Use, LetsPapDecideByPower) {
  const auto reason = [](std::optional<Pap> pap, Power power) {
    Occurrence occurrence = Good();
    occurrence.pap = pap;
    UsePolicy policy = Destination();
    policy.power = power;
    return Of(policy, occurrence);
  };
  EXPECT_EQ(reason(Pap::kRed, Power::kReadsLogs), Reason::kAllowed);
  EXPECT_EQ(reason(Pap::kRed, Power::kDetects), Reason::kPapForbids);
  EXPECT_EQ(reason(Pap::kRed, Power::kBlocks), Reason::kPapForbids);
  EXPECT_EQ(reason(Pap::kAmber, Power::kDetects), Reason::kAllowed);
  EXPECT_EQ(reason(Pap::kAmber, Power::kBlocks), Reason::kPapForbidsBlocking);
  EXPECT_EQ(reason(Pap::kGreen, Power::kBlocks), Reason::kAllowed);
  EXPECT_EQ(reason(std::nullopt, Power::kBlocks), Reason::kAllowed);
}

TEST(Use, AsksForTheLeastConfidenceOfTheDestination) {
  UsePolicy policy = Destination();
  policy.min_confidence = 50;
  Occurrence occurrence = Good();
  EXPECT_EQ(Of(policy, occurrence), Reason::kAllowed) << "unknown is kept by default";
  occurrence.confidence = 50;
  EXPECT_EQ(Of(policy, occurrence), Reason::kAllowed);
  occurrence.confidence = 49;
  EXPECT_EQ(Of(policy, occurrence), Reason::kConfidenceTooLow);
  policy.min_confidence = 0;
  EXPECT_EQ(Of(policy, occurrence), Reason::kAllowed);
  policy.keep_unknown_confidence = false;
  EXPECT_EQ(Of(policy, occurrence), Reason::kAllowed);
  occurrence.confidence.reset();
  EXPECT_EQ(Of(policy, occurrence), Reason::kConfidenceUnknown);
}

TEST(Use, TakesTheConfidenceOfTheAttributeBeforeThatOfTheEvent) {
  const auto confidence = [](const std::vector<std::string>& of_event,
                             const std::vector<std::string>& of_attribute) {
    intel::Event event;
    for (const std::string& value : of_event)
      event.tags.push_back({"osint:certainty=\"" + value + "\"", "", "", false, true});
    intel::Attribute attribute;
    for (const std::string& value : of_attribute)
      attribute.tags.push_back({"osint:certainty=\"" + value + "\"", "", "", false, true});
    const auto found = MakeOccurrence(event, nullptr, attribute, Tlp::kAmber).confidence;
    return found ? int{*found} : -1;
  };
  EXPECT_EQ(confidence({}, {}), -1);
  EXPECT_EQ(confidence({"75", "30"}, {}), 30);
  EXPECT_EQ(confidence({"30"}, {"93"}), 93);
  EXPECT_EQ(confidence({"93"}, {"50", "7"}), 7);
  EXPECT_EQ(confidence({"93"}, {"unheard-of"}), 93);
}

TEST(Use, AsksForToIdsUnlessATagDecides) {
  Occurrence occurrence = Good();
  occurrence.to_ids = false;
  EXPECT_EQ(Of(Destination(), occurrence), Reason::kNotToIds);
  occurrence.ids_tag = IdsTag::kForce;
  EXPECT_EQ(Of(Destination(), occurrence), Reason::kAllowed);
  occurrence.to_ids = true;
  occurrence.ids_tag = IdsTag::kForbid;
  EXPECT_EQ(Of(Destination(), occurrence), Reason::kNotToIds);
  UsePolicy policy = Destination();
  policy.require_to_ids = false;
  EXPECT_EQ(Of(policy, occurrence), Reason::kNotToIds);
}

TEST(Use, RefusesDeletedUnpublishedAndFalsePositives) {
  Occurrence occurrence = Good();
  occurrence.deleted = true;
  EXPECT_EQ(Of(Destination(), occurrence), Reason::kDeleted);
  occurrence = Good();
  occurrence.published = false;
  EXPECT_EQ(Of(Destination(), occurrence), Reason::kUnpublished);
  UsePolicy policy = Destination();
  policy.require_published = false;
  EXPECT_EQ(Of(policy, occurrence), Reason::kAllowed);
  occurrence = Good();
  occurrence.false_positive = true;
  EXPECT_EQ(Of(Destination(), occurrence), Reason::kFalsePositive);
}

TEST(Use, ChoosesTypes) {
  UsePolicy policy = Destination();
  policy.refused_types = {"domain"};
  EXPECT_EQ(Of(policy, Good("domain")), Reason::kTypeNotWanted);
  EXPECT_EQ(Of(policy, Good("hostname")), Reason::kAllowed);
  policy.types = {"domain"};
  EXPECT_EQ(Of(policy, Good("hostname")), Reason::kTypeNotWanted);
}

TEST(Use, CountsAgeFromTheBundleByType) {
  const auto days_old = [](std::string_view type, Time days) {
    Occurrence occurrence = Good(type);
    occurrence.last_activity = kCreated - days * kSecondsPerDay;
    return Of(Destination(), occurrence);
  };
  for (const auto& [type, days] :
       {std::pair("ip-dst", 180), std::pair("ip-src|port", 180), std::pair("url", 365),
        std::pair("domain", 730), std::pair("hostname|port", 730), std::pair("domain|ip", 730)}) {
    EXPECT_EQ(days_old(type, days), Reason::kAllowed) << type;
    EXPECT_EQ(days_old(type, days + 1), Reason::kTooOld) << type;
  }
  EXPECT_EQ(days_old("sha256", 7000), Reason::kAllowed);
  Occurrence unknown = Good("ip-dst");
  unknown.last_activity = 0;
  EXPECT_EQ(Of(Destination(), unknown), Reason::kAllowed);
}

TEST(Use, TakesConfiguredAges) {
  UsePolicy policy = Destination();
  policy.max_age_days = {{"sha256", 10}, {"ip-dst", 0}};
  Occurrence hash = Good("sha256");
  hash.last_activity = kCreated - 11 * kSecondsPerDay;
  EXPECT_EQ(Of(policy, hash), Reason::kTooOld);
  Occurrence address = Good("ip-dst");
  address.last_activity = 1;
  EXPECT_EQ(Of(policy, address), Reason::kAllowed);
}

TEST(MakeOccurrence, JoinsEventObjectAndAttribute) {
  intel::Event event;
  event.tags.resize(2);
  event.tags[0].name = "tlp:green";
  event.tags[1].name = "misp:ids=\"false\"";
  intel::Attribute attribute;
  attribute.type = "ip-dst";
  attribute.timestamp = 100;
  attribute.last_seen = "2024-02-29T12:00:00.000000+02:00";
  attribute.tags.resize(3);
  attribute.tags[0].name = "tlp:amber";
  attribute.tags[1].name = "PAP:RED";
  attribute.tags[2].name = "misp:ids=\"force\"";
  intel::Object object;
  object.deleted = true;
  const Occurrence occurrence = MakeOccurrence(event, &object, attribute, Tlp::kClear);
  EXPECT_EQ(occurrence.tlp, Tlp::kAmber);
  EXPECT_EQ(occurrence.pap, Pap::kRed);
  EXPECT_EQ(occurrence.ids_tag, IdsTag::kForce);
  EXPECT_TRUE(occurrence.published);
  EXPECT_TRUE(occurrence.deleted);
  EXPECT_EQ(occurrence.last_activity, 1709200800);
}

TEST(ReadIsoTime, ReadsWhatMispWrites) {
  EXPECT_EQ(ReadIsoTime("1970-01-02"), 86400);
  EXPECT_EQ(ReadIsoTime("1970-01-01T01:00:00+01:00"), 0);
  EXPECT_EQ(ReadIsoTime("1970-01-01 00:00:01.999Z"), 1);
  EXPECT_EQ(ReadIsoTime("1970-01-01T00:01-0030"), 1860);
  for (const char* bad :
       {"", "yesterday", "1970-01-01T", "1970-01-01T25:00", "1970-01-01T00:00:00+",
        "1970-01-01T-1:00:00", "1970-01-01T00:00:00+9:9", "1970-13-01"})
    EXPECT_EQ(ReadIsoTime(bad), std::nullopt) << bad;
}

TEST(DecideValue, RefusesWhatTheAllowlistCovers) {
  const Allowlist allowlist = Allowlist::Parse("example.org\n192.0.2.0/24\n", "a").value();
  ValuePolicy policy;
  policy.allowlist = &allowlist;
  const ValueDecision decision =
      DecideValue(policy, IndicatorOf("domain", "www.example.org"), "domain");
  EXPECT_EQ(decision.decision.reason, Reason::kAllowlist);
  EXPECT_EQ(decision.decision.detail, "example.org");
  EXPECT_TRUE(DecideValue(policy, IndicatorOf("domain", "example.com"), "domain").decision.allowed);
}

TEST(DecideValue, NamesTheWarninglistAndKeepsMarks) {
  WarninglistSet::Builder builder;
  ASSERT_TRUE(
      builder.Add({"cloud", 1, "", ListType::kCidr, {}, {"198.51.0.0/16"}}, ListMode::kMark).ok());
  ASSERT_TRUE(
      builder.Add({"good", 1, "", ListType::kCidr, {}, {"198.51.7.0/24"}}, ListMode::kDrop).ok());
  const WarninglistSet set = std::move(builder).Build();
  ValuePolicy policy;
  policy.warninglists = &set;
  const ValueDecision marked = DecideValue(policy, IndicatorOf("ip-dst", "198.51.1.1"), "ip-dst");
  EXPECT_TRUE(marked.decision.allowed);
  EXPECT_EQ(marked.warninglists.mark_count, 1);
  const ValueDecision dropped = DecideValue(policy, IndicatorOf("ip-dst", "198.51.7.1"), "ip-dst");
  EXPECT_EQ(dropped.decision.reason, Reason::kWarninglist);
  EXPECT_EQ(dropped.decision.detail, "good");
}

TEST(DecideValue, NeverNamesAPublicSuffix) {
  EXPECT_EQ(DecideValue({}, IndicatorOf("domain", "co.uk"), "domain").decision.reason,
            Reason::kPublicSuffix);
  EXPECT_EQ(DecideValue({}, IndicatorOf("domain", "github.io"), "domain").decision.reason,
            Reason::kPublicSuffix);
  EXPECT_TRUE(DecideValue({}, IndicatorOf("domain", "evil.github.io"), "domain").decision.allowed);
}

TEST(DecideValue, GuardsBlockingArtifacts) {
  const Allowlist own = Allowlist::Parse("8.8.0.0/16\nplant.example.net\n", "own").value();
  ValuePolicy blocking;
  blocking.power = Power::kBlocks;
  blocking.own = &own;
  const auto reason = [&](std::string_view type, std::string_view value) {
    return DecideValue(blocking, IndicatorOf(type, value), type).decision.reason;
  };
  EXPECT_EQ(reason("ip-dst", "8.8.1.1"), Reason::kOwnNetwork);
  EXPECT_EQ(reason("ip-dst", "8.0.0.0/8"), Reason::kOwnNetwork);
  EXPECT_EQ(reason("url", "http://8.8.8.8/x"), Reason::kOwnNetwork);
  EXPECT_EQ(reason("hostname", "www.plant.example.net"), Reason::kOwnDomain);
  EXPECT_EQ(reason("domain", "example.net"), Reason::kOwnDomain);
  EXPECT_EQ(reason("url", "http://plant.example.net/x"), Reason::kOwnDomain);
  EXPECT_EQ(reason("ip-dst", "10.1.2.3"), Reason::kBogon);
  EXPECT_EQ(reason("url", "http://192.168.0.1/x"), Reason::kBogon);
  EXPECT_EQ(reason("ip-dst", "9.0.0.0/12"), Reason::kPrefixTooWide);
  EXPECT_EQ(reason("ip-dst", "2600::/24"), Reason::kPrefixTooWide);
  EXPECT_EQ(reason("ip-dst", "9.9.9.9"), Reason::kAllowed);
  // 6to4 and NAT64 lead to IPv4.
  EXPECT_EQ(reason("ip-dst", "2002:808:101::1"), Reason::kOwnNetwork);
  EXPECT_EQ(reason("ip-dst", "2002:808::/32"), Reason::kOwnNetwork);
  EXPECT_EQ(reason("url", "http://[2002:808:101::1]/x"), Reason::kOwnNetwork);
  EXPECT_EQ(reason("ip-dst", "64:ff9b::808:101"), Reason::kOwnNetwork);
  EXPECT_EQ(reason("ip-dst", "2002:a01:203::1"), Reason::kBogon);
  EXPECT_EQ(reason("ip-dst", "2002:909:909::1"), Reason::kAllowed);
  EXPECT_EQ(reason("hostname", "example.net"), Reason::kAllowed);
  blocking.power = Power::kDetects;
  EXPECT_EQ(reason("ip-dst", "10.1.2.3"), Reason::kAllowed);
}

TEST(DecideTarget, NoRuleLooksForEverythingOrForNobody) {
  const auto reason = [](std::string_view value) {
    return DecideValue(ValuePolicy{}, IndicatorOf("ip-dst", value), "ip-dst").decision.reason;
  };
  for (const char* wide : {"0.0.0.0/0", "44.0.0.0/7", "::/0", "2000::/15", "64:ff9b::/96",
                           "64:ff9b::/64", "64:ff9b::2c00:0/102", "2002::/16", "2002:2c00::/23"})
    EXPECT_EQ(reason(wide), Reason::kPrefixTooWide) << wide;
  for (const char* nobody :
       {"0.0.0.0", "0.1.2.3", "127.0.0.1", "127.8.0.0/16", "224.0.0.251", "240.1.2.3",
        "255.255.255.255", "::", "::1", "ff02::1", "64:ff9b::7f00:1", "2002:7f00:1::1"})
    EXPECT_EQ(reason(nobody), Reason::kBogon) << nobody;
  for (const char* good : {"44.0.0.0/8", "10.1.2.3", "126.255.255.255", "128.0.0.1",
                           "223.255.255.255", "2600::/16", "::2", "fe80::1", "64:ff9b::2c00:1",
                           "64:ff9b::2c00:0/104", "2002:2c00::/24", "64:ff9b:1::1"})
    EXPECT_EQ(reason(good), Reason::kAllowed) << good;
}

TEST(IsBogon, KnowsTheEdges) {
  for (const char* bogon :
       {"0.0.0.1", "10.0.0.0", "100.64.0.1", "127.0.0.1", "169.254.1.1", "172.31.255.255",
        "192.168.255.255", "198.19.0.1", "224.0.0.1", "255.255.255.255", "::1", "fe80::1",
        "fd00::1", "ff02::1", "2001:db8::1", "11.0.0.0/7", "0.0.0.0/0"})
    EXPECT_TRUE(IsBogon(*intel::ParseNetwork(bogon))) << bogon;
  for (const char* host : {"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
                           "172.15.255.255", "172.32.0.0", "198.17.255.255", "198.20.0.0",
                           "223.255.255.255", "2001:db7::1", "2606:4700::1", "2002:808:808::1"})
    EXPECT_FALSE(IsBogon(*intel::ParseNetwork(host))) << host;
}

}  // namespace
}  // namespace gapferry::policy
