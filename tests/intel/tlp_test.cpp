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
  for (const std::string_view tag :
       {"tlp_red", "tlp_green", "TLP;red", "tlp", "TLP RED", "tlpamber", "tlp.clear", "tlp/white",
        "TLPv2:RED", "tlp2:red", "tlpv2-red", "tlpamber-strict", "tlpamberstrict", "tlpyellow",
        "tlposter", "TLPT:RED"}) {
    const Markings markings = Of({tag});
    EXPECT_EQ(markings.tlp, Tlp::kRed) << tag;
    EXPECT_TRUE(markings.unknown_tlp) << tag;
  }
  for (const std::string_view tag :
       {"tl:p", "t", "TLPT", "tlpt:2026", "misp-galaxy:tlp=\"red\"", "type:OSINT", "p", "misp:tlp"})
    EXPECT_EQ(Of({tag}).tlp, std::nullopt) << tag;
}

TEST(Tlp, SeesThroughSignsAndWhatIsInvisible) {
  for (const std::string_view tag :
       {"\xC2\xA0tlp:red", "\xE2\x80\x8Btlp:red", "\xEF\xBB\xBFtlp:red", "tlp\xEF\xBC\x9Ared",
        "\xEF\xBC\xB4\xEF\xBC\xAC\xEF\xBC\xB0:RED", "[TLP:RED]", "#tlp:red", " ( tlp:red",
        "t\xE2\x81\xA0lp:red", "\xE2\x80\xAA\"TLP: RED\"", "\xE3\x80\x90TLP:RED\xE3\x80\x91",
        "\xF0\x9F\x94\xB4 TLP:RED", "#tlp:clear", "tlp:clear\xC2\xA0",
        "\xE2\x80\x8B"
        "ais-marking:TLPMarking=\"WHITE\"",
        "\xF3\xA0\x80\xA1tlp:green"}) {
    const Markings markings = Of({tag});
    EXPECT_EQ(markings.tlp, Tlp::kRed) << tag;
    EXPECT_TRUE(markings.unknown_tlp) << tag;
  }
  // No UTF-8, or cut off: read as far as it goes.
  EXPECT_EQ(Of({"\xFFtlp:red", "\xE2\x80", ""}).tlp, std::nullopt);
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
  EXPECT_EQ(Of({"pap=green"}).pap, Pap::kGreen);
  EXPECT_EQ(Of({"PAP:PURPLE"}).pap, Pap::kRed);
}

TEST(Pap, ReadsWhatOnlyBeginsLikeAPapAsRed) {
  for (const std::string_view tag :
       {"PAP RED", "pap-red", "pap=red", "pap\xEF\xBC\x9Ared", "pap_amber", "papred", "PAPv2:RED",
        "pap2:red", "pap", "#pap:red", "[PAP:GREEN]", "\xE2\x80\x8BPAP:GREEN"}) {
    EXPECT_EQ(Of({tag}).pap, Pap::kRed) << tag;
    EXPECT_EQ(Of({tag}).tlp, std::nullopt) << tag;
  }
  for (const std::string_view tag :
       {"paper", "Papua New Guinea", "papaya:ripe", "papyrus", "papvn", "misp-galaxy:pap=\"red\""})
    EXPECT_EQ(Of({tag}).pap, std::nullopt) << tag;
}

}  // namespace
}  // namespace gapferry::intel
