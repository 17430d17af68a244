#include "store/object_versions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

namespace gapferry::store {
namespace {

ObjectVersion MakeVersion(std::uint8_t first, std::uint32_t rev, Time changed) {
  ObjectVersion object;
  object.id.bytes.fill(first);
  object.content = ContentOf(Hash256(AsBytes(std::string(1, static_cast<char>(first)))));
  object.rev = rev;
  object.changed = changed;
  return object;
}

TEST(ObjectVersions, ComeBackAsTheyWere) {
  const std::vector<ObjectVersion> objects = {
      MakeVersion(0, 1, 0), MakeVersion(7, 0x01020304, 1'793'577'600),
      MakeVersion(0xFF, std::numeric_limits<std::uint32_t>::max(),
                  std::numeric_limits<Time>::max())};
  const Bytes blob = EncodeObjectVersions(objects);
  EXPECT_EQ(blob.size(), objects.size() * 44);
  EXPECT_EQ(DecodeObjectVersions(blob), objects);
  EXPECT_EQ(DecodeObjectVersions({}), std::vector<ObjectVersion>{});
}

// The layout is that of the header, so that a store can be read by others.
TEST(ObjectVersions, HaveNumbersWithTheHighestByteFirst) {
  const Bytes blob = EncodeObjectVersions(std::vector{MakeVersion(7, 0x01020304, 0x05060708)});
  EXPECT_EQ(HexEncode(ByteView(blob).subspan(32)), "010203040000000005060708");
}

TEST(ObjectVersions, RefusesWhatWasNotWrittenSo) {
  Bytes blob = EncodeObjectVersions(std::vector{MakeVersion(1, 1, 1), MakeVersion(2, 1, 1)});
  EXPECT_FALSE(DecodeObjectVersions(ByteView(blob).subspan(1)));
  std::rotate(blob.begin(), blob.begin() + 44, blob.end());
  EXPECT_FALSE(DecodeObjectVersions(blob));
  const Bytes twice = EncodeObjectVersions(std::vector{MakeVersion(1, 1, 1), MakeVersion(1, 2, 2)});
  EXPECT_FALSE(DecodeObjectVersions(twice));
}

}  // namespace
}  // namespace gapferry::store
