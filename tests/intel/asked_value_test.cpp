#include "intel/asked_value.h"

#include <gtest/gtest.h>

namespace gapferry::intel {
namespace {

bool IsIn(std::string_view asked, const std::string& type, const std::string& value) {
  Attribute attribute;
  attribute.type = type;
  attribute.value = value;
  return AskedValue(asked).IsIn(attribute, Normalise(type, value));
}

TEST(AskedValue, IsFoundInAnySpelling) {
  EXPECT_TRUE(IsIn("Evil[.]Example.", "domain", "evil.example"));
  EXPECT_TRUE(IsIn("evil.example", "hostname", "EVIL.example."));
  EXPECT_TRUE(IsIn("hxxp://evil.example/A", "url", "http://evil.example:80/A"));
  EXPECT_TRUE(IsIn(" 192[.]0.2.1 ", "ip-dst", "192.0.2.1"));
  EXPECT_FALSE(IsIn("evil.example", "domain", "notevil.example"));
}

TEST(AskedValue, IsFoundAsAPartOfAComposite) {
  EXPECT_TRUE(IsIn("192.0.2.1", "ip-dst|port", "192.0.2.1|443"));
  EXPECT_TRUE(IsIn("evil.example", "domain|ip", "evil.example|192.0.2.1"));
  EXPECT_TRUE(IsIn("setup.exe", "filename|md5", "setup.exe|d41d8cd98f00b204e9800998ecf8427e"));
  EXPECT_FALSE(IsIn("evil.example|192.0.2.2", "domain|ip", "evil.example|192.0.2.1"));
}

TEST(AskedValue, ACompositeKnowsWhichPartWasMeant) {
  const Normalised both = Normalise("domain|ip", "evil.example|192.0.2.1");
  EXPECT_EQ(AskedValue("evil.example").PartOf(both), 0U);
  EXPECT_EQ(AskedValue("192.0.2.1").PartOf(both), 1U);
  EXPECT_FALSE(AskedValue("192.0.2.1").IsWhole(both));
  EXPECT_TRUE(AskedValue("evil.example|192.0.2.1").IsWhole(both));
}

TEST(AskedValue, NothingIsAskedByBlanks) {
  EXPECT_TRUE(AskedValue("  \t ").empty());
}

}  // namespace
}  // namespace gapferry::intel
