#include "intel/tlp.h"

#include <gtest/gtest.h>

namespace gapferry::intel {
namespace {

Markings Of(std::initializer_list<std::string_view> tags) {
  Markings markings;
  for (const std::string_view tag : tags)
    markings.Read(tag);
  return markings;
}

TEST(Tlp, KnowsBothVersionsWithoutCase) {
  EXPECT_EQ(Of({"tlp:white"}).tlp, Tlp::kClear);
  EXPECT_EQ(Of({"TLP:CLEAR"}).tlp, Tlp::kClear);
  EXPECT_EQ(Of({" TLP: Amber "}).tlp, Tlp::kAmber);
  EXPECT_EQ(Of({"tlp:amber+strict"}).tlp, Tlp::kAmberStrict);
  EXPECT_EQ(Of({"misp-galaxy:threat-actor=\"Sofacy\"", "type:OSINT"}).tlp, std::nullopt);
}

TEST(Tlp, TakesTheStricterOfTwo) {
  const Markings markings = Of({"tlp:green", "tlp:red", "tlp:clear"});
  EXPECT_EQ(markings.tlp, Tlp::kRed);
  EXPECT_TRUE(markings.several_tlp);
}

TEST(Tlp, ReadsUnclearUnknownAndMalformedAsRed) {
  for (const std::string_view tag :
       {"tlp:unclear", "tlp:yellow", "tlp:", "TLP:AMBER_", "tlp=green=x"}) {
    const Markings markings = Of({tag});
    EXPECT_EQ(markings.tlp, Tlp::kRed) << tag;
    EXPECT_TRUE(markings.unknown_tlp) << tag;
  }
}

TEST(Tlp, ReadsWhatOnlyBeginsLikeATlpAsRed) {
  for (const std::string_view tag : {"tlp_red", "tlp_green", "TLP;red", "tlp\xEF\xBC\x9Ared", "tlp",
                                     "TLP RED", "tlpamber", "tlp.clear", "tlp/white"}) {
    const Markings markings = Of({tag});
    EXPECT_EQ(markings.tlp, Tlp::kRed) << tag;
    EXPECT_TRUE(markings.unknown_tlp) << tag;
  }
  EXPECT_EQ(Of({"tlposter", "tl:p", "misp-galaxy:tlp=\"red\""}).tlp, std::nullopt);
}

TEST(Tlp, TreatsChathamHouseAsAModifier) {
  const Markings markings = Of({"tlp:ex:chr", "tlp:green"});
  EXPECT_EQ(markings.tlp, Tlp::kGreen);
  EXPECT_TRUE(markings.hide_source);
  EXPECT_FALSE(markings.unknown_tlp);
}

TEST(Tlp, ReadsOtherTaxonomies) {
  EXPECT_EQ(Of({"ais-marking:TLPMarking=\"AMBER\""}).tlp, Tlp::kAmber);
  EXPECT_EQ(Of({"iep:traffic-light-protocol=\"RED\""}).tlp, Tlp::kRed);
  EXPECT_EQ(Of({"iep2-policy:tlp=\"green\""}).tlp, Tlp::kGreen);
}

TEST(Pap, ReadsUpperCaseAndUnknownAsRed) {
  EXPECT_EQ(Of({"PAP:AMBER"}).pap, Pap::kAmber);
  EXPECT_EQ(Of({"PAP:WHITE"}).pap, Pap::kClear);
  EXPECT_EQ(Of({"PAP:PURPLE"}).pap, Pap::kRed);
}

}  // namespace
}  // namespace gapferry::intel
