#include "importer/audit.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "base/uuid.h"

namespace gapferry::importer {
namespace {

class AuditTest : public testing::Test {
 protected:
  AuditTest() : log_(std::filesystem::path(testing::TempDir()) / NewUuid().ToString()) {}
  ~AuditTest() override {
    std::filesystem::remove(log_);
    std::filesystem::remove(note());
  }
  [[nodiscard]] std::filesystem::path note() const { return log_.string() + ".head"; }

  void Write(int entries) {
    for (int i = 0; i < entries; ++i)
      ASSERT_TRUE(Audit(log_, "test", {{"number", i}}).ok());
  }
  [[nodiscard]] std::string Text() const { return ReadFile(log_, 1 << 20).value(); }
  void SetText(const std::string& text) { std::ofstream(log_, std::ios::binary) << text; }

  std::filesystem::path log_;
};

TEST_F(AuditTest, ChainsEveryEntry) {
  Write(5);
  const auto verified = VerifyAudit(log_);
  ASSERT_TRUE(verified.ok());
  EXPECT_EQ(verified->entries, 5U);
  EXPECT_EQ(verified->hash, ReadAuditHead(log_)->hash);
}

TEST_F(AuditTest, EveryChangedByteShows) {
  Write(4);
  const std::string whole = Text();
  const std::string head = VerifyAudit(log_)->hash;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    SetText(changed);
    const auto verified = VerifyAudit(log_);
    // The last line has nothing after it that would name its hash; the head differs.
    EXPECT_TRUE(!verified.ok() || verified->hash != head) << i;
  }
}

TEST_F(AuditTest, ALineThatACrashCutIsTakenAwayAndSaidSo) {
  Write(2);
  const std::string noted = ReadFile(note(), 1 << 10).value();
  Write(1);
  const std::string whole = Text();
  SetText(whole.substr(0, whole.size() - 20));
  std::ofstream(note()) << noted;  // a crash comes before the note
  EXPECT_FALSE(VerifyAudit(log_).ok());
  Write(1);
  const auto verified = VerifyAudit(log_);
  ASSERT_TRUE(verified.ok()) << verified.error().what;
  EXPECT_EQ(verified->entries, 4U);
  EXPECT_NE(Text().find("audit.torn"), std::string::npos);
}

TEST_F(AuditTest, AWholeEntryThatACrashLeftUnnotedIsTaken) {
  Write(2);
  const std::string noted = ReadFile(note(), 1 << 10).value();
  Write(1);
  std::ofstream(note()) << noted;
  EXPECT_TRUE(VerifyAudit(log_).ok());
  Write(1);
  EXPECT_EQ(VerifyAudit(log_)->entries, 4U);
}

TEST_F(AuditTest, ACutEndStaysVisibleUntilItIsAcknowledged) {
  Write(2);
  const std::string two = Text();
  Write(3);
  SetText(two);
  const auto verified = VerifyAudit(log_);
  ASSERT_FALSE(verified.ok());
  EXPECT_NE(verified.error().what.find("entry 5 was written"), std::string::npos);
  Write(2);
  ASSERT_FALSE(VerifyAudit(log_).ok());
  EXPECT_NE(VerifyAudit(log_).error().what.find("line 3"), std::string::npos);
  ASSERT_TRUE(AcknowledgeAudit(log_, {}, "the disk was full").ok());
  ASSERT_TRUE(VerifyAudit(log_).ok()) << VerifyAudit(log_).error().what;
  EXPECT_EQ(VerifyAudit(log_)->entries, 6U);
  EXPECT_EQ(VerifyAudit(log_)->accepted, 1U);
  EXPECT_NE(Text().find("the disk was full"), std::string::npos);
  EXPECT_EQ(AcknowledgeAudit(log_, {}, "again").error().kind, Kind::kUsage);
  Write(1);
  EXPECT_TRUE(VerifyAudit(log_).ok());
  // Another break, or the same one at another place, is none that was acknowledged.
  const std::string whole = Text();
  const std::size_t second = whole.find('\n') + 1;
  SetText(whole.substr(second));
  EXPECT_FALSE(VerifyAudit(log_).ok());
  SetText(whole.substr(0, whole.find("\"number\":1")) + "\"number\":7" +
          whole.substr(whole.find("\"number\":1") + 10));
  EXPECT_FALSE(VerifyAudit(log_).ok());
}

TEST_F(AuditTest, AcknowledgedAtOnceACutEndIsSaidAndPassedOver) {
  Write(2);
  const std::string two = Text();
  Write(3);
  SetText(two);
  ASSERT_TRUE(AcknowledgeAudit(log_, {}, "known").ok());
  EXPECT_TRUE(VerifyAudit(log_).ok());
  EXPECT_NE(Text().find("audit.gap"), std::string::npos);
}

TEST_F(AuditTest, AChangedLineIsPassedOverOnlyAsItWasAcknowledged) {
  Write(4);
  std::string changed = Text();
  const std::size_t at = changed.find("\"number\":1");
  changed.replace(at, 10, "\"number\":8");
  SetText(changed);
  EXPECT_FALSE(VerifyAudit(log_).ok());
  ASSERT_TRUE(AcknowledgeAudit(log_, {}, "an editor").ok());
  EXPECT_TRUE(VerifyAudit(log_).ok());
  changed = Text();
  changed.replace(at, 10, "\"number\":9");
  SetText(changed);
  EXPECT_FALSE(VerifyAudit(log_).ok());
}

TEST_F(AuditTest, WhatTheStoreNamesMustBeThere) {
  Write(3);
  const AuditAnchor anchor{3, ReadAuditHead(log_)->hash};
  Write(1);
  EXPECT_TRUE(VerifyAudit(log_, anchor).ok());
  std::filesystem::remove(log_);
  std::filesystem::remove(note());
  EXPECT_TRUE(VerifyAudit(log_).ok());
  EXPECT_FALSE(VerifyAudit(log_, anchor).ok());
  // Entries of the same second and content would be the same entries.
  ASSERT_TRUE(Audit(log_, "test", {{"number", 99}}).ok());
  Write(4);
  ASSERT_FALSE(VerifyAudit(log_, anchor).ok());
  EXPECT_NE(VerifyAudit(log_, anchor).error().what.find("entry 3"), std::string::npos);
  ASSERT_TRUE(AcknowledgeAudit(log_, anchor, "a new disk").ok());
  EXPECT_TRUE(VerifyAudit(log_, anchor).ok());
  EXPECT_FALSE(VerifyAudit(log_, {4, anchor.hash}).ok());
}

TEST_F(AuditTest, ALogThatIsGoneShows) {
  Write(3);
  const AuditAnchor anchor{3, ReadAuditHead(log_)->hash};
  std::filesystem::remove(log_);
  for (const auto& gone : {VerifyAudit(log_), VerifyAudit(log_, anchor)}) {
    ASSERT_FALSE(gone.ok());
    EXPECT_EQ(gone.error().what, "the audit log is empty or gone, but 3 entries were written");
  }
  Write(1);
  EXPECT_FALSE(VerifyAudit(log_).ok());
}

TEST_F(AuditTest, ACutEndShowsEvenWithoutItsNote) {
  Write(1);
  std::filesystem::remove(note());
  EXPECT_TRUE(VerifyAudit(log_).ok()) << "a crash leaves the first entry without one";
  Write(3);
  std::filesystem::remove(note());
  EXPECT_FALSE(VerifyAudit(log_).ok());
  Write(1);
  EXPECT_FALSE(VerifyAudit(log_).ok()) << "the next entry does not cover it";
  std::vector<std::string> breaks;
  ASSERT_TRUE(AcknowledgeAudit(log_, {}, "cut", &breaks).ok());
  EXPECT_EQ(breaks.size(), 1U);
  EXPECT_TRUE(VerifyAudit(log_).ok());
}

TEST_F(AuditTest, EveryBreakIsListed) {
  Write(6);
  std::string changed = Text();
  for (const char* entry : {"\"n\":2,", "\"n\":4,"})
    changed[changed.find(entry) + 1] = 'm';
  SetText(changed);
  std::vector<std::string> breaks;
  EXPECT_FALSE(VerifyAudit(log_, {}, &breaks).ok());
  EXPECT_GE(breaks.size(), 2U);
}

TEST_F(AuditTest, AStrayLastLineIsNamedWithTheWayOut) {
  Write(3);
  SetText(Text() + "junk\n");
  const auto refused = Audit(log_, "test", {});
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().hints.at(0).find("mv "), std::string::npos);
  std::filesystem::rename(log_, log_.string() + ".damaged");
  Write(1);
  EXPECT_FALSE(VerifyAudit(log_).ok());
  ASSERT_TRUE(AcknowledgeAudit(log_, {}, "put aside").ok());
  EXPECT_TRUE(VerifyAudit(log_).ok());
  std::filesystem::remove(log_.string() + ".damaged");
}

}  // namespace
}  // namespace gapferry::importer
