#include "base/bytes.h"

#include <gtest/gtest.h>

namespace gapferry {
namespace {

// RFC 4648 §10.
TEST(Base64, EncodesTheVectorsOfTheRfc) {
  EXPECT_EQ(Base64Encode(AsBytes("")), "");
  EXPECT_EQ(Base64Encode(AsBytes("f")), "Zg==");
  EXPECT_EQ(Base64Encode(AsBytes("fo")), "Zm8=");
  EXPECT_EQ(Base64Encode(AsBytes("foobar")), "Zm9vYmFy");
}

TEST(Base64, DecodesOnlyWhatItWouldEncode) {
  EXPECT_EQ(AsText(*Base64Decode("Zm9vYmFy")), "foobar");
  EXPECT_FALSE(Base64Decode("Zg"));    // no padding
  EXPECT_FALSE(Base64Decode("Zh=="));  // left-over bits set
  EXPECT_FALSE(Base64Decode("Z g="));
  EXPECT_FALSE(Base64Decode("=Zg="));
  EXPECT_FALSE(Base64Decode("Zg==Zg=="));
}

TEST(Hex, RefusesUpperCaseAndOddLength) {
  EXPECT_EQ(HexEncode(*HexDecode("00ff7a")), "00ff7a");
  EXPECT_FALSE(HexDecode("0"));
  EXPECT_FALSE(HexDecode("AB"));
}

TEST(Utf8, RefusesOverlongSurrogateAndTruncated) {
  EXPECT_TRUE(IsUtf8("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"));
  // Past the eight bytes that are looked at together.
  EXPECT_TRUE(IsUtf8("0123456789abcdef\xC3\xA9"));
  EXPECT_FALSE(IsUtf8("0123456\xC3"));
  EXPECT_FALSE(IsUtf8("01234567\xC3"));
  EXPECT_FALSE(
      IsUtf8("0123456789abcde\xFF"
             "0123456789"));
  EXPECT_FALSE(IsUtf8("\xC0\x80"));
  EXPECT_FALSE(IsUtf8("\xED\xA0\x80"));
  EXPECT_FALSE(IsUtf8("\xF4\x90\x80\x80"));
  EXPECT_FALSE(IsUtf8("\xE2\x82"));
}

}  // namespace
}  // namespace gapferry
