#include "policy/reason.h"

#include <gtest/gtest.h>

#include <set>

namespace gapferry::policy {
namespace {

TEST(Reasons, HaveUniqueCodesInTheirOrder) {
  std::set<std::string_view> codes;
  for (std::size_t i = 0; i < AllReasons().size(); ++i) {
    const ReasonInfo& info = AllReasons()[i];
    EXPECT_EQ(static_cast<std::size_t>(info.reason), i);
    EXPECT_TRUE(codes.insert(info.code).second) << info.code;
    EXPECT_FALSE(info.explanation.empty()) << info.code;
    EXPECT_EQ(FindReason(info.code), info.reason);
  }
  EXPECT_EQ(FindReason("because"), std::nullopt);
}

// intel names the same problems; a value that is no indicator has one code everywhere.
TEST(Reasons, AgreeWithIntelOnValues) {
  using intel::ValueProblem;
  EXPECT_EQ(ReasonOf(ValueProblem::kNone), Reason::kAllowed);
  for (int i = 1; i <= static_cast<int>(ValueProblem::kBadComposite); ++i) {
    const auto problem = static_cast<ValueProblem>(i);
    EXPECT_EQ(ReasonCode(ReasonOf(problem)), ValueProblemCode(problem));
  }
}

TEST(ReasonCounts, OrdersByReasonAndDetailWhateverTheOrderOfCalls) {
  ReasonCounts a;
  a.Add(Reason::kWarninglist, "z");
  a.Add(Reason::kDeleted);
  ReasonCounts b;
  b.Add(Reason::kWarninglist, "a", 3);
  b.Add(Reason::kWarninglist, "z");
  ReasonCounts ab = a;
  ab.Merge(b);
  ReasonCounts ba = b;
  ba.Merge(a);
  const auto text = [](const ReasonCounts& counts) {
    std::string all;
    for (const auto& [key, count] : counts.map())
      all += std::string(ReasonCode(key.reason)) + ' ' + key.detail + ' ' + std::to_string(count) +
             '\n';
    return all;
  };
  EXPECT_EQ(text(ab), "deleted  1\nwarninglist a 3\nwarninglist z 2\n");
  EXPECT_EQ(text(ba), text(ab));
  EXPECT_EQ(ab.Count(Reason::kWarninglist), 5U);
  EXPECT_EQ(ab.Count(Reason::kWarninglist, "z"), 2U);
  EXPECT_EQ(ab.Total(), 6U);
}

TEST(ReasonCounts, KeepsABoundedNumberOfDetails) {
  ReasonCounts counts;
  for (int i = 0; i < 5000; ++i)
    counts.Add(Reason::kHoldBackTag, std::to_string(i));
  EXPECT_EQ(counts.map().size(), ReasonCounts::kMaxDetails + 1);
  EXPECT_EQ(counts.Count(Reason::kHoldBackTag), 5000U);
  EXPECT_EQ(counts.Count(Reason::kHoldBackTag, ReasonCounts::kOtherDetails), 4000U);
}

}  // namespace
}  // namespace gapferry::policy
