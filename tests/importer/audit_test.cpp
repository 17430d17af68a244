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
  ~AuditTest() override { std::filesystem::remove(log_); }

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
  Write(3);
  const std::string whole = Text();
  SetText(whole.substr(0, whole.size() - 20));
  EXPECT_FALSE(VerifyAudit(log_).ok());
  Write(1);
  const auto verified = VerifyAudit(log_);
  ASSERT_TRUE(verified.ok()) << verified.error().what;
  EXPECT_EQ(verified->entries, 4U);
  EXPECT_NE(Text().find("audit.torn"), std::string::npos);
}

}  // namespace
}  // namespace gapferry::importer
