#include "store/part.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace gapferry::store {
namespace {

PartRow Row(std::uint8_t id, std::string_view content, std::uint64_t seq = 0) {
  PartRow row;
  row.kind = RecordKind::kAttribute;
  row.id.bytes[0] = id;
  row.digest = Hash256(AsBytes(content));
  row.seq = seq;
  return row;
}

TEST(MergePart, MarksWhatIsNewChangedGoneAndBack) {
  StateDigest digest;
  const PartChange first = MergePart({}, {Row(1, "a"), Row(2, "b")}, 5, &digest);
  EXPECT_TRUE(first.changed);
  const PartChange second = MergePart(first.rows, {Row(1, "a"), Row(3, "c")}, 6, &digest);
  ASSERT_EQ(second.rows.size(), 3U);
  EXPECT_EQ(second.rows[0].seq, 5U);
  EXPECT_TRUE(second.rows[1].gone);
  EXPECT_EQ(second.rows[1].seq, 6U);
  const PartChange third =
      MergePart(second.rows, {Row(1, "a"), Row(2, "b"), Row(3, "c")}, 7, &digest);
  EXPECT_FALSE(third.rows[1].gone);
  EXPECT_EQ(third.rows[1].seq, 7U);
  EXPECT_FALSE(MergePart(third.rows, {Row(1, "a"), Row(2, "b"), Row(3, "c")}, 8, &digest).changed);
}

TEST(MergePart, CountsAChangedExposureAsAChange) {
  StateDigest digest;
  PartRow now = Row(1, "a");
  const PartChange first = MergePart({}, {now}, 1, &digest);
  now.exposure = intel::Tlp::kAmber;
  const Digest256 before = digest.value();
  const PartChange second = MergePart(first.rows, {now}, 2, &digest);
  EXPECT_TRUE(second.changed);
  EXPECT_EQ(second.rows[0].seq, 2U);
  EXPECT_EQ(digest.value(), before);
}

// The digest is the sum of what is live, whatever the way there.
TEST(MergePart, KeepsTheDigestOfWhatIsThere) {
  std::mt19937 random(7);
  StateDigest digest;
  std::vector<PartRow> held;
  for (std::uint64_t seq = 1; seq <= 2000; ++seq) {
    std::vector<PartRow> now;
    StateDigest expected;
    for (std::uint8_t id = 0; id < 20; ++id) {
      if (random() % 3 == 0) continue;
      now.push_back(Row(id, std::to_string(random() % 4)));
      expected.Add(now.back().digest);
    }
    held = MergePart(std::move(held), std::move(now), seq, &digest).rows;
    ASSERT_EQ(digest.value(), expected.value()) << seq;
    ASSERT_EQ(DecodePartRows(AsBytes(EncodePartRows(held))).value(), held);
  }
}

TEST(PartRows, RefuseWhatIsCutOrOutOfOrder) {
  const std::string whole = EncodePartRows({Row(1, "a", 300), Row(2, "b", 1)});
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const auto rows = DecodePartRows(AsBytes(std::string_view(whole).substr(0, size)));
    EXPECT_TRUE(!rows.ok() || rows->size() == 1) << size;
  }
  EXPECT_FALSE(DecodePartRows(AsBytes(EncodePartRows({Row(2, "b"), Row(1, "a")}))).ok());
}

}  // namespace
}  // namespace gapferry::store
