#include "base/hash.h"

#include <gtest/gtest.h>

#include <string>

namespace gapferry {
namespace {

// As the authors' vectors and `openssl mac` have it, of 0 and of 15 bytes (00, 01, …).
TEST(FingerprintOf, AgreesWithTheVectors) {
  EXPECT_EQ(HexEncode(FingerprintOf({})), "a3817f04ba25a8e66df67214c7550293");
  std::string text;
  for (char c = 0; c < 15; ++c)
    text += c;
  EXPECT_EQ(HexEncode(FingerprintOf(AsBytes(text))), "5493e99933b0a8117e08ec0f97cfc3d9");
}

}  // namespace
}  // namespace gapferry
