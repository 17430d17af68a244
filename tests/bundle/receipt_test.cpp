#include "bundle/receipt.h"

#include <gtest/gtest.h>

namespace gapferry::bundle {
namespace {

Receipt SampleReceipt() {
  Receipt receipt;
  receipt.stream = "ot-plant";
  receipt.stream_uuid = *ParseUuid("aaaaaaaa-1111-4111-8111-111111111111");
  receipt.seq = 42;
  receipt.state_digest[0] = 7;
  receipt.issued = receipt.floor = 1'785'600'000;
  receipt.code = "42-7KQ3-9XWP";
  return receipt;
}

TEST(Receipt, ReadsBackWhatItWrites) {
  EXPECT_EQ(ParseReceipt(SerializeReceipt(SampleReceipt())).value(), SampleReceipt());
}

TEST(Receipt, TakesNothingElse) {
  const std::string text = SerializeReceipt(SampleReceipt());
  EXPECT_FALSE(ParseReceipt(text + "\n").ok());
  EXPECT_FALSE(ParseReceipt(text.substr(0, text.size() - 2)).ok());
  std::string other = text;
  other.replace(other.find("\"seq\""), 5, "\"sea\"");
  EXPECT_EQ(ParseReceipt(other).error().kind, Kind::kMalformed);
}

TEST(PhoneCode, IsHeardInAnyWay) {
  const Bytes key(32, 1);
  const std::string code = PhoneCode(1, 42, SampleReceipt().state_digest, key);
  EXPECT_TRUE(code.starts_with("42-"));
  EXPECT_EQ(NormalisePhoneCode("42 7kq3 9xwp"), "42-7KQ3-9XWP");
  EXPECT_EQ(NormalisePhoneCode("42-OIL3-9xwp"), "42-0113-9XWP");
  EXPECT_NE(PhoneCode(2, 42, SampleReceipt().state_digest, key), code);
  EXPECT_NE(PhoneCode(1, 42, SampleReceipt().state_digest, Bytes(32, 2)), code);
}

}  // namespace
}  // namespace gapferry::bundle
